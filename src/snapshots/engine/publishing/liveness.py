"""Says that an import's owner lives while it publishes, and lets it be stopped meanwhile."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.support import threads
from snapshots.errors import SnapshotsError
from snapshots.time_limits import HEARTBEAT_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease

_CANCEL_SECONDS = 1.0
"""Between two tries to cancel a statement."""


@contextmanager
def kept_alive(
    ledger_session: LedgerSession, lease: Lease, plan: Plan, stop: threading.Event
) -> Iterator[None]:
    """Publishing is a few statements that may take long: beside the block, a thread gives
    heartbeats, and cancels the statement when the import is to stop."""
    if not plan.stage:
        yield
        return
    over = threading.Event()
    session = ledger_session.session

    def watch() -> None:
        with closing(LedgerSession(ledger_session.target, create=False)) as beside:
            # Where one session writes, a heartbeat would wait for the end of the other.
            next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
            while not over.wait(TICK_SECONDS):
                if stop.is_set():
                    session.cancel()
                    over.wait(_CANCEL_SECONDS)
                elif ledger_session.target.writers != 1 and time.monotonic() >= next_heartbeat:
                    next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
                    with suppress(SnapshotsError):
                        beside.renewed().heartbeat(lease)

    thread = threads.start("publisher", watch)
    try:
        yield
    finally:
        over.set()
        thread.join()
