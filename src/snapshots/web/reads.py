"""Reads of rows: so many at once, whoever waits for them, so that no other request does."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
from anyio import to_thread

from snapshots.errors import CannotConnect
from snapshots.web.pool import Pool
from snapshots.web.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target

AT_ONCE: Final = 4
"""Sessions with the database, and threads."""
EACH: Final = 2
"""Of one client, those that wait included."""
PATIENCE_SECONDS: Final = 5.0
_Found = TypeVar("_Found")


class Reads:
    """Of one process; for its event loop."""

    def __init__(self, target: Target, say: Callable[[str], None]) -> None:
        self._pool = Pool(target, AT_ONCE, say)
        self._turns = Turns("read rows", EACH)
        self._free = anyio.Semaphore(AT_ONCE)
        self._threads = anyio.CapacityLimiter(AT_ONCE)

    async def run(self, client: str, read: Callable[[Ledger], _Found]) -> _Found:
        """What `read` gives, which runs on a thread. Raises CannotConnect where others take too
        long, and HTTPException for a client that asks for more at once than it may."""
        async with self._turn(client):
            return await to_thread.run_sync(partial(self._read, read), limiter=self._threads)

    def _read(self, read: Callable[[Ledger], _Found]) -> _Found:
        with self._pool.ledger() as ledger:
            return read(ledger)

    @asynccontextmanager
    async def _turn(self, client: str) -> AsyncIterator[None]:
        with self._turns.turn(client):
            try:
                with anyio.fail_after(PATIENCE_SECONDS):
                    await self._free.acquire()
            except TimeoutError:
                raise CannotConnect(
                    "rows are read by as many clients as can be at once",
                    hint="try again in a moment",
                    retryable=True,
                ) from None
            try:
                yield
            finally:
                self._free.release()

    def close(self) -> None:
        """Ends the sessions that nobody uses."""
        self._pool.close()
