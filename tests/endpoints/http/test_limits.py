"""How many requests at once, and how many a second."""

import asyncio
import time
from collections.abc import Callable

import pytest

from snapshots.endpoints.http import HttpEndpoint, HttpSettings, run
from snapshots.endpoints.http.concurrency_limit import ConcurrencyLimit
from snapshots.endpoints.http.rate_limit import RequestRate
from tests.endpoints.http.delivering import against, deliver, page
from tests.support.faulty_server import Faulty
from tests.support.http_server import Connection, Request, Running, response
from tests.support.movies_sink import Sink


class Crowded(Faulty):
    """Holds each request for a moment, and counts those that are there at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.most = self._there = 0
        self._room = room

    def on_request(self, request: Request, connection: Connection) -> None:
        self._there += 1
        self.most = max(self.most, self._there)
        status = 429 if self._there > self._room else 201
        asyncio.get_running_loop().call_later(0.005, self._answer, connection, status)

    def _answer(self, connection: Connection, status: int) -> None:
        self._there -= 1
        connection.transport.write(response(status))


def test_never_more_requests_at_once_than_allowed() -> None:
    crowded = Crowded(room=1000)

    async def work(server: Running) -> None:
        async with HttpEndpoint(HttpSettings(server.url, concurrency=5)) as target:
            pages = [target.deliver(page(*range(n, n + 20))) for n in range(0, 100, 20)]
            await asyncio.gather(*pages)

    against(crowded, work)
    assert crowded.most == 5


def test_fewer_at_once_where_the_api_asks_for_it() -> None:
    crowded = Crowded(room=4)
    done = deliver("/", page(*range(150)), crowded, concurrency=32)
    assert done.outcomes == ["delivered"] * 150
    assert done.stats.throttled > 0
    assert done.limit < 32


def test_a_fault_now_and_then_slows_nothing_down() -> None:
    async def work(server: Running) -> None:
        async with HttpEndpoint(HttpSettings(f"{server.url}/movies", concurrency=16)) as target:
            verdicts = await target.deliver(page(*range(300)))
            assert {verdict.outcome for verdict in verdicts} == {"rejected"}
            assert target.stats.requests[503] > 30
            assert target.limit == 16

    against(Sink(seed=1), work)


async def answers(limiter: ConcurrencyLimit, number: int, say: Callable[[], None]) -> None:
    """So many requests one after the other, each with such an answer."""
    for _ in range(number):
        await limiter.enter()
        limiter.leave()
        say()


def test_the_limit_halves_once_for_a_volley_and_recovers() -> None:
    async def work() -> None:
        limiter = ConcurrencyLimit(32)
        for _ in range(32):
            await limiter.enter()
        for _ in range(32):
            limiter.leave()
            limiter.throttled()
        assert limiter.limit == 16
        for limit in range(17, 33):
            await answers(limiter, limit - 1, limiter.answered)
            assert limiter.limit == limit
        await answers(limiter, 100, limiter.answered)
        assert limiter.limit == 32

    run(work())


def test_half_the_answers_being_503_is_overload() -> None:
    async def work() -> None:
        limiter = ConcurrencyLimit(16)
        await answers(limiter, 9, limiter.answered)
        await answers(limiter, 7, limiter.faulted)
        assert limiter.limit == 16
        await answers(limiter, 8, limiter.answered)
        await answers(limiter, 8, limiter.faulted)
        assert limiter.limit == 8
        await answers(limiter, 100, limiter.faulted)
        assert limiter.limit == 1

    run(work())


@pytest.mark.parametrize("throttled", [0, 3])
def test_answers_may_be_told_together(throttled: int) -> None:
    async def work() -> None:
        one, together = ConcurrencyLimit(32), ConcurrencyLimit(32)
        for limiter in (one, together):
            for _ in range(throttled):
                await limiter.enter()
                limiter.throttled()
        for times in (1, 5, 40, 3, 200, 7):
            for _ in range(times):
                one.answered()
            together.answered(times)
            assert (one.limit, one.crowded) == (together.limit, together.crowded)

    run(work())


def test_so_many_a_second() -> None:
    rate = RequestRate(1000)
    waits = [rate.take() for _ in range(1000)]
    assert 0.8 < waits[-1] <= 1.1

    begin = time.monotonic()
    deliver("/status/201", page(*range(40)), rate=50)
    assert time.monotonic() - begin > 0.6


def test_a_pause_ends_however_the_clock_of_the_loop_is_rounded() -> None:
    """uvloop counts in milliseconds: it may call a little before the time that it was told."""

    async def work() -> None:
        limiter = ConcurrencyLimit(1)
        for number in range(200):
            limiter.pause(0.0001 * number)
            async with asyncio.timeout(5):
                await limiter.enter()
            limiter.leave()

    run(work())


def test_of_two_pauses_the_longer_counts() -> None:
    async def work() -> None:
        limiter, loop = ConcurrencyLimit(1), asyncio.get_running_loop()
        began = loop.time()
        limiter.pause(0.3)
        limiter.pause(0.05)
        await limiter.enter()
        # The loop's clock has milliseconds, which a difference of floats may miss by a little.
        assert loop.time() - began > 0.29

    run(work())
