"""Makes many requests by one client, in a process of its own that bench/send.py measures.

python bench/drive.py bare http://127.0.0.1:8080/movies 100000 32
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator

from snapshots._native import plain_success, request_end
from snapshots.targets.http import HttpSettings, HttpTarget, Page, run
from snapshots.targets.http.transport import Transport

BODY = (
    b'{"year":1983,"length":104,"title":"Dead Zone, The","subject":"Horror",'
    b'"actor":"Walken, Christopher","actress":"Adams, Brooke","director":"Cronenberg, David",'
    b'"popularity":79,"awards":"No","image":"NicholasCage.png"}'
)
KEY = "5b1f0a4c2d3e4f60718293a4b5c6d7e8"


class Same:
    """A lane of one and the same request; all lanes share what is left to be sent."""

    page = Page([BODY], [KEY])
    request = request_end([BODY], [KEY], "Idempotency-Key", array=False)

    def __init__(self, left: Iterator[int]) -> None:
        self._left = left

    def onward(self, answer: bytes) -> None:
        """Every answer is looked at."""

    def delivered(self) -> None:
        """Nothing is noted."""

    def next(self) -> bytes | None:
        return None if next(self._left, None) is None else self.request


async def _all(requests: int, at_once: int, send: Callable[[Same], Awaitable[None]]) -> None:
    left = iter(range(requests))

    async def work() -> None:
        lane = Same(left)
        while lane.next() is not None:
            await send(lane)

    await asyncio.gather(*(work() for _ in range(at_once)))


async def bare(url: str, requests: int, at_once: int) -> None:
    """Our client alone: no verdicts, no limits, no retries, no books; the same body each time."""
    transport = Transport(HttpSettings(url))
    whole = transport.head() + Same.request

    async def send(lane: Same) -> None:
        def onward(answer: bytes) -> bytes | None:
            return whole if plain_success(answer) and lane.next() else None

        answer = await transport.stream(lane.request, lambda _: None, onward)
        assert answer is None, answer.status

    await _all(requests, at_once, send)
    transport.close()


async def deliver(url: str, requests: int, at_once: int) -> None:
    """Limits and verdicts, and nothing to do but to send; no credit: Python sees each answer."""
    async with HttpTarget(HttpSettings(url, concurrency=at_once)) as target:

        async def send(lane: Same) -> None:
            assert not await target.stream(lane)

        await _all(requests, at_once, send)


async def aiohttp(url: str, requests: int, at_once: int) -> None:
    """The general client that is used most."""
    from aiohttp import ClientSession, TCPConnector

    headers = {"Content-Type": "application/json", "Idempotency-Key": KEY}
    async with ClientSession(connector=TCPConnector(limit=0)) as session:

        async def send(_lane: Same) -> None:
            async with session.post(url, data=BODY, headers=headers) as answer:
                await answer.read()
                assert answer.status == 201

        await _all(requests, at_once, send)


CLIENTS = {"bare": bare, "deliver": deliver, "aiohttp": aiohttp}

if __name__ == "__main__":
    run(CLIENTS[sys.argv[1]](sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
