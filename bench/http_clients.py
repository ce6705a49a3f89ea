"""Makes many requests by one client, in a process of its own that bench/send.py measures.

python bench/http_clients.py bare http://127.0.0.1:8080/movies 100000 32
"""

from __future__ import annotations

import asyncio
import sys

from snapshots._native import Chunk, Converter, Outbox
from snapshots.endpoints.http import HttpEndpoint, HttpSettings, request_plan
from snapshots.endpoints.http.transport import News
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


async def bare(url: str, requests: int, at_once: int) -> None:
    """Our client alone: nothing is read and no books are kept; the same records again and again."""
    columns = (Column(n, n, Type("integer" if n in NUMBERS else "text")) for n in COLUMNS)
    dialect = Dialect(delimiter="|", header=False)
    spec = converter_spec(dialect, Contract(tuple(columns)), COLUMNS, "json", None)
    chunk = Chunk.of(PART * RECORD, 0, 1)
    block = Converter(spec).convert(chunk, 0, 1, len(chunk))
    opened = 0
    # One more than is made: streams ask for rows, and end, only while a request may begin.
    settings = HttpSettings(url, concurrency=at_once, window=requests + 1)
    plan = request_plan(settings, "", COLUMNS)
    async with HttpEndpoint(settings) as target:

        def told(news: News) -> None:
            nonlocal opened
            if news.hungry != opened:
                return
            rows = min(PART, requests - opened * PART)
            if rows <= 0:
                target.end()
                return
            outbox = Outbox(block, plan)
            outbox.decide(rows, PART)
            opened += 1
            target.open(opened, outbox)

        target.on_news(told)
        assert await asyncio.gather(*(target.stream() for _ in range(at_once))) == [None] * at_once


async def aiohttp(url: str, requests: int, at_once: int) -> None:
    """The general client that is used most."""
    from aiohttp import ClientSession, TCPConnector

    headers = {"Content-Type": "application/json"}
    left = iter(range(requests))
    async with ClientSession(connector=TCPConnector(limit=0)) as session:

        async def work() -> None:
            for n in left:
                key = {"Idempotency-Key": f"{KEY[:-8]}{n:08}"}
                async with session.post(url, data=BODY, headers={**headers, **key}) as answer:
                    await answer.read()
                    assert answer.status == 201

        await asyncio.gather(*(work() for _ in range(at_once)))


if __name__ == "__main__":
    _, client, *given = sys.argv
    arguments = given[0], int(given[1]), int(given[2])
    if client == "bare":
        asyncio.run(bare(*arguments))
    else:
        import uvloop

        uvloop.run(aiohttp(*arguments))
