"""Many inputs on a cluster: one task carries out an import as a whole.

Small inputs are grouped: a task gets as many as take about two seconds, as far as is known by then.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from snapshots.contract.contract import read_contract, to_schema
from snapshots.engine.cluster.address import Cluster
from snapshots.engine.cluster.losses import Losses
from snapshots.engine.cluster.placement import SESSIONS, Durations, Placement
from snapshots.engine.cluster.task import release
from snapshots.engine.events import Notice
from snapshots.engine.run.input_group import GroupShare, import_group, reach
from snapshots.errors import CannotConnect, SnapshotsError, TaskLost
from snapshots.time_limits import LEASE_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.cluster.pool import TaskPool
    from snapshots.engine.events import ImportResult
    from snapshots.engine.run.importer import Importer
    from snapshots.engine.run.input_order import InOrder

_SECONDS: Final = 2.0
"""That a task is to take."""
_MOST: Final = 64
"""Inputs of one task."""
_BUSY_SECONDS: Final = 60.0
"""To wait for the lease of an import whose task was lost."""
_ASK_SECONDS: Final = 3.0
"""Between two questions whether the imports of a late task live."""


class _Group(Struct, eq=False):
    """The inputs of one task, and what is left of their sequences."""

    names: tuple[str, ...]
    rest: list[InOrder]
    moved: bool = False
    """Whether a task had them that may still hold their leases."""
    failed_on: set[str] = field(default_factory=set)
    """The hosts that could not do it."""
    asked: float = 0.0


def import_together(
    importer: Importer, sequences: list[InOrder]
) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
    """See `import_each`. Raises ClusterGone and TaskLost."""
    options, target = importer.options, importer.ledger_session.target
    contract = options.contract
    if isinstance(contract, Path):
        # Hosts need not have that file.
        contract = to_schema(read_contract(contract))
    alone = replace(options, cluster=None, sessions=None, workers=1, contract=contract)
    share = GroupShare(release(), target.display(), alone)
    with closing(_cluster(importer).pool()) as pool:
        yield from _Groups(pool, share, sequences, importer).outcomes()


def require_usable(importer: Importer) -> None:
    """Raises UsageError, before anything is written, where the cluster cannot do what is asked."""
    _cluster(importer).require_usable()


def _cluster(importer: Importer) -> Cluster:
    options = importer.options
    return Cluster(importer.ledger_session.target, options, options.cluster or "local")


class _Groups:
    def __init__(
        self, pool: TaskPool, share: GroupShare, sequences: list[InOrder], importer: Importer
    ) -> None:
        self._pool = pool
        self._share = share
        self._importer = importer
        self._placement = Placement(pool, reach, share)
        self._ready = deque(sequences)
        self._again: list[_Group] = []
        self._running: dict[Any, _Group] = {}
        self._durations = Durations()
        self._losses = Losses()
        self._size = 1
        self._sessions = importer.options.sessions or SESSIONS

    def outcomes(self) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
        for text in self._pool.warnings():
            self._say(text)
        try:
            while self._ready or self._again or self._running:
                if self._importer.stop.is_set():
                    return
                self._submit()
                yield from self._collected()
                self._placement.look_after()
                self._look_after()
        finally:
            for handle in self._running:
                self._pool.cancel(handle)
            self._placement.end()

    def _submit(self) -> None:
        while (self._ready or self._again) and self._placement.free > 0:
            if len(self._running) >= self._sessions:
                return
            group = self._again.pop() if self._again else self._next()
            waits = _BUSY_SECONDS if group.moved else 0.0
            handle = self._placement.submit(
                import_group, self._share, group.names, waits, avoid=group.failed_on
            )
            self._running[handle] = group

    def _next(self) -> _Group:
        """The next inputs, but not so many that hosts have nothing to do at the end."""
        waiting = sum(len(one.names) for one in self._ready)
        count = max(1, min(self._size, waiting // (len(self._running) + self._placement.free)))
        names: list[str] = []
        rest = []
        while self._ready and len(names) < count:
            sequence = self._ready.popleft()
            while sequence.names and len(names) < count:
                names.append(sequence.names.popleft())
            rest += sequence.left()
        return _Group(tuple(names), rest)

    def _collected(self) -> Iterator[tuple[str, ImportResult | SnapshotsError]]:
        waited = [*self._running, *self._placement.looks]
        if not waited:
            time.sleep(TICK_SECONDS)
            return
        for handle in self._pool.ready(waited, TICK_SECONDS):
            if handle not in self._running:
                self._placement.collect(handle)
                continue
            group, host = self._running.pop(handle), self._placement.host_of(handle)
            self._placement.ended(handle)
            try:
                seconds, found = self._pool.result(handle)
            except (TaskLost, CannotConnect) as error:
                group.failed_on.add(host)
                self._give_again(group, error)
                self._suspect(host)
                continue
            self._durations.note(seconds)
            self._losses.got_on(group)
            self._size = _size(len(group.names), seconds)
            self._ready.extend(group.rest)
            yield from zip(group.names, found, strict=True)

    def _give_again(self, group: _Group, error: SnapshotsError) -> None:
        """Gives a group to another host. Raises the error if that does not help."""
        group.moved = True
        other = isinstance(error, TaskLost) or self._placement.has_other(group.failed_on)
        if self._losses.too_many(group) or not other:
            raise error
        self._say(f"another host loads what one host cannot: {error} {error.hint}".strip())
        self._again.append(group)

    def _look_after(self) -> None:
        """Moves late tasks whose imports give no sign of life to other hosts."""
        now = time.monotonic()
        for handle, group in list(self._running.items()):
            if handle not in self._running:
                continue  # it was moved meanwhile
            late = self._placement.running(handle) > self._durations.limit(
                0, self._losses.of(group)
            )
            if not late or now - group.asked < _ASK_SECONDS:
                continue
            group.asked = now
            if self._beats(group.names):
                continue
            host = self._placement.host_of(handle)
            group.failed_on.add(host)
            self._drop(handle)
            self._give_again(group, TaskLost("a task does not end"))
            self._suspect(host)

    def _beats(self, names: tuple[str, ...]) -> bool:
        """Whether an import of one of them gives a sign of life; also if nobody can tell."""
        try:
            ledger = self._importer.ledger_session.renewed()
            for name in names:
                _, newest = ledger.named(name)
                state = None if newest is None else ledger.lease_state(newest)
                if state is not None and abs(state.heartbeat_age) <= LEASE_SECONDS:
                    return True
        except SnapshotsError:
            return True
        return False

    def _suspect(self, host: str) -> None:
        for handle in self._placement.suspect(host):
            group = self._drop(handle)
            group.moved = True
            self._again.append(group)

    def _drop(self, handle: Any) -> _Group:
        self._placement.ended(handle)
        self._pool.cancel(handle)
        return self._running.pop(handle)

    def _say(self, text: str) -> None:
        self._importer.listener(Notice(text))


def _size(names: int, seconds: float) -> int:
    """How many inputs a task takes, after one with so many took so long.

    >>> _size(1, 0.1), _size(20, 2.0), _size(4, 900.0), _size(64, 0.5)
    (2, 20, 1, 64)
    """
    return max(1, min(_MOST, 2 * names, int(names * _SECONDS / max(seconds, 0.01))))
