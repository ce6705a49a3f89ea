"""Reads JSON bodies on a thread, so that the event loop never waits.

A body may hold half a million numbers, and Python needs a while to parse them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from anyio import CapacityLimiter, to_thread
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request

from snapshots.web.api.request_bodies import require_storable

if TYPE_CHECKING:
    from starlette.responses import Response

_AT_ONCE: Final = CapacityLimiter(2)
"""How many bodies are read at once. Whoever sends many waits alone, and not the threads that answer
others."""


class JsonRoute(APIRoute):
    """The route of endpoints that take a JSON body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Is called by FastAPI."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            return await handle(_Asked(request.scope, request.receive))

        return handled


class _Asked(Request):
    async def json(self) -> Any:
        """Returns the body as Starlette's does. Raises HTTPException if no database or JSON can
        hold it."""
        return await to_thread.run_sync(_read, await self.body(), limiter=_AT_ONCE)


def _read(body: bytes) -> Any:
    given = json.loads(body)
    try:
        require_storable(given)
    except ValueError as error:
        raise HTTPException(422, f"The body of the request cannot be stored: {error}.") from None
    return given
