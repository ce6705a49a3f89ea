"""Writing the ledger: who works on an import, and what became of each chunk.

`claim` and `record` run inside the transaction that loads the chunk's rows, on the session
that the engine hands in; everything else commits by itself on the ledger's own session.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snapshots.errors import (
    AccountingMismatch,
    AlreadyCommitted,
    LedgerError,
    LostLease,
    RefusedAndEnded,
    RefusedRows,
)
from snapshots.ledger import schema
from snapshots.ledger.entry import Entry
from snapshots.ledger.history import History
from snapshots.model import Counts, Reject, RunKind, State, TableName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.ports import Identity, Session, Target, Value

_LAST_NUMBERS = (
    "(SELECT MAX(id) FROM snapshots_imports), (SELECT MAX(import_id) FROM snapshots_chunks),"
    " (SELECT MAX(import_id) FROM snapshots_rejects)"
)
"""A chunk whose import is gone still counts: another import of its number would find it claimed."""
WAITING = "awaits_parent"
"""The code of a reject that is to be tried again (see `awaiting_parents.py`)."""
LINEAGE_COLUMN = "_import_id"
_REJECTS = TableName("snapshots_rejects")
_REJECT_COLUMNS = ("import_id", "byte_offset", "line", "column_name", "code", "reason", "raw")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for an import, until someone takes it over (a higher fence)."""

    import_id: int
    fence: int
    owner: str
    replaces: int | None = None
    """The import whose content this one's succeeds: of the same name, into the same table."""


@dataclass(frozen=True, slots=True)
class NextNumber:
    """The place of a new import among the others."""

    import_id: int
    replaces: int | None
    """The import whose content this one's succeeds."""
    lookalike: int | None
    """The newest import of an input that may have the same bytes."""


@dataclass(frozen=True, slots=True)
class ChunkDone:
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
        """Rejects that are to be tried again."""
        return self.rejects_by_code.get(WAITING, 0)


class Ledger(History):
    """The ledger of one database, for writing."""

    def __init__(self, target: Target, session: Session) -> None:
        super().__init__(target, session)
        self._now = target.dialect.now

    def make(self) -> None:
        """Makes the ledger's tables where they are missing; an older ledger stays as it is."""
        self._version = schema.make(self.target, self.session)

    def migrate(self, alive: schema.Alive) -> int | None:
        """Brings an older ledger to this program's version; the one that it had, or None where
        there was nothing to do.

        Raises ImportBusy while an import of the older program is being worked on.
        """
        if self._known_version() == schema.VERSION:
            return None
        before = schema.migrate(self.target, self.session, alive)
        self._version = schema.VERSION
        return before

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A transaction that only one process at a time can be in: for look, then begin.

        Raises LedgerError where the ledger has another version than this program writes.
        """
        with self.session.transaction():
            lock = self.target.dialect.row_lock
            found = schema.read_version(self.target, self.session, lock)
            if found != schema.VERSION:
                raise LedgerError(
                    f"the ledger in {self.target.display()} has version {found}, and this program"
                    f" writes version {schema.VERSION}",
                    hint="any command that imports migrates it; then try again",
                )
            yield

    def begin(
        self,
        kind: RunKind,
        identity: Identity,
        content_hash: str | None,
        table: str,
        plan: str,
        owner: str,
    ) -> Lease:
        """A new import or delivery, running. Call it within `locked`."""
        next_one = self.next(kind, identity, content_hash, table)
        self.session.execute(
            "INSERT INTO snapshots_imports (id, kind, input, size, mtime_ns, inode, etag,"
            " fingerprint, content_hash, table_name, state, plan, started_at, owner,"
            " heartbeat_at, fence, replaces, chunks)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?,"
            f" {self._now}, ?, {self._now}, 1, ?, ?)",
            (
                next_one.import_id,
                kind,
                *as_seen(identity),
                identity.fingerprint,
                content_hash,
                table,
                plan,
                owner,
                next_one.replaces,
                # The chunks of a delivery are in the ledger before they are decided.
                0 if kind == "import" else None,
            ),
        )
        return Lease(next_one.import_id, 1, owner, next_one.replaces)

    def refuse(self, identity: Identity, table: str, error: str, code: str) -> int:
        """An import that failed before it had a plan; its number. Call it within `locked`."""
        import_id = self.next("import", identity, None, table).import_id
        self.session.execute(
            "INSERT INTO snapshots_imports (id, kind, input, size, mtime_ns, inode, etag,"
            " table_name, state, plan, error, error_code, started_at, finished_at, heartbeat_at)"
            " VALUES (?, 'import', ?, ?, ?, ?, ?, ?, 'failed', '', ?, ?,"
            f" {self._now}, {self._now}, {self._now})",
            (import_id, *as_seen(identity), table, error, code),
        )
        return import_id

    def next(
        self, kind: RunKind, identity: Identity, content_hash: str | None, table: str
    ) -> NextNumber:
        """What there is to know of a new import before it begins. Call it within `locked`."""
        # A database without statistics of a new ledger thinks every index as good as another:
        # written so, only those of the name and of the fingerprint can be used.
        ((*numbers, replaces, lookalike),) = self.session.execute(
            f"SELECT {_LAST_NUMBERS},"
            " (SELECT MAX(id + 0) FROM snapshots_imports WHERE input = ? AND table_name = ?"
            " AND COALESCE(kind, '') = ? AND COALESCE(state, '') = 'finished'"
            " AND (fingerprint <> ? OR content_hash <> ?)),"
            " (SELECT MAX(id + 0) FROM snapshots_imports"
            " WHERE fingerprint = ? AND COALESCE(kind, '') = ?)",
            (
                *(identity.name, table, kind, identity.fingerprint, content_hash),
                *(identity.fingerprint, kind),
            ),
        )
        named = identity.name != "-" and replaces is not None
        return NextNumber(
            self._number_after(numbers),
            _int(replaces) if named else None,
            None if lookalike is None else _int(lookalike),
        )

    def next_number(self) -> int:
        """Of a new import. Call it within `locked`."""
        ((*numbers,),) = self.session.execute(f"SELECT {_LAST_NUMBERS}")
        return self._number_after(numbers)

    def _number_after(self, last: Sequence[Value]) -> int:
        """The number after those that the ledger holds.

        A new ledger begins at 1, unless rows of an earlier one may be left: their imports were 1
        and so on, and undoing a new import 1 must not find them.
        """
        largest = max((_int(number) for number in last if number is not None), default=0)
        if largest == 0 and self.target.has_column(self.session, LINEAGE_COLUMN):
            return int(time.time())
        return largest + 1

    def replan(self, lease: Lease, plan: str) -> None:
        """Another plan for an import that has no chunk yet; or the same for a delivery, with what
        may have been sent."""
        self.session.execute(
            "UPDATE snapshots_imports SET plan = ? WHERE id = ? AND fence = ?",
            (plan, lease.import_id, lease.fence),
        )

    def take(self, entry: Entry, owner: str, lost: int = 0) -> Lease:
        """Goes on with an import that nobody works on any more; `lost`: workers that died of it.

        Raises LedgerError when another process was faster. Call it within `locked`.
        """
        rows = self.session.execute(
            f"SELECT fence FROM snapshots_imports WHERE id = ?{self.target.dialect.row_lock}",
            (entry.import_id,),
        )
        if not rows or rows[0][0] != entry.fence:
            raise LedgerError(
                f"import {entry.import_id} was taken up by another process just now",
                hint="wait for it; snapshots list shows how it goes",
            )
        self.session.execute(
            "UPDATE snapshots_imports SET state = 'running', error = NULL, error_code = NULL,"
            " finished_at = NULL, same_as = NULL, note = NULL, workers_lost = ?, owner = ?,"
            f" fence = ?, heartbeat_at = {self._now} WHERE id = ?",
            (lost, owner, entry.fence + 1, entry.import_id),
        )
        return Lease(entry.import_id, entry.fence + 1, owner)

    def heartbeat(self, lease: Lease, session: Session | None = None) -> None:
        """Says that the lease's owner is alive."""
        (session or self.session).execute(
            f"UPDATE snapshots_imports SET heartbeat_at = {self._now} WHERE id = ? AND fence = ?",
            (lease.import_id, lease.fence),
        )

    def claim(self, session: Session, lease: Lease, start: int, line: int) -> None:
        """The first act of a chunk's transaction.

        Raises AlreadyCommitted if the chunk is accounted for, LostLease if the import was taken
        over. The primary key decides: while two transactions claim the same chunk, the database
        makes one wait for the other.
        """
        self.require(session, lease)
        try:
            session.execute(
                "INSERT INTO snapshots_chunks (import_id, start_offset, start_line, fence)"
                " VALUES (?, ?, ?, ?)",
                (lease.import_id, start, line, lease.fence),
            )
        except RefusedAndEnded:
            # No key that is taken does that; a trigger of somebody on the ledger's table may.
            raise
        except RefusedRows as taken:
            raise AlreadyCommitted(f"the chunk at byte {start} is accounted for") from taken

    def record(
        self, session: Session, lease: Lease, done: ChunkDone, rejects: Sequence[Reject]
    ) -> None:
        """The last act of a chunk's transaction.

        Raises AccountingMismatch if the counts do not add up, LostLease if the import was
        taken over meanwhile; both roll the chunk back.
        """
        counts = done.counts
        require_balanced(done, rejects)
        self.keep(session, lease, rejects)
        session.execute(
            "UPDATE snapshots_chunks SET end_offset = ?, end_line = ?, records = ?, loaded = ?,"
            " rejected = ?, skipped = ?, hash_state = ?, hash = ?, seconds = ?,"
            f" committed_at = {self._now} WHERE import_id = ? AND start_offset = ?",
            (
                done.end,
                done.end_line,
                counts.records,
                counts.loaded,
                counts.rejected,
                counts.skipped,
                done.hash_state,
                done.hash,
                done.seconds,
                lease.import_id,
                done.start,
            ),
        )
        self.seal(session, lease, chunks=1)

    def seal(self, session: Session, lease: Lease, *, chunks: int = 0) -> None:
        """Adds new chunks to those that must be there. Raises LostLease if the import was taken
        over; after it, nobody can until COMMIT."""
        # This lock comes last: other chunks wait for it only as long as COMMIT takes.
        session.execute(
            f"UPDATE snapshots_imports SET heartbeat_at = {self._now}, workers_lost = 0,"
            f" chunks = chunks + {chunks:d} WHERE id = ? AND fence = ?",
            (lease.import_id, lease.fence),
        )
        # From this look at the fence until COMMIT nobody may take the import over.
        self.require(session, lease, self.target.dialect.share_lock)

    def keep(self, session: Session, lease: Lease, rejects: Sequence[Reject]) -> None:
        """Rejects of an import, within the transaction that counts them."""
        if rejects:
            session.insert(
                _REJECTS,
                _REJECT_COLUMNS,
                [
                    (lease.import_id, r.byte_offset, r.line, r.column, r.code, r.reason, r.raw)
                    for r in rejects
                ],
            )

    def finish(self, lease: Lease, end: int, content_hash: str, size: int, seconds: float) -> None:
        """The whole input, `end` bytes for the kernel, is accounted for: proves it and says so.

        Call it within a transaction; again, if the answer to its COMMIT was lost. Raises
        AccountingMismatch if the chunks leave a gap, overlap, miss the end, or hold records that
        are not decided.
        """
        expected = 0
        for chunk in self.chunks(lease.import_id):
            if chunk.start != expected:
                raise AccountingMismatch(
                    f"bytes {expected} to {chunk.start} of the input belong to no chunk",
                    hint="this is a defect, please report it",
                )
            if chunk.pending:
                raise AccountingMismatch(
                    f"{chunk.pending} records of the chunk at byte {chunk.start} are not decided",
                    hint="this is a defect, please report it",
                )
            expected = chunk.end
        if expected != end:
            raise AccountingMismatch(
                f"the chunks end at byte {expected}, the input at byte {end}",
                hint="this is a defect, please report it",
            )
        if self._fence_and_state(self.session, lease) == (lease.fence, "finished"):
            return
        self.require(self.session, lease)
        self.session.execute(
            "UPDATE snapshots_imports SET content_hash = ?, size = ? WHERE id = ?",
            (content_hash, size, lease.import_id),
        )
        self._end(lease, "finished", None, seconds)

    def end(
        self,
        lease: Lease,
        state: State,
        error: str | None,
        seconds: float,
        code: str | None = None,
    ) -> None:
        """Ends this process's work on an import that is not finished; it can be resumed."""
        with self.session.transaction():
            self._end(lease, state, error, seconds, code)

    def _end(
        self,
        lease: Lease,
        state: State,
        error: str | None,
        seconds: float,
        code: str | None = None,
    ) -> None:
        # Who was taken over waits for no lock of its successor.
        if self._fence_and_state(self.session, lease) != (lease.fence, "running"):
            return
        # From here on no chunk of it commits: the totals are those of all that there will be.
        self._fence_and_state(self.session, lease, self.target.dialect.row_lock)
        totals = self.counts(lease.import_id)
        self.session.execute(
            "UPDATE snapshots_imports SET state = ?, error = ?, error_code = ?, records = ?,"
            f" loaded = ?, rejected = ?, skipped = ?, seconds = seconds + ?,"
            f" finished_at = {self._now}, owner = NULL, workers_lost = 0"
            " WHERE id = ? AND fence = ? AND state = 'running'",
            (
                state,
                error,
                code,
                totals.records,
                totals.loaded,
                totals.rejected,
                totals.skipped,
                seconds,
                lease.import_id,
                lease.fence,
            ),
        )

    def require(self, session: Session, lease: Lease, lock: str = "") -> None:
        """Raises LostLease where another process has taken the import over."""
        if self._fence_and_state(session, lease, lock) != (lease.fence, "running"):
            raise LostLease(
                f"import {lease.import_id} was taken over by another process",
                hint="snapshots list shows how it goes",
            )

    def _fence_and_state(self, session: Session, lease: Lease, lock: str = "") -> object:
        rows = session.execute(
            f"SELECT fence, state FROM snapshots_imports WHERE id = ?{lock}", (lease.import_id,)
        )
        return rows[0] if rows else None


def require_balanced(done: ChunkDone, rejects: Sequence[Reject]) -> None:
    """Raises AccountingMismatch if a record of a chunk is in no bucket, or a reject is not kept."""
    counts = done.counts
    if not counts.balanced or counts.rejected != len(rejects):
        raise AccountingMismatch(
            f"chunk at byte {done.start}: {counts.records} records, but {counts.loaded} loaded"
            f" + {counts.rejected} rejected ({len(rejects)} kept) + {counts.skipped} skipped",
            hint="nothing of this chunk was written; this is a defect, please report it",
        )


def as_seen(identity: Identity) -> tuple[Value, ...]:
    """An input's name, and what tells of a file that it was not touched."""
    inode = None if identity.inode is None else str(identity.inode)
    return identity.name, identity.size, identity.mtime_ns, inode, identity.etag


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise LedgerError(f"the ledger holds {value!r} where a whole number belongs")
    return value
