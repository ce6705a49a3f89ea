"""What every endpoint works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from snapshots.web.hub import Hub
from snapshots.web.pool import Pool
from snapshots.web.reads import Reads
from snapshots.web.settings import Settings
from snapshots.web.turns import Turns


@dataclass(frozen=True, slots=True)
class Service:
    """Of one process."""

    settings: Settings
    pool: Pool
    hub: Hub
    reads: Reads
    uploading: Turns
    exposition: Callable[[], tuple[bytes, str]]
    """Metrics, and what kind of text they are."""


async def _of(request: Request) -> Service:
    """Not a plain function: for those a thread would be taken."""
    return cast("Service", request.app.state.service)


async def _client(request: Request) -> str:
    return str(request.scope.get("snapshots.client", ""))


Client = Annotated[str, Depends(_client)]
"""Who asks: the name of the token, or else an address."""

Here = Annotated[Service, Depends(_of)]
