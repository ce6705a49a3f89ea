"""Writes the ledger of a delivery, whose records an API decides one by one.

A database commits a chunk with its account; an API cannot. So the row of a chunk is there while
its records are being sent, and says which of them are decided.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.errors import AccountingMismatch
from snapshots.ledger import answers
from snapshots.ledger.destinations import confirm
from snapshots.ledger.record import new_chunk_row
from snapshots.ledger.rows import insert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.answers import Answer
    from snapshots.ledger.chunk_account import ChunkDone
    from snapshots.ledger.destinations import Confirmed
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Reject


# What is decided of a chunk whose row is there already. Whether it is there, the ledger says alone:
# after a lost COMMIT, or a server that has lost one, it may not be what was written last.
_CHANGED = (
    *("records", "loaded", "rejected", "skipped", "skipped_by_code", "pending", "ambiguous"),
    *("sent", "fence", "seconds", "committed_at"),
)
_KEY = ("import_id", "start_offset")
UNCHANGED = "unchanged"
"""The code of records that are skipped because the API has them already."""


class ChunkSent(Struct, frozen=True):
    """The account of one chunk, as far as it is sent."""

    done: ChunkDone
    """Its counts are those of the records that are decided."""
    pending: int
    ambiguous: int
    sent: str | None
    """While some are pending: which of the rows are decided, such as `0-41,43`."""
    unchanged: int = 0
    """Of the skipped records, those that were left out because the API has them already."""
    confirmed: Confirmed | None = None
    kept: Sequence[Answer] = ()
    """What is kept of the answers to records that were delivered since the last account."""


def write_down(
    ledger: Ledger, lease: Lease, chunks: Sequence[ChunkSent], rejects: Sequence[Reject]
) -> None:
    """Writes what was decided in one transaction: all of it, or nothing.

    Raises AccountingMismatch if the counts of a chunk do not add up, LostLease if the delivery
    was taken over. Where the error is ConnectionLost, `holds` tells whether it was written.
    """
    session = ledger.session
    with session.transaction():
        # Until COMMIT nobody may take the delivery over.
        ledger.require(session, lease, ledger.target.dialect.stay_lock)
        for chunk in chunks:
            _write(ledger, lease, chunk)
        ledger.keep(session, lease, rejects)


def holds(ledger: Ledger, lease: Lease, chunks: Sequence[ChunkSent]) -> bool:
    """Tells whether the ledger has the chunks as they are given here."""
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
            hint="this is a bug, please report it",
        )
    skipped = json.dumps({UNCHANGED: chunk.unchanged}) if chunk.unchanged else None
    insert(
        ledger.session,
        "snapshots_chunks",
        {
            **new_chunk_row(lease, done),
            "pending": chunk.pending,
            "ambiguous": chunk.ambiguous,
            "sent": chunk.sent,
            "skipped_by_code": skipped,
            "committed_at": ledger.now,
        },
        on_conflict=ledger.target.dialect.or_update(_KEY, _CHANGED),
    )
    answers.keep(ledger.session, lease.import_id, chunk.kept)
    if chunk.confirmed is not None:
        confirm(ledger, lease.import_id, chunk.confirmed)
