"""Tries records again that were refused for the lack of a parent in their own table.

Once all chunks are committed every parent that the input has is in the table, or waits itself. So
what waits is tried again, in windows of the input, back and forth, until nothing more is taken;
what is left then is refused for good. Each window is one transaction: its rows are inserted, their
rejects removed and their chunks' counts moved, together or not at all. Killed anywhere, the import
goes on with what waits still, which the ledger knows.

Within a window the target says first which records cannot have a parent, so that those that refer
to each other are given together (see `ports.Target.orphans`). What it refuses all the same is given
in halves until each refused record is alone.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Chunk
from snapshots.engine.events import Notice, Settled
from snapshots.engine.lease.takeover import session_name
from snapshots.engine.loading.missing_parents import MissingParents
from snapshots.engine.support import threads
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.errors import RefusedAndEnded, RefusedRows, SnapshotsError, Stopped, TargetError
from snapshots.formats import encodings
from snapshots.ledger import awaiting_parents
from snapshots.ledger.record import Ledger
from snapshots.model import Counts
from snapshots.time_limits import HEARTBEAT_SECONDS, ROLLBACK_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from snapshots._native import Block
    from snapshots.engine.job import JobContext, JobOutcome
    from snapshots.ledger.awaiting_parents import AwaitingRecord
    from snapshots.ports import Session, Target

T = TypeVar("T")


def retry(target: Target, task: JobContext, ended: JobOutcome) -> JobOutcome:
    """Loads what waits, where the work has ended well, and returns how it has ended then.

    Where the import must stop before its end, what waits stands as rejected, and waits on.
    """
    if not ended.waiting or not ended.complete or ended.error is not None or ended.over_budget:
        return ended
    again, over = ParentRetry(target, task), threading.Event()
    try:
        threads.start("retry", partial(again.cancel_if_stuck, over))
        again.run()
    except Stopped:
        return replace(ended, complete=False)
    except SnapshotsError as error:
        return replace(ended, error=error)
    finally:
        over.set()
        again.close()
    counts = again.counts
    return replace(
        ended, counts=counts, over_budget=task.options.allowed.exceeded_by_all(counts), waiting=0
    )


class _Row(Struct, frozen=True):
    record: AwaitingRecord
    block: Block


class ParentRetry:
    """Tries the records of one import again. Use an instance once."""

    def __init__(self, target: Target, task: JobContext) -> None:
        self._target = target
        self._task = task
        self._table = task.plan.table
        self._columns = task.plan.columns
        self._converter = task.plan.converter(task.lease.import_id)
        self._waits = MissingParents(target, task.plan.table, task.plan.columns)
        self._ledger: Ledger | None = None
        self._connected = False
        self._ended: dict[int, str] = {}
        """Where records are that have ended the transaction they were in, and why."""
        self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
        self.counts = task.committed
        """What the ledger holds in the end."""

    def run(self) -> None:
        """Tries until nothing more is taken. Raises Stopped, and what the target does."""
        loaded, left = self._durably(self._loaded_and_waiting)
        # A child before its parent is what waits, as a rule: then one pass from the end is enough.
        first, backwards = left, True
        while left:
            self._pass(backwards=backwards)
            before, (_, left) = left, self._durably(self._loaded_and_waiting)
            if left == before:
                break
            backwards = not backwards
        refused = self._durably(self._give_up)
        if refused:
            self._tell(Counts(), {awaiting_parents.CODE: -refused, RefusedRows.code: refused})
        taken = self.counts.loaded - loaded
        self._task.listener(
            Notice(
                f"{taken:,} of {first:,} records that waited for other rows of table {self._table}"
                " are loaded now"
            )
        )

    def cancel_if_stuck(self, over: threading.Event) -> None:
        """Cancels a statement that is waited for when the import is to stop. Runs on another
        thread, until it is over."""
        while not over.wait(TICK_SECONDS):
            ledger = self._ledger
            if self._task.stop.is_set() and ledger is not None:
                if over.wait(ROLLBACK_SECONDS):
                    return
                ledger.session.cancel()

    def close(self) -> None:
        """Ends the session."""
        if self._ledger is not None:
            self._ledger.session.close()
            self._ledger = None

    def _loaded_and_waiting(self, ledger: Ledger) -> tuple[int, int]:
        """Counts the records of the import that are loaded, and those that wait."""
        import_id = self._task.lease.import_id
        return ledger.counts(import_id).loaded, awaiting_parents.count(ledger, import_id)

    def _pass(self, *, backwards: bool) -> None:
        """Tries each record that waits, once."""
        edge: int | None = None
        while True:
            window = partial(self._window, edge=edge, backwards=backwards)
            records, taken, refused = self._durably(window)
            if not records:
                return
            edge = records[-1].byte_offset
            if taken or refused:
                codes = {awaiting_parents.CODE: -taken - refused, RefusedRows.code: refused}
                self._tell(Counts(loaded=taken, rejected=-taken), codes)

    def _window(
        self, ledger: Ledger, edge: int | None, *, backwards: bool
    ) -> tuple[list[AwaitingRecord], int, int]:
        """Makes one transaction. Returns what was tried, and how many of it were taken, and refused
        for good."""
        lease = self._task.lease
        records = awaiting_parents.window(ledger, lease, edge, backwards=backwards)
        if not records:
            return [], 0, 0
        taken: list[AwaitingRecord] = []
        refused: list[tuple[AwaitingRecord, str]] = []
        rows = []
        for one in records:
            if one.byte_offset in self._ended:
                refused.append((one, self._ended[one.byte_offset]))
                continue
            row = self._row(one)
            if row is not None:
                rows.append(row)
        orphans = self._waits.orphans(ledger.session, [row.block for row in rows])
        rows = [row for number, row in enumerate(rows) if number not in orphans]
        self._halve(ledger.session, rows, taken, refused)
        fault_point("retry-loaded")
        awaiting_parents.load(ledger, lease, taken)
        awaiting_parents.refuse(ledger, lease, refused)
        fault_point("retry-moved")
        return records, len(taken), len(refused)

    def _halve(
        self,
        session: Session,
        rows: list[_Row],
        taken: list[AwaitingRecord],
        refused: list[tuple[AwaitingRecord, str]],
    ) -> None:
        """Loads rows, or else their halves in order, until each refused one is alone."""
        self._check()
        if not rows:
            return
        try:
            with session.savepoint():
                session.load(self._table, self._columns, (row.block for row in rows))
            taken += [row.record for row in rows]
            return
        except RefusedAndEnded as refusal:
            index = 0 if len(rows) == 1 else refusal.taken
            if index is not None and index < len(rows):
                self._ended[rows[index].record.byte_offset] = str(refusal)
            raise
        except RefusedRows as refusal:
            if len(rows) == 1:
                if not self._waits.for_its_parent(session, refusal, rows[0].block):
                    refused.append((rows[0].record, str(refusal)))
                return
        middle = len(rows) // 2
        self._halve(session, rows[:middle], taken, refused)
        self._halve(session, rows[middle:], taken, refused)

    def _give_up(self, ledger: Ledger) -> int:
        """Refuses what is left, of which nothing more can be taken."""
        refused = awaiting_parents.give_up(ledger, self._task.lease)
        self.counts = ledger.counts(self._task.lease.import_id)
        fault_point("retry-given-up")
        return refused

    def _row(self, record: AwaitingRecord) -> _Row | None:
        """Makes the row of a record; None if it makes none, which it did before."""
        dialect = self._task.plan.dialect
        raw = record.raw
        if not encodings.is_utf8(dialect.encoding):
            raw = b"".join(encodings.transcode([raw], dialect.encoding))
        end = b"\r" if dialect.terminator == "cr" else b"\n"
        chunk = Chunk.of(raw + end, record.byte_offset, record.line)
        block = self._converter.convert(chunk, 0, record.line, len(chunk))
        return _Row(record, block) if block.loaded == block.records == 1 else None

    def _durably(self, step: Callable[[Ledger], T]) -> T:
        """Returns what a step gives, once all that it did is committed. Tries as long as a worker
        does."""
        patience = DatabaseRetry(self._check)
        lease = self._task.lease
        while True:
            self._check()
            known = len(self._ended)
            try:
                ledger = self._connect()
                fault_point("retry-begun")
                with ledger.session.transaction():
                    ledger.require(ledger.session, lease)
                    result = step(ledger)
                    ledger.seal(ledger.session, lease)
                fault_point("retry-committed")
            except RefusedAndEnded:
                if len(self._ended) == known:
                    raise
                # Begun anew, without the row that has ended it.
                continue
            except SnapshotsError as error:
                if self._task.stop.is_set() and isinstance(error, TargetError):
                    # This may be the cancelled statement.
                    raise Stopped("stopped") from error
                patience.bear(error, connected=self._connected)
                self.close()
            else:
                return result
            patience.wait()

    def _connect(self) -> Ledger:
        if self._ledger is None:
            session = self._target.connect(create=False)
            self._connected = True
            session.name(session_name(self._task.lease))
            self._ledger = Ledger(self._target, session)
        return self._ledger

    def _check(self) -> None:
        """Raises Stopped if somebody wants the import to stop; else says that its owner lives."""
        if self._task.stop.is_set():
            raise Stopped("stopped")
        if self._target.writers != 1 and time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
            self._task.heartbeat()

    def _tell(self, counts: Counts, codes: Mapping[str, int]) -> None:
        self._task.listener(Settled(self._task.lease.import_id, counts, codes))
