"""Limits the reads of rows that run at once, so that they delay no other request."""

from __future__ import annotations

from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
from anyio import to_thread
from starlette.responses import Response

from snapshots.errors import CannotConnect
from snapshots.time_limits import SESSION_SECONDS
from snapshots.web.gate.concurrency import ReadSlots
from snapshots.web.session_pool import SessionPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive, Scope, Send

    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target

AT_ONCE: Final = 4
"""How many sessions with the database, and threads, read rows."""
EACH: Final = 2
"""Of one client, those that wait included."""
_PIECE: Final = 64 * 1024


class PacedResponse(Response):
    """Text that goes out as its client takes it. The slot of the read is free again once all has
    gone."""

    def __init__(self, body: str, media_type: str, turn: ExitStack) -> None:
        super().__init__(body, media_type=media_type)
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the server, as ASGI has it."""
        del scope, receive
        with self._turn:
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            body = memoryview(self.body)
            for at in range(0, len(body), _PIECE):
                piece = {"body": bytes(body[at : at + _PIECE]), "more_body": True}
                await send({"type": "http.response.body", **piece})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class RowReads:
    """Reads rows for one process, in its event loop."""

    def __init__(self, target: Target, say: Callable[[str], None]) -> None:
        self._pool = SessionPool(target, AT_ONCE, say)
        self._turns = ReadSlots("read rows", EACH)
        self._free = anyio.Semaphore(AT_ONCE)
        self._threads = anyio.CapacityLimiter(AT_ONCE)

    async def run(
        self, client: str, read: Callable[[Ledger], str], media_type: str = "application/json"
    ) -> Response:
        """Runs `read` on a thread, and returns its text as an answer.

        Raises CannotConnect if others take too long. Raises HTTPException for a client that asks
        for more at once than it may; an answer counts until the client has taken it.
        """
        with ExitStack() as turn:
            turn.enter_context(self._turns.turn(client))
            async with self._session():
                body = await to_thread.run_sync(partial(self._read, read), limiter=self._threads)
            return PacedResponse(body, media_type, turn.pop_all())

    def _read(self, read: Callable[[Ledger], str]) -> str:
        with self._pool.ledger() as ledger:
            return read(ledger)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[None]:
        try:
            with anyio.fail_after(SESSION_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise CannotConnect(
                "the service is busy: too many clients read rows",
                hint="try again in a moment",
                retryable=True,
            ) from None
        try:
            yield
        finally:
            self._free.release()

    def close(self) -> None:
        """Ends the idle sessions."""
        self._pool.close()
