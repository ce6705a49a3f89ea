"""Rows on their way to an API: which request is next, what is decided, and who is asked."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots._native import (
    Chunk,
    Converter,
    Credit,
    CurrentOutbox,
    Outbox,
    RequestStream,
    request_end,
)
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type

COLUMNS = Contract((Column("n", "n", Type("text")),))
HEADLESS = Dialect(header=False)


def outbox(rows, secret=b"s", key_header="Key", size=1, array=False, line=1):
    """Of rows that are their numbers."""
    data = "".join(f"{n}\n" for n in range(rows)).encode()
    spec = converter_spec(HEADLESS, COLUMNS, ["n"], "json", None)
    block = Converter(spec).convert(Chunk.of(data, 0, line), 0, line, len(data))
    return Outbox(block, secret, key_header, size, array)


def current(box):
    made = CurrentOutbox()
    made.fill(box)
    return made


def taken(box):
    """All requests: the rows and the end of each."""
    request_stream = RequestStream(current(box), Credit())
    requests = iter(request_stream.take, None)
    return [(request_stream.start, request_stream.end, request) for request in requests]


def keys(box, rows):
    return box.keys(0, rows)


def test_each_row_is_given_once_in_its_order():
    box = outbox(3)
    assert [(start, end) for start, end, _ in taken(box)] == [(0, 1), (1, 2), (2, 3)]
    assert taken(box) == []
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


HEAD = b"POST / HTTP/1.1\r\n"
TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


def granted(requests, seconds=60.0):
    credit = Credit()
    credit.grant(requests, seconds, HEAD)
    return credit


def begun(box, credit):
    """With the first request under way."""
    request_stream = RequestStream(current(box), credit)
    assert request_stream.take()
    return request_stream


def test_on_credit_an_answer_is_followed_by_the_next_request():
    box, credit = outbox(3), granted(9)
    requests = [HEAD + end for _, _, end in taken(outbox(3))]
    request_stream = begun(box, credit)
    assert [request_stream.onward(TAKEN), request_stream.onward(TAKEN)] == requests[1:]
    assert (request_stream.start, request_stream.end) == (2, 3)
    # Of the last one whoever asks for more has to be told.
    assert request_stream.onward(TAKEN) is None
    assert (box.delivered, box.sent(), credit.used) == (2, "0-1", 2)
    request_stream.deliver()
    assert (box.delivered, box.pending) == (3, 0)


@pytest.mark.parametrize(
    "credit", [Credit(), granted(0), granted(9, seconds=0.0)], ids=["none", "spent", "expired"]
)
def test_without_credit_nothing_is_done(credit):
    box = outbox(3)
    request_stream = begun(box, credit)
    assert request_stream.onward(TAKEN) is None
    assert (request_stream.start, box.delivered, box.pending, credit.used) == (0, 0, 3, 0)


def test_credit_is_spent_revoked_and_granted_anew():
    box, credit = outbox(9), granted(2)
    request_stream = begun(box, credit)
    assert [bool(request_stream.onward(TAKEN)) for _ in range(3)] == [True, True, False]
    credit.grant(9, 60.0, b"GET / HTTP/1.1\r\n")
    assert request_stream.onward(TAKEN).startswith(b"GET / HTTP/1.1\r\nKey: ")
    credit.revoke()
    assert request_stream.onward(TAKEN) is None
    assert (credit.used, box.delivered) == (3, 3)


@pytest.mark.parametrize(
    "answer", [TAKEN[:-1], TAKEN.replace(b"201", b"503"), TAKEN.replace(b"201", b"207"), TAKEN * 2]
)
def test_whatever_is_unusual_is_not_followed(answer):
    box, credit = outbox(3), granted(9)
    assert begun(box, credit).onward(answer) is None
    assert (box.delivered, credit.used, credit.answers()) == (0, 0, [])


def test_answers_are_counted_by_status_until_they_are_asked_for():
    request_stream = begun(outbox(9), credit := granted(9))
    for status in (b"201", b"200", b"201"):
        assert request_stream.onward(TAKEN.replace(b"201", status))
    assert credit.answers() == [(200, 1), (201, 2)]
    assert credit.answers() == []
    assert credit.used == 3


def test_request_streams_share_outbox_and_credit():
    box, credit = outbox(4), granted(2)
    one, other = begun(box, credit), begun(box, credit)
    assert one.onward(TAKEN)
    assert other.onward(TAKEN)
    assert (one.start, other.start) == (2, 3)
    assert one.onward(TAKEN) is other.onward(TAKEN) is None
    assert box.sent() == "0-1"


def test_a_request_stream_goes_on_with_the_current_outbox():
    first, second, third = outbox(1), outbox(2), outbox(1)
    rows = current(first)
    one, other = (RequestStream(rows, granted(9)) for _ in range(2))
    assert one.outbox is None
    assert one.take()
    assert one.outbox is first
    assert other.take() is None
    rows.fill(second)
    assert other.take()
    rows.fill(third)
    # Those that it is at come first.
    assert other.onward(TAKEN)
    assert other.outbox is second
    assert one.onward(TAKEN)
    assert (one.outbox, one.start) == (third, 0)
    assert one.onward(TAKEN) is other.onward(TAKEN) is None
    assert (first.delivered, second.delivered, third.delivered) == (1, 1, 0)
    one.deliver()
    other.deliver()
    assert [box.pending for box in (first, second, third)] == [0, 0, 0]


def test_nothing_arrives_that_was_not_sent():
    with pytest.raises(ValueError, match="no rows are under way"):
        RequestStream(current(outbox(1)), granted(9)).deliver()


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
