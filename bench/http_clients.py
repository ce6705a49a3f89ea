"""Makes many requests by one client, in a process of its own that bench/send.py measures.

python bench/http_clients.py bare http://127.0.0.1:8080/movies 100000 32
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator

from snapshots._native import (
    Chunk,
    Converter,
    Credit,
    CurrentOutbox,
    Outbox,
    RequestStream,
    request_end,
)
from snapshots.endpoints.http import HttpEndpoint, HttpSettings, RecordPage, run
from snapshots.endpoints.http.transport import Transport
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Dialect, Type

BODY = (
    b'{"year":1983,"length":104,"title":"Dead Zone, The","subject":"Horror",'
    b'"actor":"Walken, Christopher","actress":"Adams, Brooke","director":"Cronenberg, David",'
    b'"popularity":79,"awards":"No","image":"NicholasCage.png"}'
)
KEY = "5b1f0a4c2d3e4f60718293a4b5c6d7e8"
COLUMNS = (
    *("year", "length", "title", "subject", "actor", "actress", "director"),
    *("popularity", "awards", "image"),
)
NUMBERS = {"year", "length", "popularity"}
RECORD = (
    b"1983|104|Dead Zone, The|Horror|Walken, Christopher|Adams, Brooke|Cronenberg, David"
    b"|79|No|NicholasCage.png\n"
)
"""What BODY is made of."""
PART = 10_000
"""Records that are made once; their requests are made from them again and again."""


class Same:
    """A lane of one and the same request; all lanes share what is left to be sent."""

    page = RecordPage([BODY], [KEY])
    request_stream = None
    request = request_end([BODY], [KEY], "Idempotency-Key", array=False)

    def __init__(self, left: Iterator[int]) -> None:
        self._left = left

    def delivered(self) -> None:
        """Nothing is noted."""

    def next(self) -> bytes | None:
        return None if next(self._left, None) is None else self.request


class Constant:
    """The same body again and again: nothing is read, hashed, judged or written down for it."""

    def __init__(self, requests: int) -> None:
        self._left = requests
        columns = (Column(n, n, Type("integer" if n in NUMBERS else "text")) for n in COLUMNS)
        dialect = Dialect(delimiter="|", header=False)
        spec = converter_spec(dialect, Contract(tuple(columns)), COLUMNS, "json", None)
        chunk = Chunk.of(PART * RECORD, 0, 1)
        self._block = Converter(spec).convert(chunk, 0, 1, len(chunk))
        self._current = CurrentOutbox()
        assert self._refill().bodies(0, 1) == [BODY]

    def request_stream(self, credit: Credit) -> RequestStream:
        """One for each connection."""
        return RequestStream(self._current, credit)

    def take(self, request_stream: RequestStream) -> bytes | None:
        """The end of the next request, behind which the request_stream goes on by itself."""
        request = request_stream.take()
        if request is None and self._left:
            self._refill()
            request = request_stream.take()
        return request

    def _refill(self) -> Outbox:
        rows = min(self._left, PART)
        self._left -= rows
        outbox = Outbox(self._block, b"", "", 1, False)
        outbox.decide(rows, PART)
        self._current.fill(outbox)
        return outbox


async def bare(url: str, requests: int, at_once: int) -> None:
    """Our client alone: no verdicts, no limits, no retries, no books; the same body each time."""
    transport = Transport(HttpSettings(url))
    same, credit = Constant(requests), Credit()
    key = f"Idempotency-Key: {KEY}\r\n".encode()
    credit.grant(requests, 3600, transport.head() + key)

    async def work() -> None:
        request_stream = same.request_stream(credit)

        def onward(_status: int) -> bytes | None:
            request = same.take(request_stream)
            return request and key + request

        while (request := same.take(request_stream)) is not None:
            answer = await transport.stream(key + request, onward, request_stream)
            assert answer is None, answer.status

    await asyncio.gather(*(work() for _ in range(at_once)))
    transport.close()


async def _all(requests: int, at_once: int, send: Callable[[Same], Awaitable[None]]) -> None:
    left = iter(range(requests))

    async def work() -> None:
        lane = Same(left)
        while lane.next() is not None:
            await send(lane)

    await asyncio.gather(*(work() for _ in range(at_once)))


async def deliver(url: str, requests: int, at_once: int) -> None:
    """Limits and verdicts, and nothing to do but to send; no credit: Python sees each answer."""
    async with HttpEndpoint(HttpSettings(url, concurrency=at_once)) as target:

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
