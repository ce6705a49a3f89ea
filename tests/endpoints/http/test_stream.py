"""Requests one after the other over a connection, as long as all goes well."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from snapshots._native import (
    Chunk,
    ConnectionPoller,
    Converter,
    Credit,
    CurrentOutbox,
    Outbox,
    RequestStream,
    request_end,
)
from snapshots.endpoints.http import (
    HttpEndpoint,
    HttpSettings,
    RecordPage,
    RecordVerdict,
    run,
    transport,
)
from snapshots.endpoints.http.connection import RequestConnection as Client
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type
from tests.endpoints.http.delivering import against, page
from tests.support.faulty_server import Faulty
from tests.support.http_server import Connection, Request, Running, response


class Records:
    """What all lanes of a delivery take from, and where they put what they hear."""

    def __init__(self, records: Sequence[int]) -> None:
        self.left = iter(records)
        self.delivered: list[str] = []
        self.verdicts: dict[str, RecordVerdict] = {}


class Lane:
    """See `endpoints.http.Lane`."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.page = page()
        self.request = b""
        self.request_stream = None

    def delivered(self) -> None:
        self._records.delivered += self.page.keys

    def next(self) -> bytes | None:
        record = next(self._records.left, None)
        if record is None:
            return None
        self.page = page(record)
        self.request = request_end(*self.page, "Idempotency-Key", array=False)
        return self.request


def stream(path: str, handler: Faulty, records: int, lanes: int = 1, **settings: Any) -> Records:
    """All records, over so many lanes."""
    given = Records(range(records))

    async def work(target: HttpEndpoint) -> None:
        lane = Lane(given)
        while lane.next() is not None:
            verdicts = await target.stream(lane)
            given.verdicts |= dict(zip(lane.page.keys, verdicts, strict=False))

    async def all_lanes(server: Running) -> HttpEndpoint:
        target = HttpEndpoint(HttpSettings(server.url + path, concurrency=lanes, **settings))
        async with asyncio.timeout(60), target, asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(work(target))
        return target

    target = against(handler, all_lanes)
    assert sum(target.stats.requests.values()) + target.stats.ambiguous == len(handler.received)
    return given


class Credited:
    """A lane whose requests follow each other on credit as far as there is any."""

    def __init__(self, target: HttpEndpoint, outbox: Outbox) -> None:
        self._target = target
        self._outbox = outbox
        current = CurrentOutbox()
        current.fill(outbox)
        self.request_stream = RequestStream(current, target.credit)
        self.request = b""

    @property
    def start(self) -> int:
        return self.request_stream.start

    @property
    def page(self) -> RecordPage:
        rows = self.request_stream.start, self.request_stream.end
        return RecordPage(self._outbox.bodies(*rows), self._outbox.keys(*rows))

    def delivered(self) -> None:
        self.request_stream.deliver()

    def next(self) -> bytes | None:
        self.request = self.request_stream.take() or b""
        self._target.grant(7)
        return self.request or None


def numbers(rows: int) -> Outbox:
    """Rows that are their numbers, one each request."""
    data = "".join(f"{n}\n" for n in range(rows)).encode()
    contract = Contract((Column("n", "n", Type("integer")),))
    spec = converter_spec(Dialect(header=False), contract, ["n"], "json", None)
    block = Converter(spec).convert(Chunk.of(data, 0, 1), 0, 1, len(data))
    return Outbox(block, b"secret", "Idempotency-Key", 1, False)


def on_credit(
    handler: Faulty, rows: int, lanes: int = 1, path: str = "/", **settings: Any
) -> tuple[HttpEndpoint, Outbox, dict[int, RecordVerdict]]:
    """All rows, over so many lanes."""
    outbox, verdicts = numbers(rows), dict[int, RecordVerdict]()

    async def work(target: HttpEndpoint) -> None:
        lane = Credited(target, outbox)
        while lane.next() is not None:
            for verdict in await target.stream(lane):
                verdicts[lane.start] = verdict

    async def all_lanes(server: Running) -> HttpEndpoint:
        target = HttpEndpoint(HttpSettings(server.url + path, concurrency=lanes, **settings))
        async with asyncio.timeout(60), target, asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(work(target))
        target.settle()
        return target

    target = against(handler, all_lanes)
    assert sum(target.stats.requests.values()) + target.stats.ambiguous == len(handler.received)
    return target, outbox, verdicts


class Odd(Faulty):
    """Answers every third record in a way of its own, once."""

    def __init__(self, answer: Callable[[Connection], bytes | None]) -> None:
        super().__init__()
        self._answer = answer
        self._asked: Counter[str] = Counter()

    def on_request(self, request: Request, connection: Connection) -> bytes | None:
        self.received.append(request)
        self._asked[request.key] += 1
        number = int(request.body.strip(b'{}"n:'))
        odd = number % 3 == 1 and self._asked[request.key] == 1
        return self._answer(connection) if odd else response(201)


def keys(numbers: range) -> list[str]:
    return [f"key-{n}" for n in numbers]


def test_records_that_are_taken_need_no_verdict() -> None:
    handler = Faulty()
    done = stream("/status/201", handler, 500)
    assert done.delivered == keys(range(500)) == [r.key for r in handler.received]
    assert not done.verdicts
    assert [int(r.body) for r in handler.received] == list(range(500))


def in_pieces(connection: Connection) -> None:
    """Status and the rest apart from each other."""
    loop = asyncio.get_running_loop()
    connection.transport.write(b"HTTP/1.1 201 Crea")
    loop.call_later(0.01, connection.transport.write, b"ted\r\nContent-Length: 2\r\n\r\n{")
    loop.call_later(0.02, connection.transport.write, b"}")


def closing(connection: Connection) -> None:
    connection.transport.write(b"HTTP/1.1 201 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    connection.transport.close()


CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "outcome", "requests"),
    [
        (lambda _: response(400, "no"), "rejected", 1),
        (lambda _: response(503), "delivered", 2),
        (lambda _: CHUNKED, "delivered", 1),
        (lambda _: b"HTTP/1.1 204 No Content\r\n\r\n", "delivered", 1),
        (lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" + response(201), "delivered", 1),
        (lambda connection: connection.cut(), "delivered", 2),
        (in_pieces, "delivered", 1),
        (closing, "delivered", 1),
    ],
    ids=["refused", "again", "chunked", "204", "100", "cut", "in pieces", "closing"],
)
def test_whatever_is_unusual_is_looked_at(
    answer: Callable[[Connection], bytes | None], outcome: str, requests: int
) -> None:
    handler = Odd(answer)
    done = stream("/", handler, 30)
    odd = keys(range(1, 30, 3))
    assert sorted(done.delivered) == sorted(set(keys(range(30))) - set(odd))
    assert sorted(done.verdicts) == sorted(odd)
    assert {(v.outcome, v.requests) for v in done.verdicts.values()} == {(outcome, requests)}
    assert Counter(r.key for r in handler.received) == Counter(done.delivered + odd * requests)


def test_on_credit_each_row_is_sent_once() -> None:
    handler = Faulty()
    target, outbox, verdicts = on_credit(handler, 500, lanes=4, path="/status/201")
    assert (outbox.delivered, verdicts) == (500, {})
    assert len({request.key for request in handler.received}) == len(handler.received) == 500
    assert target.stats.requests == {201: 500}
    assert target.settle() > 400, "most of it needs nobody who is asked"


def test_on_credit_connections_beyond_the_poller_do_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "POLLED", 2)
    handler = Faulty()
    target, outbox, verdicts = on_credit(handler, 500, lanes=8, path="/status/201")
    assert (outbox.delivered, verdicts) == (500, {})
    assert len({request.key for request in handler.received}) == len(handler.received) == 500
    assert target.settle() > 400


def test_on_credit_an_answer_that_is_late_is_not_waited_for() -> None:
    """Whoever made the request."""

    class Late(Faulty):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return None if len(self.received) == 20 else response(201)

    handler = Late()
    began = time.monotonic()
    _, outbox, verdicts = on_credit(handler, 40, timeout=3)
    assert 3 <= time.monotonic() - began < 55
    (verdict,) = verdicts.values()
    assert (verdict.outcome, verdict.ambiguous, outbox.delivered) == ("delivered", 1, 39)
    assert len(handler.received) == 41


@pytest.mark.parametrize(
    ("answer", "outcome", "requests"),
    [
        (lambda _: response(400, "no"), "rejected", 1),
        (lambda _: response(503), "delivered", 2),
        (lambda _: response(429, retry_after="0"), "delivered", 2),
        (lambda _: CHUNKED, "delivered", 1),
        (lambda connection: connection.cut(), "delivered", 2),
        (in_pieces, "delivered", 1),
        (closing, "delivered", 1),
    ],
    ids=["refused", "again", "throttled", "chunked", "cut", "in pieces", "closing"],
)
def test_on_credit_whatever_is_unusual_is_looked_at(
    answer: Callable[[Connection], bytes | None], outcome: str, requests: int
) -> None:
    handler = Odd(answer)
    _, outbox, verdicts = on_credit(handler, 90, lanes=4)
    assert sorted(verdicts) == list(range(1, 90, 3))
    assert {(v.outcome, v.requests) for v in verdicts.values()} == {(outcome, requests)}
    assert outbox.delivered == 60
    assert len(handler.received) == 60 + 30 * requests


def test_on_credit_who_is_throttled_slows_all_down() -> None:
    class Overloaded(Faulty):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return response(201 if len(self.received) > 20 else 429, retry_after="0")

    target, outbox, verdicts = on_credit(Overloaded(), 60, lanes=8)
    assert target.limit < 8
    assert outbox.delivered + len(verdicts) == 60


def test_on_credit_nothing_is_sent_after_a_halt() -> None:
    class Halting(Faulty):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return response(401 if len(self.received) == 20 else 201)

    handler = Halting()
    with pytest.raises(ExceptionGroup):
        on_credit(handler, 500, lanes=4)
    assert len(handler.received) < 60, "those under way, and no others"


def test_on_credit_the_loop_comes_round_before_others_are_heard_again() -> None:
    """Whoever awaits an odd answer can end it all; and timers are due."""
    taken = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"

    async def work() -> tuple[list[bool], list[bool]]:
        loop, credit, current = asyncio.get_running_loop(), Credit(), CurrentOutbox()
        poller: ConnectionPoller[Client] = ConnectionPoller(3)
        current.fill(numbers(30))
        credit.grant(30, 60, b"")
        pairs = [socket.socketpair() for _ in range(3)]
        connections, streams = [], []
        for client, server in pairs:
            client.setblocking(False)
            server.setblocking(False)
            connect = loop.create_connection(lambda: Client(1000, poller), sock=client)
            _, connection = await connect
            request_stream = RequestStream(current, credit)
            request = request_stream.take() or b""
            stream = connection.stream(request, 60, lambda _: None, request_stream)
            connections.append(connection)
            streams.append(asyncio.create_task(stream))
        await asyncio.sleep(0.05)

        def heard() -> list[bool]:
            return [bool(come(server)) for _, server in pairs]

        heard()
        odd, one, other = connections
        other.data_received(taken)
        heard()
        pairs[2][1].send(taken)
        odd.data_received(response(400))
        one.data_received(taken)
        at_once = heard()
        await asyncio.sleep(0.05)
        later = heard()
        for streaming in streams:
            streaming.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
        for _, server in pairs:
            server.close()
        return at_once, later

    at_once, later = run(work())
    assert at_once == [False, True, False], "one request follows one answer"
    assert later == [False, False, True]


def come(end: socket.socket) -> bytes:
    try:
        return end.recv(100_000)
    except BlockingIOError:
        return b""


def test_on_credit_a_rate_is_kept() -> None:
    begin = time.monotonic()
    target, outbox, _ = on_credit(Faulty(), 60, lanes=4, path="/status/201", rate=100)
    assert (outbox.delivered, target.settle()) == (60, 0)
    assert time.monotonic() - begin > 0.4


def test_a_second_answer_is_nobodys() -> None:
    """Who answers twice is not listened to: the connection is given up, and no record is lost."""
    handler = Odd(lambda _: response(201) + response(400))
    done = stream("/", handler, 30)
    assert set(done.delivered) | set(done.verdicts) == set(keys(range(30)))
    assert {v.outcome for v in done.verdicts.values()} == {"delivered"}


def test_an_answer_that_does_not_come_is_missed_in_the_middle_of_a_stream() -> None:
    done = stream("/", Odd(lambda _: None), 6, timeout=2)
    assert {k: v.ambiguous for k, v in done.verdicts.items()} == {"key-1": 1, "key-4": 1}


def test_many_lanes_share_the_slots_that_there_are() -> None:
    """Who is throttled gets its turn although the others would go on."""
    handler = Odd(lambda _: response(429, retry_after="0"))
    done = stream("/", handler, 300, lanes=8)
    assert {(v.outcome, v.requests) for v in done.verdicts.values()} == {("delivered", 2)}
    assert len(done.delivered) + len(done.verdicts) == 300


def test_no_more_requests_a_second_than_allowed() -> None:
    begin = time.monotonic()
    done = stream("/status/201", Faulty(), 60, lanes=4, rate=100)
    assert len(done.delivered) == 60
    assert time.monotonic() - begin > 0.4


def test_what_the_next_request_raises_ends_the_stream() -> None:
    class Broken(Lane):
        def delivered(self) -> None:
            raise ValueError("the books are closed")

    async def work(server: Running) -> None:
        async with HttpEndpoint(HttpSettings(f"{server.url}/status/201")) as target:
            lane = Broken(Records(range(3)))
            lane.next()
            with pytest.raises(ValueError, match="the books are closed"):
                await target.stream(lane)

    against(Faulty(), work)


def test_the_key_of_many_is_made_of_theirs() -> None:
    def key(*keys: str) -> bytes:
        end = request_end([b"1"] * len(keys), list(keys), "K", array=True)
        return end.split(b"\r\n")[0].removeprefix(b"K: ")

    assert key("a") == b"a"
    assert len({key("a", "b"), key("b", "a"), key("ab"), key("a", "b", "c")}) == 4
    assert RecordPage([b"1"], ["a"]).part(0, 1) == ([b"1"], ["a"])
