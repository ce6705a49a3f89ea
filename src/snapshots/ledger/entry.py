"""One import as the ledger holds it, and its chunks; and which columns they are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from snapshots.ledger.times import seconds_between
from snapshots.model import Counts, ImportRecord, RowChanges, RunKind, State
from snapshots.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.ports import Value

_AS_THEY_ARE = (
    "kind", "input", "size", "mtime_ns", "etag", "fingerprint", "content_hash", "state", "plan",
    "error", "started_at", "finished_at", "owner", "fence", "replaces", "error_code", "request",
    "wanted", "queued_at",
)  # fmt: skip
COUNTED = ("records", "loaded", "rejected", "skipped")
IMPORT_COLUMNS = (
    "id", "table_name", "inode", "seconds", "heartbeat_at", *_AS_THEY_ARE, *COUNTED,
)  # fmt: skip
"""Of snapshots_imports, in every version of the ledger."""
NEWER_COLUMNS = {
    "chunks": (2, None),
    "created_table": (3, None),
    "same_as": (3, None),
    "note": (3, None),
    "workers_lost": (3, 0),
    "undone_at": (6, None),
    "undone_state": (6, None),
    "mode": (6, None),
    "stage": (6, None),
    "inserted": (6, None),
    "updated": (6, None),
    "unchanged": (6, None),
    "deleted": (6, None),
    "kept": (6, None),
    "removed": (6, None),
    "continues": (6, None),
    "first_part": (6, None),
    "as_of": (6, None),
    "publish": (7, None),
    "undo_table": (7, None),
    "restored": (7, None),
    "undo_kept": (7, None),
    "dismissed": (8, 0),
    "corrected": (8, 0),
}
"""Columns that a later version of the ledger brought, and what stands for them in an older one."""
SUMS = {
    **{name: name for name in (*COUNTED, "pending", "ambiguous")},
    "read": "end_offset - start_offset",
    "chunks": "1",
}
"""What is added up over the chunks of an import."""
CHUNK_COLUMNS = (
    "start_offset", "end_offset", "start_line", "end_line", *COUNTED, "hash_state", "hash",
    "seconds", "committed_at", "pending", "ambiguous", "sent",
)  # fmt: skip

_ENDED = {"finished", "failed", "interrupted", "cancelled", "undone"}


class Entry(Struct, frozen=True):
    """One import as the ledger holds it."""

    import_id: int
    kind: RunKind
    input: str
    size: int | None
    mtime_ns: int | None
    inode: int | None
    etag: str | None
    fingerprint: str | None
    content_hash: str | None
    table: str
    state: State
    plan: str
    error: str | None
    started_at: str
    finished_at: str | None
    seconds: float
    owner: str | None
    heartbeat_age: float
    """Seconds since its owner was last heard of, by the database's clock."""
    fence: int
    replaces: int | None
    """The import of the same name, into the same table, whose content this one succeeds."""
    error_code: str | None
    request: str | None
    """What was asked of the service, as JSON; None for an import that no queue has seen."""
    wanted: str | None
    """What its owner shall do as soon as it can: `cancel` or `undo`."""
    queued_at: str | None
    now: str
    """When this was read, by the database's clock."""
    counts: Counts
    pending: int
    ambiguous: int
    read: int
    """Bytes of its committed chunks, as the kernel sees them: decompressed, in UTF-8."""
    chunks: int
    """Rows of its chunks that the ledger holds."""
    chunks_counted: int | None
    """Chunks that were committed, as each has added itself; None of a delivery, and of an import
    that an older version of snapshots began."""
    ended_with: Counts
    """The account when its last run ended."""
    created_table: str | None
    """The table that it has created, as the database names it; empty: that of its plan, as far as
    an older ledger tells. None: it has created none."""
    same_as: int | None
    """Of a finished one: the import that had loaded its bytes before, so that it loaded nothing. Of
    a queued one: the import whose end it waits for."""
    note: str | None
    """What there is to say of how it ended, though it has not failed."""
    workers_lost: int
    """Workers that died of it, one after the other, without having committed a chunk."""
    undone_at: str | None
    """When it was undone; None: it was not."""
    undone_state: State | None
    """The state it was in before it was undone."""
    mode: str | None
    """None: append, chunk by chunk."""
    stage: str | None
    """The table in which its rows wait, or waited, to be published."""
    inserted: int | None
    """This and the next: what publishing has done to the table's rows; None: nothing yet."""
    updated: int | None
    unchanged: int | None
    deleted: int | None
    kept: int | None
    removed: int | None
    """Rows that undoing the import has taken out of the table."""
    as_of: str | None
    """The date of the version that it has published; None: it has none, or is not published."""
    continues: int | None
    """The import that has loaded the part of the input before this one's; None: it begins with the
    input."""
    first_part: int | None
    """The import that has loaded the first part, if this one continues any."""
    publish: str | None
    """How its version became the table's: `copy` or `rename`; None: there is no choice, or it is
    not published."""
    undo_table: str | None
    """The table that keeps what it has changed or deleted; None: nothing is kept."""
    restored: int | None
    """Rows that undoing the import has brought back."""
    undo_kept: int | None
    """Rows that undoing the import has left as they are."""
    dismissed: int
    """Rejects that are to stay rejects."""
    corrected: int
    """Records that were rejects first, and are loaded since."""
    replaced_rows: int | None = None
    """Rows that `replaces` and the parts before it have loaded."""

    @property
    def changes(self) -> RowChanges:
        """What it has done to its table's rows, as readers see them."""
        if self.inserted is None:
            # The rows of an append are in its table as soon as they are loaded.
            appended = not self.stage and (self.mode or "append") == "append"
            seen = self.kind == "import" and appended
            return RowChanges(inserted=self.counts.loaded if seen else 0)
        return RowChanges(
            self.inserted,
            self.updated or 0,
            self.unchanged or 0,
            self.deleted or 0,
            self.kept or 0,
        )

    @property
    def open(self) -> int:
        """Rejects that wait to be corrected or dismissed."""
        return 0 if self.state == "undone" else self.counts.rejected - self.dismissed

    @property
    def duplicate(self) -> bool:
        """Whether another import had loaded its bytes, so that this one has loaded nothing."""
        return self.state == "finished" and self.same_as is not None

    @property
    def damage(self) -> str | None:
        """What the ledger has lost of the import, as a sentence; None where no loss can be told."""
        if self.chunks_counted is not None and self.chunks < self.chunks_counted:
            lost = self.chunks_counted - self.chunks
            return _damaged(self, f"{lost} of its {self.chunks_counted} chunks")
        if self.state in _ENDED and not _covers(self.counts, self.ended_with):
            missing = self.ended_with.records - self.counts.records
            return _damaged(
                self, f"the chunks of {missing} of its {self.ended_with.records} records"
            )
        return None

    def record(self, database: str) -> ImportRecord:
        """The import as people and programs are shown it."""
        return ImportRecord(
            import_id=self.import_id,
            kind=self.kind,
            input=self.input,
            content_hash=self.content_hash,
            database=database,
            table=self.table,
            state=self.state,
            records=self.counts.records,
            loaded=self.counts.loaded,
            rejected=self.counts.rejected,
            skipped=self.counts.skipped,
            pending=self.pending,
            ambiguous=self.ambiguous,
            bytes=self.size,
            started_at=self.started_at,
            finished_at=self.finished_at,
            seconds=round(self.seconds, 3),
            error=self.error,
            error_code=self.error_code,
            replaces=self.replaces,
            damage=self.damage,
            mode=self.mode or "append",
            **plain(self.changes),
            removed=self.removed,
            restored=self.restored,
            undo_kept=self.undo_kept,
            publish=self.publish,
            as_of=self.as_of,
            same_as=self.same_as if self.duplicate else None,
            undone_at=self.undone_at,
            continues=self.continues,
            dismissed=self.dismissed,
            open=self.open,
            corrected=self.corrected,
            replaced_rows=self.replaced_rows,
        )


class LeaseState(Struct, frozen=True):
    """What the owner of an import has to look at again and again."""

    wanted: str | None
    """`cancel` or `undo`, if somebody wants that."""
    fence: int
    heartbeat_age: float
    """Seconds since the owner was last heard of, by the database's clock."""


class Sighting(Struct, frozen=True):
    """A file as it was when an import took it."""

    import_id: int
    input: str
    size: int | None
    mtime_ns: int | None
    inode: int | None
    etag: str | None
    state: State
    table: str
    loaded: int


class Beginning(Struct, frozen=True):
    """Where an import begins in its input: at the first byte, or where the one before it ended."""

    end: int = 0
    """Bytes before it, as the kernel sees them."""
    line: int = 1
    hash_state: bytes | None = None
    """Of the bytes up to a place that is not past it, where such a state was kept."""


class CommittedChunk(Struct, frozen=True):
    """A chunk that is accounted for. Some records of a delivery's chunk may still be pending."""

    start: int
    end: int
    start_line: int
    end_line: int
    counts: Counts
    hash_state: bytes | None
    hash: bytes | None
    seconds: float
    committed_at: str
    pending: int = 0
    """Records whose fate the API has not decided yet."""
    ambiguous: int = 0
    sent: str | None = None
    """While some are pending: which of the rows are decided, such as `0-41,43`."""


def entry_of(row: Mapping[str, Any], sums: Mapping[str, Any], now: str) -> Entry:
    """Makes an entry from a row of snapshots_imports and the sums over its chunks, by column."""
    return Entry(
        import_id=row["id"],
        table=row["table_name"],
        inode=inode_of(row["inode"]),
        seconds=float(row["seconds"]),
        heartbeat_age=seconds_between(row["heartbeat_at"], now),
        now=now,
        ended_with=Counts(*(row[name] for name in COUNTED)),
        chunks_counted=row["chunks"],
        counts=Counts(*(sums[name] for name in COUNTED)),
        **{name: sums[name] for name in ("pending", "ambiguous", "read", "chunks")},
        **{name: row[name] for name in (*_AS_THEY_ARE, *NEWER_COLUMNS) if name != "chunks"},
    )


def _covers(counts: Counts, recorded: Counts) -> bool:
    return (
        counts.records >= recorded.records
        and counts.loaded >= recorded.loaded
        and counts.rejected >= recorded.rejected
        and counts.skipped >= recorded.skipped
    )


def _damaged(entry: Entry, lost: str) -> str:
    return (
        f"The ledger is damaged: snapshots_chunks has lost {lost}, so the account of {entry.kind}"
        f" {entry.import_id} is incomplete."
    )


def chunk_of(row: tuple[Value, ...]) -> CommittedChunk:
    """Makes a chunk from a row of snapshots_chunks, with the columns of CHUNK_COLUMNS."""
    start, end, line, end_line, *counts, state, digest, seconds, at, pending, ambiguous, sent = (
        cast("tuple[Any, ...]", row)
    )
    return CommittedChunk(
        start=start,
        end=end,
        start_line=line,
        end_line=end_line,
        counts=Counts(*counts),
        hash_state=state,
        hash=digest,
        seconds=float(seconds),
        committed_at=at,
        pending=pending,
        ambiguous=ambiguous,
        sent=sent,
    )


def inode_of(value: Value) -> int | None:
    """Reads an inode, which is kept as text: it may be larger than a database's numbers."""
    return None if value is None else int(cast("str", value))
