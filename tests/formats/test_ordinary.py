"""What is ordinary is read as it always was."""

import json

import pytest

from tests.formats.ordinary import READINGS, inputs, reading

INPUTS = inputs()
WANTED = json.loads(READINGS.read_text("utf-8"))


def test_there_are_a_hundred_and_each_is_judged():
    assert len(INPUTS) == 100
    assert set(INPUTS) == set(WANTED)


@pytest.mark.parametrize("name", INPUTS)
def test_an_ordinary_input_is_read_as_it_was(name):
    assert reading(INPUTS[name]) == WANTED[name]
