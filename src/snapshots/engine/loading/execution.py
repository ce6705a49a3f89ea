"""Carries out one import: a reader, some workers, and the main thread that keeps the books.

The main thread alone talks to the listener and to the ledger's own session. Workers commit
chunks; what they report has been committed.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import TYPE_CHECKING

from snapshots.engine.events import Committed, Notice, Progress, as_committed
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.job import JobOutcome
from snapshots.engine.limits import StopConditions
from snapshots.engine.loading.altered_values import AlteredValues
from snapshots.engine.loading.missing_parents import MissingParents
from snapshots.engine.loading.worker import WorkerContext, work_on_chunks
from snapshots.engine.loading.write import RowWriter
from snapshots.engine.support import threads
from snapshots.errors import OutOfMemory, Stopped
from snapshots.model import Counts
from snapshots.time_limits import HEARTBEAT_SECONDS, ROLLBACK_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.input.reader import Piece
    from snapshots.engine.job import JobContext
    from snapshots.engine.plan.options import Options
    from snapshots.ledger.chunk_account import ChunkDone
    from snapshots.ports import Session, Target

MAX_WORKERS = 4


class LoadingExecution:
    """Runs the threads of one import. Use an instance once."""

    def __init__(self, target: Target, task: JobContext) -> None:
        plan, options = task.plan, task.options
        table, columns = plan.loads_into(task.lease.import_id)
        remainder = Remainder.after(task.chunks, task.beginning)
        self._watch = StopConditions(
            options.allowed,
            committed=task.committed,
            limit=options.limit,
            stop=task.stop,
            waiting=task.waiting,
        )
        self._source = task.source
        self._workers = _workers(options, target)
        self._part = WorkerContext(
            target,
            task.lease,
            RowWriter(
                table,
                columns,
                plan.converter(task.lease.import_id),
                stop_at_reject=options.stop_on_error,
                prefetch_blocks=self._workers == 1,
                comparing=AlteredValues(target, plan),
                waits=MissingParents(target, table, columns),
            ),
        )
        self._reader = Reader(
            task.source, plan.dialect, plan.chunk_size, remainder, task.content_hash
        )
        self._pieces: queue.Queue[Piece | None] = queue.Queue(1)
        self._unreported: queue.SimpleQueue[Committed | Notice] = queue.SimpleQueue()
        self._noticed: set[str] = set()
        self._missing = remainder
        self._lock = threading.Lock()
        self._committed_bytes = 0
        self._sessions: set[Session] = set()
        self._ended_at: float | None = None
        self._read_all = False
        self._error: BaseException | None = None
        self._listener = task.listener
        self._heartbeat = task.heartbeat if target.writers != 1 else None

    def run(self) -> JobOutcome:
        """Works until everything is committed, or until there is a reason to stop."""
        if self._watch.enough(Counts()):
            return self._ended()
        began = time.monotonic()
        started = self._start()
        working = started[1:]
        next_heartbeat = began + HEARTBEAT_SECONDS
        while any(thread.is_alive() for thread in working):
            try:
                _join_one(working)
                self._cancel_if_stuck()
                self._tell()
                self._listener(self._progress(began))
                if self._heartbeat and time.monotonic() >= next_heartbeat:
                    next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
                    self._heartbeat()
            except BaseException as error:
                # Whatever it is, a listener's error or Ctrl-C: nobody goes on loading behind it.
                if isinstance(self._error, KeyboardInterrupt):
                    raise
                self._fail(error)
        # The reader may hang in a read that nobody can end, of a terminal for instance.
        for reading in started[:1]:
            reading.join(TICK_SECONDS if self._watch.ended else None)
        self._tell()
        return self._ended()

    def _start(self) -> list[threading.Thread]:
        """Starts the reader and the workers; fewer, and the import ends, where the system gives
        none."""
        started: list[threading.Thread] = []
        try:
            started.append(threads.start("reader", self._read))
            numbers = range(self._workers)
            started.extend(threads.start(f"worker-{number}", self._work) for number in numbers)
        except OutOfMemory as error:
            self._fail(error)
        return started

    def _tell(self) -> None:
        while not self._unreported.empty():
            self._listener(self._unreported.get())

    def _cancel_if_stuck(self) -> None:
        """Cancels workers that wait for their database, and cannot see that they should stop."""
        if not self._watch.ended:
            return
        now = time.monotonic()
        self._ended_at = self._ended_at or now
        if now - self._ended_at > ROLLBACK_SECONDS:
            self._ended_at = now
            for session in list(self._sessions):
                session.cancel()

    def _read(self) -> None:
        try:
            for piece in self._reader:
                if not self._offer(piece):
                    return
            self._read_all = True
        except BaseException as error:
            self._fail(error, let_workers_finish=True)
        for _ in range(self._workers):
            self._offer(None)

    def _offer(self, piece: Piece | None) -> bool:
        while not self._watch.ended:
            try:
                self._pieces.put(piece, timeout=TICK_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def _work(self) -> None:
        try:
            work_on_chunks(
                self._part, self._take(), self._watch, self._count, self._say, self._sessions
            )
        except Stopped:
            pass
        except BaseException as error:
            self._fail(error)

    def _take(self) -> Iterator[Piece]:
        while not self._watch.ended:
            try:
                piece = self._pieces.get(timeout=TICK_SECONDS)
            except queue.Empty:
                continue
            if piece is None:
                return
            yield piece

    def _count(self, done: ChunkDone) -> None:
        with self._lock:
            self._committed_bytes += done.end - done.start
        self._unreported.put(as_committed(self._part.lease.import_id, done))
        self._watch.commit(done.counts, done.waiting)

    def _say(self, text: str) -> None:
        with self._lock:
            new = text not in self._noticed
            self._noticed.add(text)
        if new:
            self._unreported.put(Notice(text))

    def _fail(self, error: BaseException, *, let_workers_finish: bool = False) -> None:
        with self._lock:
            self._error = self._error or error
        if not let_workers_finish:
            self._watch.end()

    def _progress(self, began: float) -> Progress:
        with self._lock:
            committed = self._committed_bytes
        read = max(self._reader.end, 1)
        skipped = self._missing.gaps[0].start
        return Progress(
            import_id=self._part.lease.import_id,
            input=self._source.identity.name,
            counts=self._watch.committed,
            # A compressed input has a length only as it lies, a committed chunk only as it is
            # without compression: what was read of the one stands for what was read of the other.
            bytes_done=int(self._source.consumed * min(1.0, (skipped + committed) / read)),
            bytes_total=self._source.identity.size,
            seconds=time.monotonic() - began,
        )

    def _ended(self) -> JobOutcome:
        gaps = self._missing.gaps
        missing = sum((gap.end or self._reader.end) - gap.start for gap in gaps)
        counts = self._watch.committed
        complete = self._read_all and self._committed_bytes == missing and self._error is None
        return JobOutcome(
            counts=counts,
            complete=complete,
            over_budget=self._watch.over_budget()
            or (complete and self._watch.over_budget_at_the_end()),
            limited=not complete and self._watch.remaining(Counts()) == 0,
            error=self._error,
            waiting=self._watch.waiting,
            end=self._reader.end,
            content_hash=self._reader.content_hash,
            size=self._reader.size,
        )


def _workers(options: Options, target: Target) -> int:
    """Returns one where the order of records matters, else one more than there are cores, within
    bounds: while one waits for its COMMIT to reach the disk, the others keep the cores busy."""
    if options.limit is not None or options.stop_on_error:
        return 1
    wanted = options.workers or min(MAX_WORKERS, 1 + (os.cpu_count() or 1))
    return min(wanted, target.writers or wanted)


def _join_one(threads: list[threading.Thread]) -> None:
    for thread in threads:
        if thread.is_alive():
            thread.join(TICK_SECONDS)
            return
