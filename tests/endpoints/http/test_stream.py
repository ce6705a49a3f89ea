"""Requests one after the other over a connection, as long as all goes well."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from snapshots._native import Chunk, Converter, Outbox
from snapshots.endpoints.http import HttpEndpoint, HttpSettings, RecordVerdict, request_plan
from snapshots.endpoints.http.transport import News
from snapshots.errors import CannotConnect
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type
from snapshots.time_limits import FIRST_CONTACT_SECONDS
from tests.endpoints.http.delivering import against
from tests.support.database_servers import free_port
from tests.support.faulty_server import Faulty
from tests.support.http_server import Connection, Request, Running, response
from tests.support.processes import BUSY


def numbers(rows: int) -> Outbox:
    """Rows that are their numbers, one each request."""
    data = "".join(f"{n}\n" for n in range(rows)).encode()
    contract = Contract((Column("n", "n", Type("integer")),))
    spec = converter_spec(Dialect(header=False), contract, ["n"], "json", None)
    block = Converter(spec).convert(Chunk.of(data, 0, 1), 0, 1, len(data))
    return Outbox(block, request_plan(HttpSettings("http://localhost/"), "secret", ["n"]))


class Streamed:
    """What came of rows that were streamed."""

    def __init__(self, target: HttpEndpoint, outbox: Outbox, news: list[News]) -> None:
        self.target = target
        self.outbox = outbox
        self.news = news
        self.verdicts: dict[int, RecordVerdict] = {}


def stream(
    handler: Faulty, rows: int, lanes: int = 1, path: str = "/", **settings: Any
) -> Streamed:
    """All rows, by so many streams."""

    async def work(target: HttpEndpoint, done: Streamed) -> None:
        while (found := await target.stream()) is not None:
            _, start, (verdict,) = found
            done.verdicts[start] = verdict

    async def all_lanes(server: Running) -> Streamed:
        target = HttpEndpoint(HttpSettings(server.url + path, concurrency=lanes, **settings))
        done = Streamed(target, numbers(rows), [])

        def told(news: News) -> None:
            done.news.append(news)
            if news.hungry == 1:
                target.end()

        target.on_news(told)
        async with asyncio.timeout(60), target, asyncio.TaskGroup() as group:
            target.open(0, done.outbox)
            for _ in range(lanes):
                group.create_task(work(target, done))
        return done

    done: Streamed = against(handler, all_lanes)
    asked = sum(done.target.stats.requests.values()) + done.target.stats.ambiguous
    assert asked == len(handler.received)
    return done


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


def test_each_row_is_sent_once() -> None:
    handler = Faulty()
    done = stream(handler, 500, lanes=4, path="/status/201")
    assert (done.outbox.delivered, done.verdicts) == (500, {})
    assert len({request.key for request in handler.received}) == len(handler.received) == 500
    assert done.target.stats.requests == {201: 500}
    assert sum(news.successes for news in done.news) == 500


def test_what_was_opened_is_sent_though_the_end_is_known_already() -> None:
    """Only those who stop leave rows behind."""

    async def opened(server: Running, *, stop: bool) -> int:
        target = HttpEndpoint(HttpSettings(server.url + "/status/201", concurrency=2))
        outbox = numbers(100)
        async with asyncio.timeout(60), target:
            target.open(0, outbox)
            target.stop() if stop else target.end()
            assert await asyncio.gather(target.stream(), target.stream()) == [None, None]
        return outbox.delivered

    assert against(Faulty(), partial(opened, stop=False)) == 100
    assert against(Faulty(), partial(opened, stop=True)) == 0


def test_one_after_the_other_they_come_in_their_order() -> None:
    handler = Faulty()
    stream(handler, 300, path="/status/201")
    bodies = [b'{"n":%d}' % n for n in range(300)]
    assert [request.body for request in handler.received] == bodies


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize(
    ("answer", "outcome", "requests"),
    [
        (lambda _: response(400, "no"), "rejected", 1),
        (lambda _: response(503), "delivered", 2),
        (lambda _: response(429, retry_after="0"), "delivered", 2),
        (lambda connection: connection.cut(), "delivered", 2),
    ],
    ids=["refused", "again", "throttled", "cut"],
)
def test_whatever_is_unusual_is_looked_at(
    answer: Callable[[Connection], bytes | None], outcome: str, requests: int, lanes: int
) -> None:
    handler = Odd(answer)
    done = stream(handler, 90, lanes)
    assert sorted(done.verdicts) == list(range(1, 90, 3))
    assert {(v.outcome, v.requests) for v in done.verdicts.values()} == {(outcome, requests)}
    assert done.outbox.delivered == 60
    assert len(handler.received) == 60 + 30 * requests


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: CHUNKED,
        lambda _: b"HTTP/1.1 204 No Content\r\n\r\n",
        lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" + response(201),
        in_pieces,
        closing,
    ],
    ids=["chunked", "204", "100", "in pieces", "closing"],
)
def test_a_success_is_one_however_it_is_written(
    answer: Callable[[Connection], bytes | None],
) -> None:
    handler = Odd(answer)
    done = stream(handler, 90, lanes=4)
    assert (done.outbox.delivered, done.verdicts) == (90, {})
    assert len({request.key for request in handler.received}) == len(handler.received) == 90


def test_connections_that_the_server_closed_meanwhile_cost_nothing() -> None:
    class Impatient(Faulty):
        idle_seconds = 0.01

    handler = Impatient()
    done = stream(handler, 3, path="/status/201", rate=2)
    assert (done.outbox.delivered, done.verdicts) == (3, {})
    assert (done.target.stats.unreached, len(handler.received)) == (0, 3)


def test_an_answer_that_is_late_is_not_waited_for() -> None:
    class Late(Faulty):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return None if len(self.received) == 20 else response(201)

    handler = Late()
    began = time.monotonic()
    done = stream(handler, 40, timeout=3)
    assert 3 <= time.monotonic() - began < 55
    (verdict,) = done.verdicts.values()
    assert (verdict.outcome, verdict.ambiguous) == ("delivered", 1)
    assert (done.outbox.delivered, len(handler.received)) == (39, 41)


def test_who_is_throttled_slows_all_down() -> None:
    class Overloaded(Faulty):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return response(201 if len(self.received) > 20 else 429, retry_after="0")

    done = stream(Overloaded(), 60, lanes=8)
    assert done.target.limit < 8
    assert done.outbox.delivered + len(done.verdicts) == 60


def test_nothing_is_sent_after_a_halt() -> None:
    class Halting(Faulty):
        def on_request(self, request: Request, connection: Connection) -> bytes | None:
            self.received.append(request)
            return response(401 if len(self.received) == 20 else 201)

    handler = Halting()
    with pytest.raises(ExceptionGroup) as caught:
        stream(handler, 500, lanes=4)
    assert caught.group_contains(CannotConnect)
    assert len(handler.received) <= 20 + 4, "those under way, and no others"


def test_a_rate_is_kept() -> None:
    begin = time.monotonic()
    done = stream(Faulty(), 60, lanes=4, path="/status/201", rate=100)
    assert done.outbox.delivered == 60
    assert time.monotonic() - begin > 0.4


def test_no_more_than_the_window_is_sent_before_it_is_allowed() -> None:
    handler = Faulty()

    async def work(server: Running) -> tuple[int, int]:
        settings = HttpSettings(f"{server.url}/status/201", concurrency=4, window=20)
        target, outbox = HttpEndpoint(settings), numbers(100)
        async with asyncio.timeout(60), target:
            due = asyncio.Event()
            target.on_news(lambda news: due.set() if news.due else None)
            target.open(0, outbox)
            streams = [asyncio.create_task(target.stream()) for _ in range(4)]
            while outbox.delivered < 20:
                await due.wait()
                due.clear()
            await asyncio.sleep(0.1)
            first = len(handler.received)
            target.allow(5)
            while outbox.delivered < 25:
                await due.wait()
                due.clear()
            await asyncio.sleep(0.1)
            second = len(handler.received)
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
        return first, second

    assert against(handler, work) == (20, 25)


def test_a_second_answer_is_nobodys() -> None:
    """Who answers twice is not listened to: the connection is given up, and no record is lost."""
    done = stream(Odd(lambda _: response(201) + response(400)), 30)
    assert done.outbox.delivered + len(done.verdicts) == 30
    assert {v.outcome for v in done.verdicts.values()} <= {"delivered"}


def test_many_streams_share_the_slots_that_there_are() -> None:
    """Who is throttled gets its turn although the others would go on."""
    done = stream(Odd(lambda _: response(429, retry_after="0")), 300, lanes=8)
    assert {(v.outcome, v.requests) for v in done.verdicts.values()} == {("delivered", 2)}
    assert done.outbox.delivered + len(done.verdicts) == 300


def test_a_server_is_missed_only_once_there_is_something_to_send() -> None:
    """Comparing rows with what was sent before may take any time."""

    async def work() -> float:
        settings = HttpSettings(f"http://127.0.0.1:{free_port()}/", wary=True)
        async with HttpEndpoint(settings) as target:
            target.open(0, numbers(0))
            streaming = asyncio.create_task(target.stream())
            await asyncio.sleep(FIRST_CONTACT_SECONDS + 1)
            target.check()
            began = time.monotonic()
            target.open(1, numbers(3))
            with pytest.raises(CannotConnect, match="cannot be reached"):
                await _last(target, streaming)
            return time.monotonic() - began

    assert asyncio.run(work()) < FIRST_CONTACT_SECONDS + BUSY


async def _last(target: HttpEndpoint, streaming: asyncio.Task[Any]) -> None:
    """Streams until nothing more is sent."""
    while await streaming is not None:
        streaming = asyncio.create_task(target.stream())
