"""Delivers records to a server of the tests, both in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from snapshots.endpoints.http import (
    HttpEndpoint,
    HttpSettings,
    RecordPage,
    RecordVerdict,
    Stats,
)
from tests.support.faulty_server import Faulty
from tests.support.http_server import Handler, Request, Running


def page(*records: int | str) -> RecordPage:
    """Records that are numbers or strings; each has its own key."""
    texts = [f'"{r}"' if isinstance(r, str) else str(r) for r in records]
    return RecordPage([text.encode() for text in texts], [f"key-{r}" for r in records])


class Delivery:
    """What came of one page, on both sides."""

    def __init__(
        self, verdicts: list[RecordVerdict], stats: Stats, received: list[Request], limit: int
    ) -> None:
        self.verdicts = verdicts
        self.stats = stats
        self.received = received
        self.limit = limit

    @property
    def outcomes(self) -> list[str]:
        return [verdict.outcome for verdict in self.verdicts]


def against(
    handler: Handler,
    work: Callable[[Running], Coroutine[Any, Any, Any]],
    tls: Any = None,
) -> Any:
    """Runs a server, and with it what is to be done to it."""

    async def both() -> Any:
        async with Running(handler, tls=tls) as server:
            return await work(server)

    return asyncio.run(both())


def deliver(
    path: str, records: RecordPage, handler: Faulty | None = None, **settings: Any
) -> Delivery:
    """Delivers a page to a path of a faulty server."""
    faulty = handler or Faulty()

    async def work(server: Running) -> Delivery:
        target = HttpEndpoint(HttpSettings(server.url + path, **settings))
        async with asyncio.timeout(60), target:
            verdicts = await target.deliver(records)
        return Delivery(verdicts, target.stats, faulty.received, target.limit)

    return against(faulty, work)
