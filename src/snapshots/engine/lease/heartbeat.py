"""What goes on beside a queued import: its lease is kept, and what others want of it is heard."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.support import threads
from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from types import TracebackType

    from snapshots.ledger.record import Lease
    from snapshots.ports import Target

LOOK_SECONDS = 0.25
SILENCE_SECONDS = 2.5
"""Before the ledger is told that the owner lives. Where chunks tell it, nothing else need."""


class Heartbeat:
    """From the moment a lease is taken until the import has ended; planning takes its time, too.

    Sets `stop` when the import is to be cancelled, has been taken over, or when the whole worker
    is to stop.
    """

    def __init__(self, target: Target, lease: Lease, shutdown: threading.Event) -> None:
        self.stop = threading.Event()
        self._ledger_session = LedgerSession(target, create=False)
        self._lease = lease
        self._shutdown = shutdown
        self._over = threading.Event()

    def __enter__(self) -> Heartbeat:
        self._thread = threads.start("heartbeat", self._keep)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        try:
            while not self._over.wait(LOOK_SECONDS):
                if self._shutdown.is_set():
                    self.stop.set()
                try:
                    self._look()
                except SnapshotsError:
                    # The database is away. Should the lease run out meanwhile, the fence tells.
                    self._ledger_session.renew_if_possible()
        except BaseException:
            # Nobody would hear any more that the import is to be cancelled.
            self.stop.set()
            raise
        finally:
            self._ledger_session.close()

    def _look(self) -> None:
        ledger = self._ledger_session.ledger
        entry = ledger.entry(self._lease.import_id)
        if entry is None or entry.wanted or entry.fence != self._lease.fence:
            self.stop.set()
        elif abs(entry.heartbeat_age) > SILENCE_SECONDS:
            ledger.heartbeat(self._lease)
