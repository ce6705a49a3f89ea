"""The surveys of one import, as tasks of the pool that loads it, too."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from snapshots.engine.cluster.losses import MOST
from snapshots.engine.cluster.placement import Durations
from snapshots.engine.cluster.survey_task import CommittedRange
from snapshots.engine.cluster.task import survey_range
from snapshots.errors import ClusterGone, SnapshotsError, Stopped, TaskLost

if TYPE_CHECKING:
    from snapshots.engine.cluster.losses import Losses
    from snapshots.engine.cluster.placement import Placement
    from snapshots.engine.cluster.pool import TaskPool
    from snapshots.engine.cluster.survey_task import Range, Surveyed
    from snapshots.engine.cluster.task import Share


class _Asked(Struct, eq=False):
    range: Range | CommittedRange
    answer: Future[Surveyed] = field(default_factory=Future)
    failed_on: set[str] = field(default_factory=set)
    """The hosts that could not do it."""


class SurveyTasks:
    """Any thread may ask; the thread that owns the pool does all else."""

    def __init__(self, pool: TaskPool, placement: Placement, share: Share, losses: Losses) -> None:
        """`losses`: of all tasks of the import."""
        self._pool = pool
        self._placement = placement
        self._share = share
        self._losses = losses
        self._lock = threading.Lock()
        self._waiting: deque[_Asked] = deque()
        self._running: dict[Any, _Asked] = {}
        self._ended = False
        self._durations = Durations()
        self.most = 2
        """How many may be under way; whoever owns the pool knows."""
        self.read = 0
        """Bytes that surveys have fetched."""

    def ask(self, wanted: Range | CommittedRange) -> Future[Surveyed]:
        """Has a range surveyed. One whose start is known goes first: all others wait for it."""
        asked = _Asked(wanted)
        with self._lock:
            if self._ended:
                asked.answer.set_exception(Stopped("stopped"))
            elif isinstance(wanted, CommittedRange) or wanted.start is None:
                self._waiting.append(asked)
            else:
                self._waiting.appendleft(asked)
        return asked.answer

    @property
    def handles(self) -> list[Any]:
        """Those that run or wait in the pool."""
        return list(self._running)

    def submit(self) -> None:
        """Gives the pool as many as there is room for beside other tasks."""
        for _ in range(self._placement.free):
            with self._lock:
                asked = self._waiting.popleft() if self._waiting else None
            if asked is None:
                return
            kept = None if isinstance(asked.range, CommittedRange) else asked.range.kept
            handle = self._placement.submit(
                survey_range,
                self._share,
                asked.range,
                near=kept.host if kept else None,
                avoid=asked.failed_on,
            )
            self._running[handle] = asked

    def collect(self, handle: Any) -> str | None:
        """Takes the answer of an ended task. Returns the host if that could not do it, and the
        network or the host may be the reason. Raises ClusterGone."""
        asked = self._running.pop(handle)
        host, seconds = self._placement.host_of(handle), self._placement.running(handle)
        self._placement.ended(handle)
        try:
            found: Surveyed = self._pool.result(handle)
        except ClusterGone:
            self._again(asked)
            raise
        except TaskLost as error:
            # The whole host may be gone, before the pool knows it.
            asked.failed_on.add(host)
            self._lost(asked, error)
        except SnapshotsError as error:
            if not error.retryable:
                asked.answer.set_exception(error)
                return None
            asked.failed_on.add(host)
            self._lost(asked, error)
            return host
        else:
            self.read += found.read
            self._durations.note(seconds)
            self._losses.got_on(asked)
            asked.answer.set_result(found)
        return None

    def late(self) -> str | None:
        """Ends a survey that is late, and returns its host; None: there is none."""
        for handle, asked in self._running.items():
            wanted = asked.range
            limit = self._durations.limit(wanted.end - wanted.begin, self._losses.of(asked))
            if self._placement.running(handle) > limit:
                host = self._placement.host_of(handle)
                asked.failed_on.add(host)
                self._drop(handle)
                self._lost(asked, TaskLost("a survey does not end"))
                return host
        return None

    def move(self, handle: Any) -> None:
        """Takes a survey from a host that may be lost; another one gets it."""
        self._again(self._drop(handle))

    def end(self) -> None:
        """Ends all of them. Whoever waits for one hears that the import has stopped."""
        with self._lock:
            self._ended = True
            waiting = [*self._waiting, *self._running.values()]
            self._waiting.clear()
        for handle in self.handles:
            self._drop(handle)
        for asked in waiting:
            asked.answer.set_exception(Stopped("stopped"))

    def _drop(self, handle: Any) -> _Asked:
        self._placement.ended(handle)
        self._pool.cancel(handle)
        return self._running.pop(handle)

    def _again(self, asked: _Asked) -> None:
        with self._lock:
            self._waiting.appendleft(asked)

    def _lost(self, asked: _Asked, error: SnapshotsError) -> None:
        if not self._losses.too_many(asked):
            self._again(asked)
            return
        if isinstance(error, TaskLost):
            error.hint = f"{MOST} tasks were lost at the bytes from {asked.range.begin} on"
        asked.answer.set_exception(error)
