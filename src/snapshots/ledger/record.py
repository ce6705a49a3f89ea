"""Writes the ledger: who works on an import, and what became of each chunk.

`Ledger.claim` and `Ledger.record` run inside the transaction that loads the chunk's rows, on the
session that the engine hands in. The other methods use the ledger's own session, and commit by
themselves unless their docstring asks for a transaction.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.errors import (
    AccountingMismatch,
    AlreadyCommitted,
    LedgerError,
    LostLease,
    RefusedAndEnded,
    RefusedRows,
    SnapshotsError,
    TargetError,
)
from snapshots.ledger import schema
from snapshots.ledger.chunk_account import ChunkDone, counts_row, require_balanced
from snapshots.ledger.chunk_pages import each_chunk
from snapshots.ledger.entry import Entry
from snapshots.ledger.history import History
from snapshots.ledger.locks import number_of
from snapshots.ledger.numbers import Numbers
from snapshots.ledger.rows import Row, Sql, update
from snapshots.model import Reject, State, TableName
from snapshots.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.ledger.chunk_rejects import ChunkRejects
    from snapshots.model import RowChanges
    from snapshots.ports import Session, Target, Value


_REJECTS = TableName("snapshots_rejects")
_REJECT_COLUMNS = ("import_id", "byte_offset", "line", "column_name", "code", "reason", "raw")


class Lease(Struct, frozen=True):
    """The right to write for an import, until another process takes it over with a higher fence."""

    import_id: int
    fence: int
    owner: str
    replaces: int | None = None
    """The import whose content this one's succeeds: of the same name, into the same table."""
    continues: int | None = None
    """The import that has loaded the part of the input before this one's."""


class Ledger(History):
    """Writes the ledger of one database."""

    def __init__(self, target: Target, session: Session) -> None:
        super().__init__(target, session)
        self.now = Sql(target.dialect.now)
        """The time by the database's clock, as an expression."""
        self.numbers = Numbers(target, session)

    def make(self) -> None:
        """Makes the ledger's tables where they are missing. An older ledger stays as it is."""
        self._version = schema.make(self.target, self.session)

    def migrate(self, alive: schema.Alive) -> int | None:
        """Brings an older ledger to this program's version.

        Returns the version that it had, or None where there was nothing to do.

        Raises ImportBusy while an import of the older program is being worked on.
        """
        if self._known_version() == schema.VERSION:
            return None
        before = schema.migrate(self.target, self.session, alive)
        self._version = schema.VERSION
        return before

    @contextmanager
    def writing(self, *locks: str, wait: bool = True) -> Iterator[None]:
        """A transaction in which the ledger keeps its version.

        Only one process at a time is in it with the same lock, by its name (see `locks.py`): who
        looks before it writes asks for one. Several are taken in the order given, which is that of
        `locks.py`. Who takes those of many inputs does not `wait`: so two of them never wait for
        each other. Raises LedgerError where the ledger has another version than this program
        writes, TargetError where another process holds a lock for too long.
        """
        dialect = self.target.dialect
        taken = [dialect.transaction_lock(number_of(lock)) for lock in locks]
        held = [lock for lock in taken if lock is not None]
        counted = dialect.import_numbers is not None or dialect.inserted_number is not None
        shared = counted and len(held) == len(locks)
        try:
            with self.session.transaction():
                takes = [one.take if wait else one.take_free for one in held]
                self._require_version(takes, dialect.share_lock if shared else dialect.row_lock)
                yield
        finally:
            if releases := ", ".join(lock.release for lock in held if lock.release):
                # Where the session is gone the server has given the locks back.
                with suppress(SnapshotsError):
                    self.session.execute(f"SELECT {releases}")

    def _require_version(self, takes: Sequence[str], lock: str) -> None:
        also = "".join(f", {take}" for take in takes)
        rows = self.session.execute(f"SELECT version{also} FROM snapshots_version{lock}")
        found = schema.version_of(self.target, rows)
        if found != schema.VERSION:
            raise LedgerError(
                f"the ledger in {self.target.display()} has version {found}, but this program"
                f" needs version {schema.VERSION}",
                hint="run any command that imports, which migrates the ledger; then try again",
            )
        if any(one != 1 for one in rows[0][1:]):
            raise TargetError(
                "Another process has locked the same import for too long.",
                hint="Try again after it has ended.",
                retryable=True,
            )

    def replan(self, lease: Lease, plan: str) -> None:
        """Gives an import that has no chunk yet another plan; or a delivery the same plan with
        what may have been sent."""
        self.change(lease, {"plan": plan})

    def take(self, entry: Entry, owner: str, lost: int = 0) -> Lease:
        """Takes up an import that nobody works on any more; `lost` is how many workers died of it.

        Call it within `writing`. Raises LedgerError where another process was faster.
        """
        rows = self.session.execute(
            f"SELECT fence FROM snapshots_imports WHERE id = ?{self.target.dialect.row_lock}",
            (entry.import_id,),
        )
        if not rows or rows[0][0] != entry.fence:
            raise LedgerError(
                f"another process has just resumed import {entry.import_id}",
                hint="wait until it ends; see its progress with snapshots list",
            )
        self.change(
            entry,
            {
                "state": "running",
                **dict.fromkeys(("error", "error_code", "finished_at", "same_as", "note")),
                "workers_lost": lost,
                "owner": owner,
                "fence": entry.fence + 1,
                "heartbeat_at": self.now,
            },
        )
        return Lease(entry.import_id, entry.fence + 1, owner, continues=entry.continues)

    def heartbeat(self, lease: Lease, chunks: int | None = None) -> None:
        """Says that the lease's owner is alive, and how many chunks there are at least: so many
        the import must have from now on."""
        counted: Row = {} if chunks is None else {"chunks": chunks, "workers_lost": 0}
        self.change(lease, {"heartbeat_at": self.now, **counted})

    def count_chunks(self, import_id: int) -> int:
        """Counts the chunks of an import."""
        ((found,),) = self.session.execute(
            "SELECT COUNT(*) FROM snapshots_chunks WHERE import_id = ?", (import_id,)
        )
        return cast("int", found)

    def change(
        self, of: Lease | Entry, row: Row, also: str = "", session: Session | None = None
    ) -> None:
        """Sets columns of an import, unless it was taken over since; `also` is a further condition,
        such as ` AND wanted IS NULL`."""
        update(
            session or self.session,
            "snapshots_imports",
            row,
            f"id = ? AND fence = ?{also}",
            (of.import_id, of.fence),
        )

    def claim(self, session: Session, lease: Lease, start: int, line: int) -> None:
        """Claims a chunk, as the first act of its transaction.

        The primary key decides: while two transactions claim the same chunk, the database makes one
        wait for the other. Raises AlreadyCommitted if the chunk is accounted for, LostLease if the
        import was taken over.
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
            raise AlreadyCommitted(f"the chunk at byte {start} is already recorded") from taken

    def record(
        self,
        session: Session,
        lease: Lease,
        done: ChunkDone,
        rejects: ChunkRejects,
        *,
        counted_later: bool = False,
    ) -> None:
        """Writes the account of a chunk, as the last act of its transaction.

        Of many sessions on many hosts, none must keep the import's row from its owner: then the
        chunk is `counted_later`, by `heartbeat`.

        Raises AccountingMismatch if the counts do not add up, LostLease if the import was
        taken over meanwhile; both roll the chunk back.
        """
        require_balanced(done, rejects)
        self.keep_all(session, lease, rejects)
        update(
            session,
            "snapshots_chunks",
            {**done.row(), "committed_at": self.now},
            "import_id = ? AND start_offset = ?",
            (lease.import_id, done.start),
        )
        if counted_later:
            self.require(session, lease, self.target.dialect.stay_lock)
        else:
            self.seal(session, lease, chunks=1)

    def seal(self, session: Session, lease: Lease, *, chunks: int = 0) -> None:
        """Adds new chunks to those that the import must have, and says that its owner is alive.

        Nobody can take the import over from here to COMMIT. Raises LostLease if somebody has.
        """
        # This lock comes last: other chunks wait for it only as long as COMMIT takes.
        counted = Sql(f"chunks + {chunks:d}")
        row: Row = {"heartbeat_at": self.now, "workers_lost": 0, "chunks": counted}
        self.change(lease, row, session=session)
        self.require(session, lease)

    def keep(self, session: Session, lease: Lease, rejects: Sequence[Reject]) -> None:
        """Keeps rejects of an import. Call it in the transaction that counts them."""
        if rejects:
            session.insert(
                _REJECTS,
                _REJECT_COLUMNS,
                [
                    (lease.import_id, r.byte_offset, r.line, r.column, r.code, r.reason, r.raw)
                    for r in rejects
                ],
            )

    def keep_all(self, session: Session, lease: Lease, rejects: ChunkRejects) -> None:
        """Keeps all rejects of a chunk. Call it in the transaction that counts them."""
        if not rejects:
            return
        encoding = self.target.encoding_for(session, None)
        if not encoding.binary:
            self.keep(session, lease, list(rejects))
            return
        blocks = rejects.blocks(encoding.name, lease.import_id)
        session.load(_REJECTS, _REJECT_COLUMNS, blocks)
        self.keep(session, lease, rejects.refused)

    def is_finished(self, lease: Lease) -> bool:
        """Whether the import was finished under this lease."""
        return self._fence_and_state(self.session, lease) == (lease.fence, "finished")

    def finish(
        self,
        lease: Lease,
        end: int,
        content_hash: str,
        size: int,
        seconds: float,
        changes: RowChanges | None = None,
        note: str = "",
        as_of: str | None = None,
        publish: str | None = None,
    ) -> None:
        """Proves that the whole input is accounted for, `end` bytes as the kernel sees them, and
        writes that the import is finished, with what it has done to the table's rows. What an
        import continues is accounted for by that one.

        Call it within a transaction, and again if the answer to its COMMIT was lost. Raises
        AccountingMismatch if the chunks leave a gap, overlap, miss the end, hold records that are
        not decided, or have loaded another number of rows than the table has taken; LostLease.
        """
        expected = self.beginning(lease.import_id).end
        for chunk in each_chunk(self, lease.import_id):
            if chunk.start != expected:
                raise _mismatch(f"bytes {expected} to {chunk.start} of the input are in no chunk")
            if chunk.pending:
                raise _mismatch(
                    f"{chunk.pending} records of the chunk at byte {chunk.start} are still pending"
                )
            expected = chunk.end
        if expected != end:
            raise _mismatch(f"the chunks end at byte {expected}, but the input ends at byte {end}")
        if self._fence_and_state(self.session, lease) == (lease.fence, "finished"):
            return
        self.require(self.session, lease)
        known: dict[str, Value] = {
            "content_hash": content_hash,
            "size": size,
            "error": None,
            "error_code": None,
        }
        if changes is not None:
            loaded = self.counts(lease.import_id).loaded
            if changes.taken != loaded:
                raise _mismatch(f"{loaded} rows were loaded, and the table has taken {changes}")
            known |= {**plain(changes), "note": note or None, "as_of": as_of, "publish": publish}
        self._end(lease, "finished", known, seconds)
        if not self.is_finished(lease):
            self.require(self.session, lease)

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
            self._end(lease, state, {"error": error, "error_code": code}, seconds)

    def _end(self, lease: Lease, state: State, row: Row, seconds: float) -> None:
        # Who was taken over waits for no lock of its successor.
        if self._fence_and_state(self.session, lease) != (lease.fence, "running"):
            return
        # From here on no chunk of it commits: the totals are those of all that there will be.
        self._fence_and_state(self.session, lease, self.target.dialect.row_lock)
        update(
            self.session,
            "snapshots_imports",
            {
                "state": state,
                **row,
                **counts_row(self.counts(lease.import_id)),
                "seconds": Sql(f"seconds + {seconds!r}"),
                "finished_at": self.now,
                "owner": None,
                "workers_lost": 0,
            },
            "id = ? AND fence = ? AND state = 'running'",
            (lease.import_id, lease.fence),
        )

    def require(self, session: Session, lease: Lease, lock: str = "") -> None:
        """Raises LostLease where another process has taken the import over."""
        if self._fence_and_state(session, lease, lock) != (lease.fence, "running"):
            raise LostLease(
                f"another process took over import {lease.import_id}",
                hint="see its progress with snapshots list",
            )

    def _fence_and_state(self, session: Session, lease: Lease, lock: str = "") -> object:
        rows = session.execute(
            f"SELECT fence, state FROM snapshots_imports WHERE id = ?{lock}", (lease.import_id,)
        )
        return rows[0] if rows else None


def new_chunk_row(lease: Lease, done: ChunkDone) -> Row:
    """A chunk that nobody has claimed before, as columns of snapshots_chunks."""
    return {
        "import_id": lease.import_id,
        "start_offset": done.start,
        "start_line": done.start_line,
        "fence": lease.fence,
        **done.row(),
    }


def _mismatch(text: str) -> AccountingMismatch:
    return AccountingMismatch(text, hint="this is a bug, please report it")
