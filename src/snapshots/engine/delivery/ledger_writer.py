"""Keeps the books of a delivery: makes durable what was decided, and survives lost connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import session_name
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.errors import SnapshotsError
from snapshots.ledger.deliveries import ChunkSent, holds, write_down

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.record import Lease
    from snapshots.model import Reject
    from snapshots.ports import Target


class LedgerWriter:
    """Writes outcomes, on a session of its own. For one thread at a time."""

    def __init__(self, home: Target, lease: Lease) -> None:
        self._ledger_session = LedgerSession(home, create=False)
        self._ledger_session.name_sessions(session_name(lease))
        self._lease = lease

    def write(self, chunks: Sequence[ChunkSent], rejects: Sequence[Reject]) -> None:
        """Writes all of it or nothing, and tries again after a lost connection.

        Raises what `write_down` raises, once retrying has not helped for RETRY_SECONDS.
        """
        patience = DatabaseRetry(_go_on)
        failed = False
        while True:
            try:
                if failed and holds(self._ledger_session.renewed(), self._lease, chunks):
                    return
                fault_point("before-record")
                write_down(self._ledger_session.ledger, self._lease, chunks, rejects)
                fault_point("after-record")
                return
            except SnapshotsError as error:
                patience.bear(error, connected=True)
                failed = True
            patience.wait()

    def replan(self, plan: str) -> None:
        """Notes in the plan what may have been sent, and tries as often as `write` does."""
        patience = DatabaseRetry(_go_on)
        while True:
            try:
                self._ledger_session.renewed().replan(self._lease, plan)
            except SnapshotsError as error:
                patience.bear(error, connected=True)
            else:
                return
            patience.wait()

    def close(self) -> None:
        """Ends its session."""
        self._ledger_session.close()


def _go_on() -> None:
    """Does not stop: what was heard is written even when the delivery is to stop."""
