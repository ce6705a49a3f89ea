"""One import as the ledger holds it, and its chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from snapshots.ledger.times import seconds_between
from snapshots.model import Counts, ImportRecord, RunKind, State

if TYPE_CHECKING:
    from snapshots.ports import Value

_ENDED = {"finished", "failed", "interrupted", "cancelled"}


@dataclass(frozen=True, slots=True)
class Entry:
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

    @property
    def duplicate(self) -> bool:
        """Another import had loaded its bytes: it stands in the history, and for nothing else."""
        return self.state == "finished" and self.same_as is not None

    @property
    def damage(self) -> str | None:
        """What the ledger has lost of it, as a sentence; None: nothing that could be told."""
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
        """The same for people and programs."""
        seconds = self.seconds
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
            seconds=round(seconds, 3),
            error=self.error,
            replaces=self.replaces,
            damage=self.damage,
            same_as=self.same_as if self.duplicate else None,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as it was when an import took it."""

    import_id: int
    input: str
    size: int | None
    mtime_ns: int | None
    inode: int | None
    state: State
    table: str
    loaded: int


@dataclass(frozen=True, slots=True)
class CommittedChunk:
    """A chunk that is accounted for; of a delivery maybe only a part of its records."""

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


def entry_of(row: tuple[Value, ...]) -> Entry:
    """From a row of snapshots_imports, with the sums over its chunks."""
    (
        import_id, kind, name, size, mtime_ns, inode, etag, fingerprint, content_hash, table, state,
        plan, error, started_at, finished_at, seconds, owner, heartbeat_at, fence, replaces,
        error_code, request, wanted, queued_at, *ended_with, chunks_counted,
        created_table, same_as, note, workers_lost, now,
        records, loaded, rejected, skipped, pending, ambiguous, read, chunks,
    ) = row  # fmt: skip
    return Entry(
        import_id=cast("int", import_id),
        kind=cast("RunKind", kind),
        input=cast("str", name),
        size=cast("int | None", size),
        mtime_ns=cast("int | None", mtime_ns),
        inode=inode_of(inode),
        etag=cast("str | None", etag),
        fingerprint=cast("str | None", fingerprint),
        content_hash=cast("str | None", content_hash),
        table=cast("str", table),
        state=cast("State", state),
        plan=cast("str", plan),
        error=cast("str | None", error),
        started_at=cast("str", started_at),
        finished_at=cast("str | None", finished_at),
        seconds=float(cast("float", seconds)),
        owner=cast("str | None", owner),
        heartbeat_age=seconds_between(cast("str", heartbeat_at), cast("str", now)),
        fence=cast("int", fence),
        replaces=cast("int | None", replaces),
        error_code=cast("str | None", error_code),
        request=cast("str | None", request),
        wanted=cast("str | None", wanted),
        queued_at=cast("str | None", queued_at),
        now=cast("str", now),
        counts=Counts(
            cast("int", records), cast("int", loaded), cast("int", rejected), cast("int", skipped)
        ),
        pending=cast("int", pending),
        ambiguous=cast("int", ambiguous),
        read=cast("int", read),
        chunks=cast("int", chunks),
        chunks_counted=cast("int | None", chunks_counted),
        ended_with=Counts(*cast("list[int]", ended_with)),
        created_table=cast("str | None", created_table),
        same_as=cast("int | None", same_as),
        note=cast("str | None", note),
        workers_lost=cast("int", workers_lost),
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
        f"The ledger is damaged: snapshots_chunks has lost {lost}, so that"
        f" {entry.kind} {entry.import_id} has no whole account."
    )


def chunk_of(row: tuple[Value, ...]) -> CommittedChunk:
    """From a row of snapshots_chunks."""
    (
        start, end, line, end_line, records, loaded, rejected, skipped, state, digest, seconds, at,
        pending, ambiguous, sent,
    ) = row  # fmt: skip
    return CommittedChunk(
        start=cast("int", start),
        end=cast("int", end),
        start_line=cast("int", line),
        end_line=cast("int", end_line),
        counts=Counts(
            cast("int", records), cast("int", loaded), cast("int", rejected), cast("int", skipped)
        ),
        hash_state=cast("bytes | None", state),
        hash=cast("bytes | None", digest),
        seconds=float(cast("float", seconds)),
        committed_at=cast("str", at),
        pending=cast("int", pending),
        ambiguous=cast("int", ambiguous),
        sent=cast("str | None", sent),
    )


def inode_of(value: Value) -> int | None:
    """It is kept as text: an inode may be larger than a database's numbers."""
    return None if value is None else int(cast("str", value))
