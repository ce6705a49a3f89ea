"""How many requests at once, and how many a second."""

import asyncio
import time

from snapshots.endpoints.http import HttpEndpoint, HttpSettings
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


def test_so_many_a_second() -> None:
    begin = time.monotonic()
    deliver("/status/201", page(*range(40)), rate=50)
    assert time.monotonic() - begin > 0.6
