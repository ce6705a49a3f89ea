"""The objects that every endpoint works with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

from fastapi import Depends, Request
from msgspec import Struct, field

from snapshots.web.checking import Checks
from snapshots.web.gate.concurrency import ReadSlots
from snapshots.web.hub import Hub
from snapshots.web.row_reads import RowReads
from snapshots.web.session_pool import SessionPool
from snapshots.web.settings import ServiceSettings
from snapshots.web.uploads.latest import LatestRequests
from snapshots.web.verifying import Verifying


class ServiceContext(Struct, frozen=True):
    """The context of one process that serves."""

    settings: ServiceSettings
    pool: SessionPool
    hub: Hub
    reads: RowReads
    uploading: ReadSlots
    previewing: ReadSlots
    exposition: Callable[[], tuple[bytes, str]]
    """Returns the metrics as text, and the type of that text."""
    verifying: Verifying = field(default_factory=Verifying)
    checks: Checks = field(default_factory=Checks)
    parts: LatestRequests = field(default_factory=LatestRequests)


async def _of(request: Request) -> ServiceContext:
    """Returns the context. It is a coroutine, because FastAPI would take a thread for a plain
    function."""
    return cast("ServiceContext", request.app.state.service)


async def _client(request: Request) -> str:
    return str(request.scope.get("snapshots.client", ""))


Client = Annotated[str, Depends(_client)]
"""The client that asks: the name of its token, or else its address."""

Here = Annotated[ServiceContext, Depends(_of)]
