"""The pool `local`: processes of this machine. It needs no other package."""

from __future__ import annotations

import itertools
import pickle
import socket
from collections import deque
from contextlib import suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from snapshots.engine.cluster.child import Child
from snapshots.errors import ClusterGone, TaskLost

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from snapshots.ports import Target

_MOST = 64


class LocalPool:
    """See `TaskPool`: each process has one task at a time, and one that dies gets a successor."""

    def __init__(self, target: Target, size: int) -> None:
        """`target` goes to the processes as they start, not with a task."""
        self._target = pickle.dumps(target)
        self._size = min(size, _MOST)
        self._numbers = itertools.count(1)
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._busy: dict[int, Child] = {}
        self._idle: list[Child] = []
        self._ended: dict[int, tuple[bool, Any]] = {}

    def submit(self, work: Callable[..., Any], *args: object, near: str | None = None) -> int:  # noqa: ARG002
        """See `TaskPool`: all is near."""
        handle = next(self._numbers)
        self._waiting.append((handle, pickle.dumps((work, args))))
        self._give()
        return handle

    def ready(self, handles: Collection[int], timeout: float) -> list[int]:
        """See `TaskPool`."""
        if not any(handle in self._ended for handle in handles):
            there = wait([one.connection for one in self._busy.values()], timeout)
            for handle in [h for h, one in self._busy.items() if one.connection in there]:
                self._take(handle)
            self._give()
        return [handle for handle in handles if handle in self._ended]

    def result(self, handle: int) -> Any:
        """See `TaskPool`."""
        good, value = self._ended.pop(handle)
        if not good:
            raise value
        return value

    def cancel(self, handle: int) -> None:
        """See `TaskPool`: the process is killed."""
        self._waiting = deque(one for one in self._waiting if one[0] != handle)
        if process := self._busy.pop(handle, None):
            process.end()
        self._ended.pop(handle, None)
        with suppress(ClusterGone):
            self._give()

    def hosts(self) -> dict[str, int]:
        """See `TaskPool`: this one."""
        return {socket.gethostname(): self._size}

    def warnings(self) -> list[str]:
        """See `TaskPool`: there are none."""
        return []

    def close(self) -> None:
        """See `TaskPool`."""
        for process in (*self._busy.values(), *self._idle):
            process.end()
        self._waiting.clear()
        self._busy.clear()
        self._idle.clear()

    def _give(self) -> None:
        """Gives waiting tasks to processes that have none."""
        while self._waiting and (self._idle or len(self._busy) < self._size):
            process = self._idle.pop() if self._idle else self._start()
            handle, task = self._waiting.popleft()
            self._busy[handle] = process
            with suppress(OSError):  # it has died; the next `ready` finds out
                process.connection.send_bytes(task)

    def _start(self) -> Child:
        return started(Child("snapshots.engine.cluster.local_process"), self._target)

    def _take(self, handle: int) -> None:
        process = self._busy.pop(handle)
        try:
            self._ended[handle] = process.connection.recv()
        except (EOFError, OSError):
            number = process.end()
            self._ended[handle] = (False, TaskLost(f"the process of a task has ended ({number})"))
        else:
            self._idle.append(process)


def started(process: Child, target: bytes) -> Child:
    """The process, which knows its target now."""
    with suppress(OSError):
        process.connection.send_bytes(target)
    return process
