"""Lets the latest request for an upload write to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class LatestRequests:
    """The requests that write to uploads, in one event loop."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[anyio.CancelScope, anyio.Event]] = {}

    @asynccontextmanager
    async def only(self, number: str) -> AsyncIterator[None]:
        """Ends an earlier request for the same upload, and keeps the place for the block.

        A later one ends the block in turn, with HTTPException.
        """
        while number in self._running:
            scope, ended = self._running[number]
            scope.cancel()
            await ended.wait()
        ended = anyio.Event()
        with anyio.CancelScope() as scope:
            self._running[number] = scope, ended
            try:
                yield
            finally:
                del self._running[number]
                ended.set()
        if scope.cancelled_caught:
            raise HTTPException(409, "A later request writes to this upload.")
