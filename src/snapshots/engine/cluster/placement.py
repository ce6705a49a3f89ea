"""Which host carries which task out, since when, and which hosts are suspected.

The driver chooses the hosts, not the pool. So it knows which tasks have begun, and which it has to
move when one of them shows that its host is lost.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from snapshots.errors import ClusterGone, SnapshotsError, TaskLost
from snapshots.time_limits import CLUSTER_SECONDS, TASK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from snapshots.engine.cluster.pool import TaskPool

SESSIONS = 32
"""With the database, that tasks have at once, unless the user says otherwise."""
_EACH = 2
"""Tasks for each slot of a host, so that none waits for the driver."""
_LATE = 4
"""Times the slowest task so far: then one is late."""
_MOST_DOUBLED = 4
"""Times that more time is given."""
_LEAST_RATE = 500_000
"""Bytes per second of the first tasks: nobody knows yet how fast the source is."""
_LOOK_SECONDS = 2.0
"""Between two looks of a suspected host."""


class _Host(Struct, eq=False):
    name: str
    slots: int = 0
    tasks: dict[Any, float | None] = field(default_factory=dict)
    """In the order in which it got them, and when each has begun."""
    suspected: bool = False
    look: Any = None
    """The task that finds out whether it is fine again."""
    look_since: float = 0.0


class Placement:
    """Gives the tasks of one import to hosts. For the thread that owns the pool."""

    def __init__(self, pool: TaskPool, look: Callable[..., None], share: object) -> None:
        """`look` is a task that raises what another one on its host would raise."""
        self._pool = pool
        self._look = look
        self._share = share
        self._slots_at = time.monotonic()
        self._hosts: dict[str, _Host] = {}
        self._where: dict[Any, _Host] = {}
        self.refresh()

    @property
    def slots(self) -> int:
        """How many tasks run at once."""
        return sum(host.slots for host in self._hosts.values())

    @property
    def free(self) -> int:
        """How many more tasks the hosts may get."""
        return sum(max(0, _EACH * host.slots - len(host.tasks)) for host in self._trusted())

    def submit(
        self,
        work: Callable[..., Any],
        *args: object,
        near: str | None = None,
        avoid: Collection[str] = (),
    ) -> Any:
        """Gives a task to the host that it is to be near, or to the one with the least to do.
        Those to be avoided get it if there is no other. Raises ClusterGone."""
        host = self._choose(near, avoid)
        handle = self._pool.submit(work, *args, near=host.name)
        host.tasks[handle] = None
        self._where[handle] = host
        self._begin(host)
        return handle

    def running(self, handle: Any) -> float:
        """The seconds for which a task has run; 0: it waits for others on its host."""
        since = self._where[handle].tasks[handle]
        return 0.0 if since is None else time.monotonic() - since

    def has_other(self, than: Collection[str]) -> bool:
        """Whether there is a host beside those."""
        return any(host.slots and host.name not in than for host in self._hosts.values())

    def host_of(self, handle: Any) -> str:
        """The name of a task's host."""
        return self._where[handle].name

    def ended(self, handle: Any) -> None:
        """To be called once for each task that has ended, or whose end nobody waits for."""
        host = self._where.pop(handle)
        del host.tasks[handle]
        self._begin(host)

    def suspect(self, name: str) -> list[Any]:
        """Gives a host nothing before it has shown that it is fine. Returns the tasks that it has;
        they are to be given to others. The last trusted host is never suspected."""
        host = self._hosts[name]
        if host.suspected or self._trusted() == [host]:
            return []
        host.suspected = True
        host.look_since = time.monotonic()
        return list(host.tasks)

    @property
    def looks(self) -> list[Any]:
        """The tasks by which suspected hosts show that they are fine."""
        return [host.look for host in self._hosts.values() if host.look is not None]

    def collect(self, handle: Any) -> bool:
        """Takes what such a task has found; False: it is none."""
        for host in self._hosts.values():
            if host.look is not None and host.look == handle:
                host.look, host.look_since = None, time.monotonic()
                try:
                    self._pool.result(handle)
                except ClusterGone:
                    raise
                except SnapshotsError:
                    return True
                host.suspected = False
                return True
        return False

    def look_after(self) -> None:
        """Has suspected hosts looked at, and sees which hosts there are. Raises ClusterGone if that
        has been none for CLUSTER_SECONDS."""
        self.refresh()
        now = time.monotonic()
        if self.slots:
            self._slots_at = now
        elif now - self._slots_at > CLUSTER_SECONDS:
            raise ClusterGone(
                f"the cluster has had no free slot for {CLUSTER_SECONDS:.0f} s",
                hint="add hosts to it, or load without --cluster",
            )
        for host in self._hosts.values():
            waited = now - host.look_since
            if host.look is not None and waited > TASK_SECONDS:
                self._pool.cancel(host.look)
                host.look, host.look_since = None, now
            elif host.suspected and host.slots and host.look is None and waited > _LOOK_SECONDS:
                host.look = self._pool.submit(self._look, self._share, near=host.name)
                host.look_since = now

    def refresh(self) -> None:
        """Sees which hosts there are now. Raises ClusterGone."""
        found = self._pool.hosts()
        for host in self._hosts.values():
            host.slots = found.get(host.name, 0)
        for name in found.keys() - self._hosts.keys():
            self._hosts[name] = _Host(name, found[name])
        for host in self._hosts.values():
            self._begin(host)

    def end(self) -> None:
        """Ends all looks."""
        for handle in self.looks:
            self._pool.cancel(handle)

    def _trusted(self) -> list[_Host]:
        there = [host for host in self._hosts.values() if host.slots]
        return [host for host in there if not host.suspected] or there

    def _choose(self, near: str | None, avoid: Collection[str]) -> _Host:
        trusted = self._trusted()
        if not trusted:
            raise TaskLost("the cluster has no host left")
        others = [host for host in trusted if host.name not in avoid] or trusted
        for host in others:
            if host.name == near:
                return host
        return min(others, key=lambda host: len(host.tasks) / host.slots)

    def _begin(self, host: _Host) -> None:
        """Hosts begin tasks in the order in which they get them."""
        for handle in list(host.tasks)[: host.slots]:
            if host.tasks[handle] is None:
                host.tasks[handle] = time.monotonic()


class Durations:
    """How long tasks of one kind take, and when one is late."""

    def __init__(self) -> None:
        self._last: list[float] = []

    def note(self, seconds: float) -> None:
        """A task of that kind has ended."""
        self._last = [*self._last[-99:], seconds]

    def limit(self, size: int, losses: int) -> float:
        """The seconds after which a task with so many bytes is late; twice as many each time that
        one was lost, up to 16 times as many."""
        expected = _LATE * max(self._last) if self._last else size / _LEAST_RATE
        return max(TASK_SECONDS, expected) * 2.0 ** min(losses, _MOST_DOUBLED)

    @property
    def median(self) -> float | None:
        """That of the last tasks; None: none has ended."""
        return median(self._last) if self._last else None
