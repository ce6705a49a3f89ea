"""Moves staged records that the table has refused from the loaded ones to the rejects."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Reject


def refuse(ledger: Ledger, lease: Lease, rejects: Sequence[Reject]) -> None:
    """Keeps the rejects and moves the counts of their chunks.

    Call it in the transaction that removes their rows from the stage.
    """
    chunks = ledger.chunks(lease.import_id)
    lines = [chunk.start_line for chunk in chunks]
    # A line is of the last chunk that began before it.
    of_chunks = Counter(chunks[bisect_right(lines, one.line) - 1].start for one in rejects)
    ledger.keep(ledger.session, lease, rejects)
    ledger.session.executemany(
        "UPDATE snapshots_chunks SET loaded = loaded - ?, rejected = rejected + ?"
        " WHERE import_id = ? AND start_offset = ?",
        [(n, n, lease.import_id, start) for start, n in of_chunks.items()],
    )
    ledger.seal(ledger.session, lease)
