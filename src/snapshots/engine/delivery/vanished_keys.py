"""Which rows of a block of keys are to be deleted: all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots._native import RowKeys
from snapshots.engine.delivery.change_finder import Changes, idempotency_key
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import session_name
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.errors import SnapshotsError
from snapshots.ledger import destinations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots._native import Block
    from snapshots.ledger.destinations import Destination
    from snapshots.ledger.record import Lease
    from snapshots.model import Reject
    from snapshots.ports import Target


class VanishedKeys:
    """Stands where a `ChangeFinder` does."""

    def __init__(
        self, home: Target, lease: Lease, destination: Destination, stop: Callable[[], None]
    ) -> None:
        self._session = LedgerSession(home, create=False)
        self._session.name_sessions(session_name(lease))
        self._lease = lease
        self._destination = destination
        self._stop = stop

    def find(self, block: Block, _rejects: Sequence[Reject]) -> Changes:
        """Returns all rows, which are in doubt then. Raises what the ledger raises, once trying
        again does not help."""
        rows = RowKeys(block, list(self._destination.key))
        patience = DatabaseRetry(self._stop)
        while True:
            try:
                return self._noted(rows)
            except SnapshotsError as error:
                patience.bear(error, connected=True)
            patience.wait()

    def close(self) -> None:
        """Ends its session."""
        self._session.close()

    def _noted(self, rows: RowKeys) -> Changes:
        ledger, found, lease = self._session.renewed(), self._destination, self._lease
        session, keys = ledger.session, [rows.hashes(row)[0] for row in range(len(rows))]
        with session.transaction():
            ledger.require(session, lease, ledger.target.dialect.share_lock)
            known = destinations.known_rows(session, found.number, keys)
            # What is not known any more was deleted by this delivery, before it was killed.
            doubtful = {row for row, key in enumerate(keys) if key in known and known[key].in_doubt}
            versions = [
                known[key].version
                if row in doubtful and known[key].sent_hash == ""
                else lease.import_id
                for row, key in enumerate(keys)
            ]
            destinations.delete(ledger, found.number, list(zip(keys, versions, strict=True)))
        fault_point("compared")
        changes = Changes(found.number, rows, doubtful=doubtful, deletes=True)
        for row, (key, version) in enumerate(zip(keys, versions, strict=True)):
            changes.rows[row] = ("DELETE", idempotency_key(found.seed, key, "", version))
        return changes
