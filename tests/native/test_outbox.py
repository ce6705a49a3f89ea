"""Rows on their way to an API: which request is next, and what is decided."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots._native import Chunk, Converter, Outbox, request_end
from snapshots.formats.csv import converter_spec
from snapshots.model import Column, Contract, Dialect, Type

COLUMNS = Contract((Column("n", "n", Type("text")),))
HEADLESS = Dialect(header=False)


def outbox(rows, secret=b"s", key_header="Key", size=1, array=False, line=1):
    """Of rows that are their numbers."""
    data = "".join(f"{n}\n" for n in range(rows)).encode()
    spec = converter_spec(HEADLESS, COLUMNS, ["n"], "json", None)
    block = Converter(spec).convert(Chunk.of(data, 0, line), 0, line, len(data))
    return Outbox(block, secret, key_header, size, array)


def taken(box):
    """All requests: the rows and the end of each."""
    return list(iter(box.take, None))


def keys(box, rows):
    return box.keys(0, rows)


def test_each_row_is_given_once_in_its_order():
    box = outbox(3)
    assert [(start, end) for start, end, _ in taken(box)] == [(0, 1), (1, 2), (2, 3)]
    assert box.take() is None
    assert box.pending == 3


def test_a_request_has_key_length_and_body():
    box = outbox(2)
    (_, _, request), _ = taken(box)
    key, length, blank, body = request.split(b"\r\n")
    assert re.fullmatch(rb"Key: [0-9a-f]{32}", key)
    assert (length, blank) == (b"Content-Length: %d" % len(body), b"")
    assert json.loads(body) == {"n": "0"}
    assert key == f"Key: {keys(box, 2)[0]}".encode()


@pytest.mark.parametrize("array", [True, False])
@pytest.mark.parametrize("key_header", ["", "Key"])
@pytest.mark.parametrize("size", [1, 3])
def test_a_request_is_the_same_however_it_is_made(size, key_header, array):
    array = array or size > 1
    box = outbox(8, key_header=key_header, size=size, array=array)
    for start, end, request in taken(box):
        bodies, own = box.bodies(start, end), box.keys(start, end)
        assert request == request_end(bodies, own, key_header, array)
        value = json.loads(request.partition(b"\r\n\r\n")[2])
        rows = [{"n": str(n)} for n in range(start, end)]
        assert value == (rows if array else rows[0])


def test_a_key_follows_from_secret_line_and_content():
    first, second = keys(outbox(2), 2)
    assert first != second
    assert keys(outbox(2), 2) == [first, second]
    assert keys(outbox(2, secret=b"t"), 2)[0] != first
    assert keys(outbox(2, line=2), 2)[0] != first


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 7))
def test_what_is_decided_is_restored_and_not_given_again(decided, size):
    box = outbox(len(decided), size=size, array=True)
    for row, mark in enumerate(decided):
        if mark:
            box.decide(row, row + 1)
    other = outbox(len(decided), size=size, array=True)
    other.restore(box.sent())
    assert other.sent() == box.sent()
    assert other.pending == decided.count(False)
    given_rows = [row for start, end, _ in taken(other) for row in range(start, end)]
    assert given_rows == [row for row, mark in enumerate(decided) if not mark]


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
    with pytest.raises(ValueError, match="at least one"):
        outbox(1, size=0)
    with pytest.raises(ValueError, match="do not fit"):
        request_end([b"1", b"2"], ["a", "b"], "Key", array=False)
