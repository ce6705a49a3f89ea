"""Keeps the books of a delivery: makes durable what was decided, and survives lost connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import session_name
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.retry import RetryPolicy
from snapshots.engine.support.time_limits import RETRY_SECONDS
from snapshots.errors import SnapshotsError
from snapshots.ledger.deliveries import ChunkSent, holds, write_down

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.record import Lease
    from snapshots.model import Reject
    from snapshots.ports import Target


class LedgerWriter:
    """For one thread at a time; has a session of its own."""

    def __init__(self, home: Target, lease: Lease, retry_seconds: float = RETRY_SECONDS) -> None:
        self._ledger_session = LedgerSession(home, create=False)
        self._ledger_session.name_sessions(session_name(lease))
        self._lease = lease
        self._retry_seconds = retry_seconds

    def write(self, chunks: Sequence[ChunkSent], rejects: Sequence[Reject]) -> None:
        """All of it or nothing, and comes back after a lost connection.

        Raises what `write_down` raises, once retrying has not helped for `retry_seconds`.
        """
        patience = RetryPolicy(self._retry_seconds, _go_on)
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
        """Notes in the plan what may have been sent; as patient as `write`."""
        patience = RetryPolicy(self._retry_seconds, _go_on)
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
    """What was heard is written down even when the delivery is to stop."""
