"""Rows on their way to an API: which request is next, what is decided, and who is asked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots._native import Chunk, Converter, Outbox, RequestPlan
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type

COLUMNS = Contract((Column("n", "n", Type("text")),))
HEADLESS = Dialect(header=False)


def plan(seed="s", size=1):
    framing = {"open": "", "between": "," if size > 1 else "", "close": ""}
    spec = {"seed": seed, "keyed": True, "size": size, "framing": framing, "form": False}
    return RequestPlan(json.dumps(spec))


def outbox(rows, seed="s", size=1, line=1):
    """Of rows that are their numbers."""
    data = "".join(f"{n}\n" for n in range(rows)).encode()
    spec = converter_spec(HEADLESS, COLUMNS, ["n"], "json", None)
    block = Converter(spec).convert(Chunk.of(data, 0, line), 0, line, len(data))
    return Outbox(block, plan(seed, size))


def keys(box, rows):
    return box.keys(0, rows)


def test_a_key_follows_from_secret_line_and_content():
    first, second = keys(outbox(2), 2)
    assert first != second
    assert keys(outbox(2), 2) == [first, second]
    assert keys(outbox(2, seed="t"), 2)[0] != first
    assert keys(outbox(2, line=2), 2)[0] != first


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 7))
def test_what_is_decided_is_restored(decided, size):
    box = outbox(len(decided), size=size)
    for row, mark in enumerate(decided):
        if mark:
            box.decide(row, row + 1)
    other = outbox(len(decided), size=size)
    other.restore(box.sent())
    assert other.sent() == box.sent()
    assert other.pending == decided.count(False)


def test_runs_are_written_as_ranges():
    box = outbox(10)
    for start, end in ((0, 3), (4, 5), (8, 10)):
        box.decide(start, end)
    assert box.sent() == "0-2,4,8-9"


@pytest.mark.parametrize("sent", ["x", "3", "0-3", "2-1", "-1", "0,,x"])
def test_rows_that_there_are_not_are_refused(sent):
    with pytest.raises(ValueError, match="no rows"):
        outbox(3).restore(sent)


def test_what_makes_no_sense_is_refused():
    box = outbox(3)
    for wrong in (lambda: box.decide(2, 4), lambda: box.bodies(0, 4), lambda: box.keys(3, 2)):
        with pytest.raises(ValueError, match="no such rows"):
            wrong()
    with pytest.raises(ValueError, match="so many rows"):
        outbox(1, size=0)


def test_what_was_sent_without_an_answer_is_counted_once_it_is_decided():
    box = outbox(10)
    box.deliver(0, 2)
    assert box.ask_first(3) == 3
    box.ask(8, 9)
    assert box.asked() == "2-4,8"
    assert [box.was_asked(n, n + 1) for n in (1, 2, 4, 5, 8, 9)] == [0, 1, 1, 0, 1, 0]
    assert box.was_asked(5, 9)
    assert not box.was_asked(5, 8)
    assert box.asked_decided == 0
    box.deliver(2, 6)
    box.decide(8, 9)
    box.decide(8, 9)
    assert (box.asked(), box.asked_decided) == ("", 4)


def test_what_was_sent_without_an_answer_is_taken_over():
    box = outbox(10)
    box.restore("0-1,3")
    box.restore_asked("1-2,5")
    assert (box.asked(), box.asked_decided) == ("2,5", 0)
    assert box.ask_first(100) == 7
    for wrong in ("10", "3-2", "x"):
        with pytest.raises(ValueError, match="are no rows"):
            box.restore_asked(wrong)
    with pytest.raises(ValueError, match="no such rows"):
        box.ask(9, 11)


def test_of_new_rows_nothing_was_sent():
    box = outbox(3)
    assert (box.asked(), box.asked_decided, box.was_asked(0, 3)) == ("", 0, False)
