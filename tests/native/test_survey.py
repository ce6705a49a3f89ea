"""Ranges that are cut on their own, put together: the chunks that the splitter cuts in one go."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from snapshots._native import Survey
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Dialect

from .test_properties import DIALECTS, INPUTS
from .whole import split

ADVERSARIAL = (b',\n",1\n', b'","\n')
"""A guess is never right here."""


class Fetched:
    """An input of which bytes are fetched, and counted."""

    def __init__(self, data, feed):
        self.data, self.feed, self.bytes = data, feed, 0

    def into(self, survey):
        chunks = []
        while (at := survey.wanted) is not None:
            piece = self.data[at : at + self.feed]
            self.bytes += len(piece)
            chunks += survey.feed(piece)
            if at + len(piece) >= len(self.data):
                chunks += survey.finish()
        return survey, chunks


def put_together(data, dialect, size, chunk_size, feed, order):
    """The places of the chunks, how many ranges were guessed right, and the bytes fetched."""
    fetched = Fetched(data, feed)
    begins = range(0, len(data), size)

    def surveyed(begin, start=None):
        end = min(begin + size, len(data))
        return fetched.into(Survey(dialect_json(dialect), chunk_size, begin, end, start))

    guesses = {begin: surveyed(begin) for begin in order(begins)}
    at, line, right, found = 0, 1, 0, []
    for begin in begins:
        if at > min(begin + size, len(data)):
            continue  # a record covers the whole range
        survey, chunks = guesses[begin]
        right += survey.start == at
        if survey.start != at:
            survey, chunks = surveyed(begin, at)
        found += [(c.start, c.end, c.line - 1 + line, c.overlong, bytes(c)) for c in chunks]
        at, line_ends = survey.exit
        line += line_ends
    assert at == len(data)
    return found, right, fetched.bytes


def places(chunks):
    return [(c.start, c.end, c.line, c.overlong, bytes(c)) for c in chunks]


def shuffled(begins):
    return random.Random(1).sample(begins, len(begins))


@settings(max_examples=1500)
@given(INPUTS, DIALECTS, st.integers(1, 90), st.sampled_from([1, 7, 40]), st.integers(1, 40))
def test_any_input_in_any_ranges(data, dialect, size, chunk_size, feed):
    # Chunks of one record each are those of the splitter.
    found, _, _ = put_together(data, dialect, size, 1, feed, shuffled)
    expected = places(split(data, dialect, 1))
    assert found == expected
    # Larger ones are other chunks of the same records.
    found, _, _ = put_together(data, dialect, size, chunk_size, feed, shuffled)
    lines = {start: line for start, _, line, _, _ in expected}
    at = 0
    for start, end, line, overlong, held in found:
        assert (start, lines[start]) == (at, line)
        assert overlong or held == data[start:end]
        at = end
    assert at == len(data)


@pytest.mark.parametrize("line", ADVERSARIAL, ids=["a quote each second line", "a quote each line"])
@pytest.mark.parametrize("size", [1, 5, 64, 1000])
def test_inputs_against_which_no_guess_helps(line, size):
    data, dialect = line * 500, Dialect(header=False, max_record_size=300)
    found, _, _ = put_together(data, dialect, size, 1, 100, shuffled)
    assert found == places(split(data, dialect, 1))


def test_of_an_ordinary_file_every_guess_is_right_and_each_byte_is_fetched_once():
    rng = random.Random(5)
    rows = (b'%d,"a %d",%d\n' % (n, rng.getrandbits(20), rng.getrandbits(60)) for n in range(4000))
    data = b"a,b,c\n" + b"".join(rows)
    found, right, fetched = put_together(data, Dialect(), 9000, 2000, 64, shuffled)
    ranges = -(-len(data) // 9000)
    assert right == ranges
    assert fetched <= len(data) + ranges * 200
    assert all(end - start < 2100 for start, end, _, _, _ in found)


def test_a_record_over_several_ranges():
    long = b'1,"' + b"x\n" * 5000 + b'"\n'
    data = b"a,b\n" + long + b"2,y\n" + long + b"3,z\n"
    found, _, _ = put_together(data, Dialect(), 700, 1, 100, shuffled)
    assert found == places(split(data, Dialect(), 1))
    short = replace(Dialect(), max_record_size=100)
    found, _, _ = put_together(data + b"w" * 3000, short, 700, 1, 100, shuffled)
    assert found == places(split(data + b"w" * 3000, short, 1))


def test_a_range_of_a_rest_begins_where_it_is_told():
    data = b"1,2\n3,4\n5,6\n7,8\n"
    survey = Survey(dialect_json(Dialect()), 1, 2, 10, start=4)
    assert (survey.wanted, survey.exit) == (4, None)
    chunks = survey.feed(data[4:])
    assert (survey.wanted, survey.start, survey.exit) == (None, 4, (12, 2))
    assert [(c.start, c.end, c.line) for c in chunks] == [(4, 8, 1), (8, 12, 2)]


@pytest.mark.parametrize("ends", [(5, 5), (5, 4), (0, 2**64 - 1)])
def test_what_is_no_range(ends):
    with pytest.raises(ValueError, match="no range"):
        Survey(dialect_json(Dialect()), 1, *ends)
