"""Writing the ledger of a delivery, whose records are decided one by one, by an API.

A database commits a chunk with its account; an API cannot. So the row of a chunk is there while
its records are being sent, and says which of them are decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import AccountingMismatch
from snapshots.ledger.record import SHARE_LOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.record import ChunkDone, Lease, Ledger
    from snapshots.model import Reject


# What is decided of a chunk whose row is there already. Whether it is there, the ledger says alone:
# after a lost COMMIT, or a server that has lost one, it may not be what was written last.
_CHANGED = (
    *("records", "loaded", "rejected", "skipped", "pending", "ambiguous", "sent"),
    *("fence", "seconds", "committed_at"),
)
_EXCLUDED = " ON CONFLICT (import_id, start_offset) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _CHANGED
)
_VALUES = " ON DUPLICATE KEY UPDATE " + ", ".join(f"{name} = VALUES({name})" for name in _CHANGED)
_GOES_ON = {"postgres": _EXCLUDED, "sqlite": _EXCLUDED, "mysql": _VALUES}


@dataclass(frozen=True, slots=True)
class ChunkSent:
    """The account of one chunk as far as it is sent."""

    done: ChunkDone
    """Its counts are those of the records that are decided."""
    pending: int
    ambiguous: int
    sent: str | None
    """While some are pending: which of the rows are decided, such as `0-41,43`."""


def write_down(
    ledger: Ledger, lease: Lease, chunks: Sequence[ChunkSent], rejects: Sequence[Reject]
) -> None:
    """Makes what was decided durable, all of it or nothing.

    Raises AccountingMismatch if the counts of a chunk do not add up, LostLease if the delivery
    was taken over. Where the error is ConnectionLost, `holds` tells whether it was written.
    """
    session = ledger.session
    with session.transaction():
        # Until COMMIT nobody may take the delivery over.
        ledger.require(session, lease, SHARE_LOCK[ledger.target.name])
        for chunk in chunks:
            _write(ledger, lease, chunk)
        ledger.keep(session, lease, rejects)


def holds(ledger: Ledger, lease: Lease, chunks: Sequence[ChunkSent]) -> bool:
    """Whether the ledger has the chunks as they are given here."""
    for chunk in chunks:
        kept = ledger.chunks(lease.import_id, start=chunk.done.start)
        if not kept or (kept[0].counts, kept[0].sent) != (chunk.done.counts, chunk.sent):
            return False
    return True


def _write(ledger: Ledger, lease: Lease, chunk: ChunkSent) -> None:
    done, counts = chunk.done, chunk.done.counts
    if not counts.balanced or (chunk.pending > 0) != (chunk.sent is not None):
        raise AccountingMismatch(
            f"chunk at byte {done.start}: {counts.records} records, but {counts.loaded} delivered"
            f" + {counts.rejected} rejected + {counts.skipped} skipped, {chunk.pending} pending",
            hint="this is a defect, please report it",
        )
    ledger.session.execute(
        "INSERT INTO snapshots_chunks (import_id, start_offset, end_offset, start_line, end_line,"
        " records, loaded, rejected, skipped, pending, ambiguous, sent, hash_state, hash, fence,"
        " seconds, committed_at)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {ledger.target.now_sql()})"
        f"{_GOES_ON[ledger.target.name]}",
        (
            lease.import_id,
            done.start,
            done.end,
            done.start_line,
            done.end_line,
            counts.records,
            counts.loaded,
            counts.rejected,
            counts.skipped,
            chunk.pending,
            chunk.ambiguous,
            chunk.sent,
            done.hash_state,
            done.hash,
            lease.fence,
            done.seconds,
        ),
    )
