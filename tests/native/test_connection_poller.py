"""Requests that follow answers over real sockets: what is done, and what is left to the owner."""

import socket
from contextlib import ExitStack

import pytest

from snapshots._native import ConnectionPoller, CurrentOutbox, RequestStream
from tests.native.test_outbox import HEAD, TAKEN, current, granted, outbox, taken


class Pair:
    """A connection that a poller takes part in, and the server's end of it."""

    def __init__(self, poller, request_stream, owner="owner"):
        self.client, self.server = socket.socketpair()
        for end in (self.client, self.server):
            end.setblocking(False)
        self.poller = poller
        self.request_stream = request_stream
        self.number = poller.join(self.client.fileno(), owner)
        poller.lend(self.number, request_stream)

    def go_on(self, answer=TAKEN):
        return self.poller.go_on(self.number, answer)

    def request(self):
        """What came to the server."""
        try:
            return self.server.recv(1 << 20)
        except BlockingIOError:
            return None


@pytest.fixture
def connect():
    """Makes connections of one poller, and closes them."""
    poller = ConnectionPoller(8)
    with ExitStack() as stack:

        def made(box, credit, owner="owner"):
            request_stream = RequestStream(
                box if isinstance(box, CurrentOutbox) else current(box), credit
            )
            assert request_stream.take()
            pair = Pair(poller, request_stream, owner)
            stack.enter_context(pair.client)
            stack.enter_context(pair.server)
            return pair

        yield made


def requests(rows):
    return [HEAD + end for _, _, end in taken(outbox(rows))]


def test_an_answer_is_followed_by_the_next_request(connect):
    box, credit = outbox(3), granted(9)
    pair = connect(box, credit)
    assert pair.go_on() is None
    assert pair.request() == requests(3)[1]
    assert pair.request() is None
    assert (box.sent(), credit.used) == ("0", 1)


def test_answers_that_came_over_others_are_heard_at_once(connect):
    box, credit = outbox(20), granted(99)
    one, other, third = (connect(box, credit) for _ in range(3))
    for pair in (one, other, third):
        assert pair.go_on() is None
        assert pair.request()
    assert box.sent() == "0-2"
    other.server.send(TAKEN)
    third.server.send(TAKEN)
    assert one.go_on() is None
    assert [pair.request() for pair in (one, other, third)] == requests(20)[6:9]
    assert (box.sent(), credit.used) == ("0-5", 6)


def test_who_waits_for_nothing_is_not_read(connect):
    """What was asked by the owner is answered to the owner."""
    box, credit = outbox(9), granted(99)
    one, other = connect(box, credit), connect(box, credit)
    other.server.send(TAKEN)
    assert one.go_on() is None
    assert other.request() is None
    assert other.client.recv(1000) == TAKEN


@pytest.mark.parametrize(
    "answer", [TAKEN[:-1], TAKEN.replace(b"201", b"503"), TAKEN * 2, b"HTTP/1.1 400 \r\n\r\n"]
)
def test_an_answer_to_look_at_is_left_to_its_owner(connect, answer):
    box, credit = outbox(9), granted(99)
    one, other = connect(box, credit, "one"), connect(box, credit, "other")
    assert one.go_on(answer) == ("one", answer, None)
    assert one.request() is None
    assert other.go_on() is None
    other.request()
    other.server.send(answer)
    assert one.go_on() == ("other", answer, None)
    assert other.request() is None
    # From here on its owner reads.
    other.server.send(b"more")
    assert one.go_on() is None
    assert other.client.recv(100) == b"more"
    assert box.delivered == credit.used == 3


def test_without_credit_all_is_left_to_the_owner(connect):
    box = outbox(9)
    pair = connect(box, granted(1))
    assert pair.go_on() is None
    pair.request()
    assert pair.go_on() == ("owner", TAKEN, None)
    assert pair.request() is None
    assert box.sent() == "0"


def test_what_cannot_be_written_at_once_is_left_to_the_owner(connect):
    long = {"rows": 200_000, "size": 200_000, "array": True}
    ((_, _, whole),) = taken(outbox(**long))
    rows = current(outbox(1))
    pair = connect(rows, granted(99))
    pair.client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    rows.fill(outbox(**long))
    owner, _, rest = pair.go_on()
    sent = pair.request()
    assert owner == "owner"
    assert 0 < len(sent) < len(whole)
    assert sent + rest == HEAD + whole
    # It is not whole yet, so that an answer to it is not read either.
    pair.server.send(TAKEN)
    assert connect(outbox(9), granted(9)).go_on() is None
    assert pair.client.recv(1000) == TAKEN


def test_a_poller_that_is_paused_hears_nobody_else(connect):
    box, credit = outbox(9), granted(99)
    one, other = connect(box, credit), connect(box, credit)
    assert other.go_on() is None
    assert other.request()
    other.server.send(TAKEN)
    assert [one.poller.pause(), one.poller.pause()] == [True, False]
    assert one.go_on() is None
    assert one.request()
    assert other.request() is None
    one.poller.resume()
    assert one.go_on() is None
    assert other.request()
    assert one.poller.pause()


def test_an_end_is_found_by_the_owner(connect):
    box, credit = outbox(9), granted(99)
    one, other = connect(box, credit), connect(box, credit)
    assert other.go_on() is None
    other.server.close()
    assert one.go_on() is None
    assert other.client.recv(100) == b""
    assert other.go_on() == ("owner", TAKEN, requests(9)[4]), "the owner finds out by writing it"


def test_who_leaves_is_let_go_of(connect):
    box, credit = outbox(9), granted(99)
    pair = connect(box, credit)
    pair.poller.leave(pair.number)
    pair.client.close()
    assert pair.server.recv(100) == b"", "nobody holds the socket open"
    for nowhere in (pair.number, 7):
        with pytest.raises(ValueError, match="no such connection"):
            pair.poller.go_on(nowhere, TAKEN)
    assert connect(box, credit).number == pair.number


def test_a_poller_goes_on_only_for_what_was_lent(connect):
    pair = connect(outbox(9), granted(99))
    assert pair.go_on() is None
    pair.poller.lend(pair.number, None)
    with pytest.raises(ValueError, match="nothing was lent"):
        pair.go_on()


def test_it_is_known_how_long_an_answer_is_waited_for(connect):
    pair = connect(outbox(9), granted(99))
    assert pair.poller.waits(pair.number) == float("inf")
    assert pair.go_on() is None
    assert 0 <= pair.poller.waits(pair.number) < 60
    pair.poller.lend(pair.number, pair.request_stream)
    assert pair.poller.waits(pair.number) == float("inf")


def test_a_closed_socket_is_no_connection():
    with socket.socket() as closed:
        pass
    with pytest.raises(ValueError, match="closed"):
        ConnectionPoller(8).join(closed.fileno(), None)
    with pytest.raises(OSError, match="Bad file descriptor"):
        ConnectionPoller(8).join(1_000_000, None)


def test_there_are_no_more_than_are_wanted():
    poller = ConnectionPoller(1)
    with socket.socket() as one, socket.socket() as other:
        assert poller.join(one.fileno(), None) == 0
        with pytest.raises(OSError, match="too many connections"):
            poller.join(other.fileno(), None)
        poller.leave(0)
        assert poller.join(other.fileno(), None) == 0
