"""A small import in the ledger: written once, when all of it is decided.

An import that takes long is begun, claimed chunk by chunk and finished, so that whoever finds it
knows how far it has come. One that is a single transaction is never found half done: two rows say
all of it, where the long way takes a dozen statements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import AccountingMismatch
from snapshots.ledger.record import as_seen, require_balanced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.record import ChunkDone, Lease, Ledger
    from snapshots.model import Reject
    from snapshots.ports import Identity


@dataclass(frozen=True, slots=True)
class SingleChunkImport:
    """All there is to say of an import of one chunk."""

    identity: Identity
    content_hash: str
    table: str
    plan: str
    done: ChunkDone
    rejects: Sequence[Reject]
    end: int
    """Of the input."""
    seconds: float


def enter(ledger: Ledger, lease: Lease, finished: SingleChunkImport) -> None:
    """A finished import, in the transaction that loads it and, within `locked`, gave it its number.

    Raises AccountingMismatch if the counts do not add up, or if the chunk is not the whole input.
    """
    done, identity = finished.done, finished.identity
    require_balanced(done, finished.rejects)
    if (done.start, done.end) != (0, finished.end):
        raise AccountingMismatch(
            f"the chunk has bytes {done.start} to {done.end} of an input of {finished.end}",
            hint="this is a defect, please report it",
        )
    session, now, counts = ledger.session, ledger.target.now_sql(), done.counts
    sums = (counts.records, counts.loaded, counts.rejected, counts.skipped)
    session.execute(
        "INSERT INTO snapshots_imports (id, kind, input, size, mtime_ns, inode, etag, fingerprint,"
        " content_hash, table_name, state, plan, records, loaded, rejected, skipped, seconds,"
        " started_at, finished_at, heartbeat_at, fence, replaces, chunks)"
        " VALUES (?, 'import', ?, ?, ?, ?, ?, ?, ?, ?, 'finished', ?, ?, ?, ?, ?, ?,"
        f" {now}, {now}, {now}, ?, ?, 1)",
        (
            lease.import_id,
            *as_seen(identity),
            identity.fingerprint,
            finished.content_hash,
            finished.table,
            finished.plan,
            *sums,
            finished.seconds,
            lease.fence,
            lease.replaces,
        ),
    )
    session.execute(
        "INSERT INTO snapshots_chunks (import_id, start_offset, end_offset, start_line, end_line,"
        " records, loaded, rejected, skipped, hash_state, hash, fence, seconds, committed_at)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {now})",
        (
            lease.import_id,
            done.start,
            done.end,
            done.start_line,
            done.end_line,
            *sums,
            done.hash_state,
            done.hash,
            lease.fence,
            done.seconds,
        ),
    )
    ledger.keep(session, lease, finished.rejects)
