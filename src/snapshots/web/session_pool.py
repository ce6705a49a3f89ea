"""Keeps sessions with the ledger between requests."""

from __future__ import annotations

import queue
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.errors import CannotConnect, ConnectionLost, TooSlow
from snapshots.time_limits import SESSION_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target

SIZE = 8
IDLE_SECONDS = 1.0
"""Seconds after which an idle session is checked before it is used."""


class SessionPool:
    """A pool of sessions for requests, each on a thread of its own."""

    def __init__(
        self, target: Target, size: int = SIZE, say: Callable[[str], None] = lambda _: None
    ) -> None:
        """`say` gets a sentence if the ledger is migrated."""
        self._say = say
        # The one that was used last is taken first: it is known to work.
        self._idle: queue.LifoQueue[tuple[LedgerSession, float]] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put((LedgerSession(target, create=True), 0.0))
        self._size = size

    @contextmanager
    def ledger(self, *, write: bool = False) -> Iterator[Ledger]:
        """Gives the ledger to one thread. With `write` an older ledger is migrated first.

        Raises CannotConnect, also if all sessions are taken, and ImportBusy if the ledger cannot be
        migrated yet.
        """
        try:
            ledger_session, used = self._idle.get(timeout=SESSION_SECONDS)
        except queue.Empty:
            raise CannotConnect(
                "the service is busy: all its database connections are in use",
                hint="try again in a moment",
                retryable=True,
            ) from None
        try:
            long_idle = time.monotonic() - used > IDLE_SECONDS
            ledger = ledger_session.renewed() if long_idle else ledger_session.ledger
            yield ledger_session.writable(self._say) if write else ledger
        except (ConnectionLost, CannotConnect, TooSlow):
            ledger_session.close()
            raise
        finally:
            self._idle.put((ledger_session, time.monotonic()))

    def close(self) -> None:
        """Ends the idle sessions."""
        for _ in range(self._size):
            try:
                ledger_session, _ = self._idle.get_nowait()
            except queue.Empty:
                return
            ledger_session.close()
