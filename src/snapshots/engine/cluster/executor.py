"""Carries the batches of one import out as tasks of a pool.

A task that is lost, or late, or slower than the others gets a copy. That is harmless: the claim in
the ledger decides which of them commits a chunk, and each reports what is committed.
"""

from __future__ import annotations

import queue
import time
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.engine.cluster.losses import MOST, Losses
from snapshots.engine.cluster.placement import SESSIONS, Durations, Placement
from snapshots.engine.cluster.survey_cutter import SurveyCutter, step_for
from snapshots.engine.cluster.survey_task import KeptBytes
from snapshots.engine.cluster.survey_tasks import SurveyTasks
from snapshots.engine.cluster.task import Share, TaskReport, load, look, release
from snapshots.engine.input.cutter import ReadingCutter
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import session_name
from snapshots.engine.loading.executor import reader
from snapshots.engine.support import threads
from snapshots.errors import CannotConnect, ClusterGone, LostLease, SnapshotsError, TaskLost
from snapshots.formats import encodings
from snapshots.time_limits import TICK_SECONDS

if TYPE_CHECKING:
    from snapshots.engine.cluster.pool import TaskPool
    from snapshots.engine.input.cut import Batch
    from snapshots.engine.input.cutter import Cutter
    from snapshots.engine.input.reader import Remainder
    from snapshots.engine.job import JobContext
    from snapshots.engine.loading.flow import LoadingFlow
    from snapshots.ports import Target

TASK_CHUNKS = 8
"""That one task reads and loads, one after the other."""
_SURVEYS_EACH = 3
"""Surveys for each slot that wait, run, or have not been checked in order."""
_COPIES = 2
"""Tasks of one batch that run at once."""
_SLOW = 3
"""Times the median task: then one gets a copy, if a slot has nothing else to do."""
_SLOW_SECONDS = 5.0
_COUNT_SECONDS = 1.0
"""Between two writes of how many chunks there are, which are heartbeats."""


class _Work(Struct, eq=False):
    """A batch that is being carried out."""

    number: int
    batch: Batch
    handles: dict[Any, str] = field(default_factory=dict)
    """The tasks that run for it, and their names."""
    tasks: int = 0
    gone: list[str] = field(default_factory=list)
    """The names of its tasks that were lost. One may begin late, or wake up."""
    committed: int = 0
    counted: set[int] = field(default_factory=set)
    """Where its chunks begin that were reported."""
    failed_on: set[str] = field(default_factory=set)
    """The hosts that could not do it."""


class ClusterExecutor:
    """See `loading.executor.Executor`: one thread submits tasks, and looks after them."""

    threads = 1

    def __init__(
        self, target: Target, task: JobContext, pool: TaskPool, sessions: int | None = None
    ) -> None:
        """`sessions`: connections with the database that tasks may have at once."""
        self._target = target
        self._task = task
        self._pool = pool
        self._sessions = sessions or SESSIONS
        self._ledger = LedgerSession(target, create=False)
        identity = task.source.identity
        self._share = Share(
            release(),
            task.lease,
            task.plan.to_json(),
            target.display(),
            identity,
            not self.by_value,
            replace(task.options.remote_access, connections=1),
            task.options.allowed,
            task.committed,
            task.waiting,
        )
        self._placement = Placement(pool, look, self._share)
        self._losses = Losses()
        self._surveys = SurveyTasks(pool, self._placement, self._share, self._losses)
        self._works: dict[Any, _Work] = {}
        """By handle: those in the order in which they were submitted."""
        self._again: list[_Work] = []
        self._number = 0
        self._durations = Durations()
        self._over = False
        self._chunks = self._ledger.ledger.count_chunks(task.lease.import_id)
        """Those that are known to be committed; all that there are, before the first task."""

    @property
    def by_value(self) -> bool:
        """Whether the bytes go with the cuts: nobody else can read them again from their middle."""
        source, encoding = self._task.source, self._task.plan.dialect.encoding
        again = source.seekable and not source.hides_secret
        return not again or not encodings.is_utf8(encoding)

    def _about_values(self) -> list[str]:
        if not self._task.source.hides_secret:
            return []
        return [
            "the URL has a secret part, which no task gets: all bytes pass through this process"
        ]

    def cutter(self, remainder: Remainder) -> Cutter:
        """See `Executor`: many readers, or one reader here where only that is possible."""
        source, plan = self._task.source, self._task.plan
        known, slots = source.identity.size, max(1, self._placement.slots)
        task_bytes = TASK_CHUNKS * plan.chunk_size
        if not self.by_value and known:
            step = step_for(known, slots, plan.chunk_size, task_bytes)
            if known > step:
                digest = self._task.content_hash
                return SurveyCutter(source, step, remainder, digest, self._surveys)
        size = 0 if self.by_value else task_bytes
        return ReadingCutter(reader(self._task, remainder), size, by_value=self.by_value)

    def work(self, flow: LoadingFlow) -> None:
        """See `Executor`."""
        for text in (*self._pool.warnings(), *self._about_values()):
            flow.say(text)
        beating = threads.start("heartbeat", partial(self._beat, flow))
        with closing(self._pool), closing(self._ledger):
            try:
                self._work(flow)
            finally:
                self._surveys.end()
                self._end_all()
                self._placement.end()
                self._over = True
                beating.join()

    def cancel(self) -> None:
        """See `Executor`: `work` looks whether the import must stop, ten times a second."""

    def _work(self, flow: LoadingFlow) -> None:
        more = True
        while more or self._works or self._again:
            flow.watch.check()
            while self._again and self._may_load():
                self._submit(self._again.pop(0), flow)
            while more and not self._again and self._may_load():
                try:
                    batch = flow.take_at_once()
                except queue.Empty:
                    break
                more = batch is not None
                if batch is not None:
                    self._number += 1
                    self._submit(_Work(self._number, batch), flow)
            self._surveys.most = max(2, _SURVEYS_EACH * self._placement.slots)
            self._surveys.submit()
            running = [*self._works, *self._surveys.handles]
            if not running:
                time.sleep(TICK_SECONDS / 10)
                self._placement.look_after()
                continue
            for handle in self._pool.ready([*running, *self._placement.looks], TICK_SECONDS):
                if handle in self._works:
                    self._collect(handle, flow)
                elif handle in self._surveys.handles:
                    self._suspect(self._surveys.collect(handle), flow)
                else:
                    self._placement.collect(handle)
            self._placement.look_after()
            self._suspect(self._surveys.late(), flow)
            self._look_after(flow, idle=not more and not self._again)

    def _may_load(self) -> bool:
        """Whether a host has room, and the database may have another session."""
        return self._placement.free > 0 and len(self._works) < self._sessions

    def _submit(self, work: _Work, flow: LoadingFlow, avoid: tuple[str, ...] = ()) -> None:
        work.tasks += 1
        name = f"{work.number}.{work.tasks}"
        share = replace(self._share, committed=flow.watch.committed, waiting=flow.watch.waiting)
        kept = work.batch.kept
        near = kept.host if isinstance(kept, KeptBytes) else None
        avoided = {*work.failed_on, *avoid}
        handle = self._placement.submit(load, share, work.batch, name, near=near, avoid=avoided)
        work.handles[handle] = name
        self._works[handle] = work

    def _collect(self, handle: Any, flow: LoadingFlow) -> None:
        work = self._works.pop(handle)
        name = work.handles.pop(handle)
        host = self._placement.host_of(handle)
        self._placement.ended(handle)
        try:
            report: TaskReport = self._pool.result(handle)
        except TaskLost as error:
            # The whole host may be gone, before the pool knows it.
            work.failed_on.add(host)
            self._lost(work, name, error, flow)
            return
        except SnapshotsError as error:
            self._failed(work, host, error, flow)
            return
        for text in report.notices:
            flow.say(text)
        for other in list(work.handles):
            self._drop(work, other)
        self._losses.got_on(work)
        for done in report.done:
            # Of a batch that is continued, a task reports the first chunks again.
            if done.start not in work.counted:
                work.counted.add(done.start)
                flow.count(done)
                self._chunks += 1
        self._durations.note(report.seconds)
        self._continue(work, report, flow)

    def _failed(self, work: _Work, host: str, error: SnapshotsError, flow: LoadingFlow) -> None:
        """Gives a batch to another host, which may reach or have what this one does not."""
        work.failed_on.add(host)
        too_many = self._too_many(work)
        lacks = isinstance(error, CannotConnect) and self._placement.has_other(work.failed_on)
        passing = (error.retryable or lacks) and not isinstance(error, ClusterGone)
        if not work.handles and (not passing or too_many):
            raise error
        if passing:
            flow.say(f"another host loads what one host cannot: {error} {error.hint}".strip())
            self._suspect(host, flow)
        if not work.handles:
            # Else its copy may have ended it.
            self._again.append(work)

    def _continue(self, work: _Work, report: TaskReport, flow: LoadingFlow) -> None:
        """Submits what a task has left undone: it saw more rejects than allowed among few."""
        end = report.done[-1].end if report.done else work.batch.start
        rest = work.batch.after(end)
        if rest is not None and not flow.watch.ended:
            self._number += 1
            self._again.append(_Work(self._number, rest, counted=work.counted))

    def _lost(self, work: _Work, name: str, error: TaskLost, flow: LoadingFlow) -> None:
        """Submits a batch again whose task is gone, and ends what is left of the task."""
        work.gone.append(name)
        for gone in work.gone:
            self._end_sessions(gone)
        if self._too_many(work):
            error.hint = (
                f"{MOST} tasks were lost at the bytes from {work.batch.start} on: a host may"
                " lack memory"
            )
            raise error
        flow.say("a task was lost: its part of the input is loaded again")
        if not work.handles:
            self._again.append(work)

    def _look_after(self, flow: LoadingFlow, *, idle: bool) -> None:
        """Ends tasks that are late, and copies those that are slower than the others."""
        median = self._durations.median
        for handle, work in list(self._works.items()):
            if handle not in self._works:
                continue  # it was moved meanwhile
            ran, host = self._placement.running(handle), self._placement.host_of(handle)
            size = work.batch.end - work.batch.start
            if ran > self._durations.limit(size, self._losses.of(work)):
                name = work.handles[handle]
                work.failed_on.add(host)
                self._drop(work, handle)
                self._lost(work, name, TaskLost("a task does not end"), flow)
                self._suspect(host, flow)
            elif (
                idle
                and median is not None
                and ran > max(_SLOW_SECONDS, _SLOW * median)
                and len(work.handles) < _COPIES
                and len(self._works) < self._placement.slots
                and self._may_load()
            ):
                self._submit(work, flow, avoid=(host,))

    def _suspect(self, host: str | None, flow: LoadingFlow) -> None:
        """Takes all tasks from a host that could not do one, if there is another host: so many of
        them would be late one after the other."""
        if host is None:
            return
        tasks = self._placement.suspect(host)
        if tasks:
            flow.say("a host does not do its tasks: others take them over")
        for handle in tasks:
            if handle in self._works:
                work = self._works[handle]
                work.gone.append(work.handles[handle])
                self._drop(work, handle)
                if not work.handles:
                    self._again.append(work)
            else:
                self._surveys.move(handle)

    def _drop(self, work: _Work, handle: Any) -> None:
        """Ends one task of a batch: its process if it can be reached, and its session."""
        name = work.handles.pop(handle)
        if self._works.pop(handle, None) is not None:
            self._placement.ended(handle)
        self._pool.cancel(handle)
        self._end_sessions(name)

    def _end_all(self) -> None:
        for handle, work in list(self._works.items()):
            self._drop(work, handle)

    def _end_sessions(self, task: str) -> None:
        with suppress(SnapshotsError):
            session = self._ledger.renewed().session
            session.end_named(session_name(self._task.lease), task)

    def _too_many(self, work: _Work) -> bool:
        """Notes that a task of it is lost. Chunks that it has committed are not lost."""
        committed = self._committed_of(work)
        if committed > work.committed:
            self._losses.got_on(work)
        work.committed = committed
        return self._losses.too_many(work)

    def _committed_of(self, work: _Work) -> int:
        with suppress(SnapshotsError):
            most = max(len(work.batch.cuts), len(work.batch.pieces))
            found = self._ledger.renewed().chunks_from(
                self._task.lease.import_id, work.batch.start, most
            )
            return sum(chunk.start < work.batch.end for chunk in found)
        return work.committed

    def _beat(self, flow: LoadingFlow) -> None:
        """Says that the owner lives, and counts the chunks that tasks have reported, whatever the
        other threads wait for."""
        next_heartbeat = 0.0
        with closing(LedgerSession(self._target, create=False)) as beside:
            while True:
                over, now = self._over, time.monotonic()
                if over or now >= next_heartbeat:
                    try:
                        ledger = beside.renewed()
                        ledger.heartbeat(self._task.lease, self._chunks)
                        ledger.require(ledger.session, self._task.lease)
                        next_heartbeat = now + _COUNT_SECONDS
                    except LostLease as error:
                        flow.fail(error)
                        return
                    except SnapshotsError:
                        beside.renew_if_possible()
                if over:
                    return
                time.sleep(TICK_SECONDS)
