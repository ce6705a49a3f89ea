"""Carries out one import: a cutter, an executor, and the main thread that reports and gives signs
of life.

The main thread alone talks to the listener and to the ledger's own session. Executors commit
chunks; what they report has been committed.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from snapshots.engine.events import Progress
from snapshots.engine.input.reader import Remainder
from snapshots.engine.job import JobOutcome
from snapshots.engine.limits import StopConditions
from snapshots.engine.loading.executor import Executor, ThreadExecutor
from snapshots.engine.loading.flow import LoadingFlow
from snapshots.engine.support import threads
from snapshots.errors import OutOfMemory, Stopped
from snapshots.formats import encodings
from snapshots.model import Counts
from snapshots.time_limits import HEARTBEAT_SECONDS, ROLLBACK_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from snapshots.engine.job import JobContext
    from snapshots.ports import Target


class LoadingExecution:
    """Runs the threads of one import. Use an instance once."""

    def __init__(self, target: Target, task: JobContext, executor: Executor | None = None) -> None:
        """`executor` carries the cuts out; None: threads of this process do."""
        plan, options = task.plan, task.options
        seekable = task.source.seekable and encodings.is_utf8(plan.dialect.encoding)
        self._missing = Remainder.after(task.chunks(), task.beginning, seekable=seekable)
        self._watch = StopConditions(
            options.allowed,
            committed=task.committed,
            limit=options.limit,
            stop=task.stop,
            waiting=task.waiting,
        )
        self._source = task.source
        self._import_id = task.lease.import_id
        self._executor = executor or ThreadExecutor(target, task)
        self._cutter = self._executor.cutter(self._missing)
        self._flow = LoadingFlow(self._import_id, self._watch)
        self._ended_at: float | None = None
        self._read_all = False
        self._listener = task.listener
        # Where others load, a task may hold the import's row: the executor has a thread for that.
        own = target.writers != 1 and executor is None
        self._heartbeat = task.heartbeat if own else None

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
                if isinstance(self._flow.error, KeyboardInterrupt):
                    raise
                self._flow.fail(error)
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
            numbers = range(self._executor.threads)
            started.extend(threads.start(f"worker-{number}", self._work) for number in numbers)
        except OutOfMemory as error:
            self._flow.fail(error)
        return started

    def _tell(self) -> None:
        for event in self._flow.unreported():
            self._listener(event)

    def _cancel_if_stuck(self) -> None:
        """Cancels workers that wait for their database, and cannot see that they should stop."""
        if not self._watch.ended:
            return
        now = time.monotonic()
        self._ended_at = self._ended_at or now
        if now - self._ended_at > ROLLBACK_SECONDS:
            self._ended_at = now
            self._executor.cancel()

    def _read(self) -> None:
        try:
            for batch in self._cutter:
                if not self._flow.offer(batch):
                    return
            self._read_all = True
        except Stopped:
            pass
        except BaseException as error:
            self._flow.fail(error, let_workers_finish=True)
        for _ in range(self._executor.threads):
            self._flow.offer(None)

    def _work(self) -> None:
        try:
            self._executor.work(self._flow)
        except Stopped:
            pass
        except BaseException as error:
            self._flow.fail(error)

    def _progress(self, began: float) -> Progress:
        read = max(self._cutter.end, 1)
        skipped = self._missing.gaps[0].start
        committed = skipped + self._flow.committed_bytes
        return Progress(
            import_id=self._import_id,
            input=self._source.identity.name,
            counts=self._watch.committed,
            # A compressed input has a length only as it lies, a committed chunk only as it is
            # without compression: what was read of the one stands for what was read of the other.
            bytes_done=int(self._cutter.consumed * min(1.0, committed / read)),
            bytes_total=self._source.identity.size,
            seconds=time.monotonic() - began,
        )

    def _ended(self) -> JobOutcome:
        end, error = self._cutter.end, self._flow.error
        missing = sum((gap.end or end) - gap.start for gap in self._missing.gaps)
        counts = self._watch.committed
        complete = self._read_all and self._flow.committed_bytes == missing and error is None
        return JobOutcome(
            counts=counts,
            complete=complete,
            over_budget=self._watch.over_budget()
            or (complete and self._watch.over_budget_at_the_end()),
            limited=not complete and self._watch.remaining(Counts()) == 0,
            error=error,
            waiting=self._watch.waiting,
            end=end,
            content_hash=self._cutter.content_hash,
            size=self._cutter.size,
        )


def _join_one(threads: list[threading.Thread]) -> None:
    for thread in threads:
        if thread.is_alive():
            thread.join(TICK_SECONDS)
            return
