"""The account of one chunk, as it commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from snapshots.errors import AccountingMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sized

    from snapshots.ledger.rows import Row
    from snapshots.model import Counts

WAITING = "awaits_parent"
"""The code of a reject that is to be tried again (see `awaiting_parents.py`)."""


class ChunkDone(Struct, frozen=True):
    """The account of one chunk, as it commits."""

    start: int
    end: int
    start_line: int
    end_line: int
    counts: Counts
    hash_state: bytes | None = None
    """Of the input's bytes up to an offset that is not past `end`."""
    hash: bytes | None = None
    """BLAKE3 of the chunk's own bytes."""
    seconds: float = 0.0
    rejects_by_code: Mapping[str, int] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """How many rejects are to be tried again."""
        return self.rejects_by_code.get(WAITING, 0)

    def sums(self) -> Row:
        """What is added up over the chunks of an import that has no other one."""
        read = self.end - self.start
        return {**counts_row(self.counts), "pending": 0, "ambiguous": 0, "read": read, "chunks": 1}

    def row(self) -> Row:
        """The account as columns of snapshots_chunks, without the chunk's key."""
        return {
            "end_offset": self.end,
            "end_line": self.end_line,
            **counts_row(self.counts),
            "hash_state": self.hash_state,
            "hash": self.hash,
            "seconds": self.seconds,
        }


def counts_row(counts: Counts) -> Row:
    """Counts as columns of the ledger."""
    return {
        "records": counts.records,
        "loaded": counts.loaded,
        "rejected": counts.rejected,
        "skipped": counts.skipped,
    }


def require_balanced(done: ChunkDone, rejects: Sized) -> None:
    """Raises AccountingMismatch if a record of a chunk is in no bucket, or a reject is not kept."""
    counts = done.counts
    if not counts.balanced or counts.rejected != len(rejects):
        raise AccountingMismatch(
            f"chunk at byte {done.start}: {counts.records} records, but {counts.loaded} loaded"
            f" + {counts.rejected} rejected ({len(rejects)} kept) + {counts.skipped} skipped",
            hint="nothing of this chunk was written; this is a bug, please report it",
        )
