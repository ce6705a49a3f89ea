"""Many inputs at once in this process: threads import one after the other, or a group of small
files together, each thread over a session of its own. What they find is yielded in the order of the
inputs.

An input whose bytes another one is just loading is tried again at the end, when it can be known
whether they are imported.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from contextlib import closing
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from snapshots.engine.events import Committed, Progress
from snapshots.engine.run.importer import Importer
from snapshots.engine.run.together import Together
from snapshots.engine.support import threads
from snapshots.errors import CannotConnect, ImportBusy, SnapshotsError
from snapshots.time_limits import SYNC_STOP_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from snapshots.engine.events import Event, ImportResult, Listener
    from snapshots.engine.run.input_order import InOrder

    Found: TypeAlias = ImportResult | SnapshotsError


def import_at_once(
    names: Sequence[str], sequences: list[InOrder], importer: Importer, files: int
) -> Iterator[tuple[str, Found]]:
    """See `import_each`. `sequences` has the names, and says which of them wait for which."""
    with closing(_AtOnce(names, sequences, importer)) as work:
        work.start(min(files, len(names)))
        yield from work.outcomes()


class _AtOnce:
    def __init__(self, names: Sequence[str], sequences: list[InOrder], importer: Importer) -> None:
        self._names = names
        self._importer = importer
        self._places: dict[str, deque[int]] = defaultdict(deque)
        for place, name in enumerate(names):
            self._places[name].append(place)
        self._changed = threading.Condition()
        """For what follows."""
        self._ready: list[tuple[int, int, InOrder]] = []
        """A heap: what stands first among the names is begun first."""
        self._running = 0
        self._busy: list[InOrder] = []
        """Inputs whose bytes another one was loading."""
        self._last_round = False
        """Whether the busy ones are tried again, one after the other."""
        self._found: dict[int, Found] = {}
        self._over = False
        self._died: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._count = 1
        """Of the threads that share what is ready."""
        self._hearing = threading.Lock()
        self._push(sequences)

    def start(self, count: int) -> None:
        """Starts so many threads. Raises OutOfMemory if the system gives none."""
        self._count = count
        for number in range(count):
            self._threads.append(threads.start(f"input-{number}", self._surely))

    def outcomes(self) -> Iterator[tuple[str, Found]]:
        """Yields what was found of each input that was begun. Raises what a thread died of."""
        for place, name in enumerate(self._names):
            if (found := self._wait_for(place)) is not None:
                yield name, found

    def close(self) -> None:
        """Ends the threads; who goes away early interrupts what they import."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        if any(thread.is_alive() for thread in self._threads) and self._running:
            self._importer.stop.set()
        for thread in self._threads:
            thread.join(SYNC_STOP_SECONDS)

    def _wait_for(self, place: int) -> Found | None:
        with self._changed:
            while place not in self._found:
                alive = any(thread.is_alive() for thread in self._threads)
                if self._died is not None:
                    raise self._died
                if not alive:
                    break
                self._changed.wait(TICK_SECONDS)
            return self._found.pop(place, None)

    def _surely(self) -> None:
        try:
            self._work()
        except BaseException as error:
            with self._changed:
                self._died = self._died or error
                self._over = True
                self._changed.notify_all()

    def _work(self) -> None:
        own = self._importer
        sequence: InOrder | None = None

        def hear(event: Event) -> None:
            if sequence is not None and isinstance(event, (Progress, Committed)):
                # Its table is there.
                self._release(sequence)
            with self._hearing:
                own.listener(event)

        listener: Listener = hear
        with closing(Importer(own.ledger_session.target, own.options, listener, own.stop)) as mine:
            together = Together(mine)
            while some := self._next(together.most):
                if len(some) > 1:
                    self._in_groups(some, together)
                    continue
                (sequence,) = some
                try:
                    found: Found = mine.import_input(sequence.names[0])
                except SnapshotsError as error:
                    found = error
                self._ended(sequence, found)
                sequence = None

    def _in_groups(self, some: list[InOrder], together: Together) -> None:
        """Imports those that fit into groups, and leaves the others to whoever has time first."""
        sequences: dict[str, deque[InOrder]] = defaultdict(deque)
        for one in some:
            sequences[one.names[0]].append(one)
        for name, found in together.each([one.names[0] for one in some]):
            sequence = sequences[name].popleft()
            if found is not None:
                self._ended(sequence, found)
                continue
            sequence.alone = True
            with self._changed:
                self._running -= 1
                self._push([sequence])
                self._changed.notify_all()

    def _next(self, most: int) -> list[InOrder]:
        """What is to be imported next, which may have to be waited for; empty: nothing follows."""
        with self._changed:
            while not self._over and not self._importer.stop.is_set():
                if self._ready and not (self._last_round and self._running):
                    return self._take(1 if self._last_round else most)
                if not self._running and not self._ready:
                    if not self._busy:
                        return []
                    self._last_round = True
                    self._push(self._busy)
                    self._busy = []
                    continue
                self._changed.wait(TICK_SECONDS)
            return []

    def _take(self, most: int) -> list[InOrder]:
        """A share of what is ready, in its order: one, or several that may fit into a group."""
        share = min(most, -(-len(self._ready) // self._count))
        taken = [heappop(self._ready)[-1]]
        while len(taken) < share and not (taken[0].alone or self._ready[0][-1].alone):
            taken.append(heappop(self._ready)[-1])
        self._running += len(taken)
        return taken

    def _ended(self, sequence: InOrder, found: Found) -> None:
        with self._changed:
            self._running -= 1
            if isinstance(found, ImportBusy) and not self._last_round:
                self._busy.append(sequence)
            else:
                name = sequence.names.popleft()
                self._found[self._places[name].popleft()] = found
                self._over = self._over or isinstance(found, CannotConnect)
                self._push(sequence.left(made_the_table=_made_the_table(found)))
            self._changed.notify_all()

    def _release(self, sequence: InOrder) -> None:
        """Lets those go on that waited for the table of an input that is being loaded."""
        if len(sequence.names) > 1 or not sequence.after:
            return
        with self._changed:
            self._push(list(sequence.after))
            sequence.after = ()
            self._changed.notify_all()

    def _push(self, sequences: list[InOrder]) -> None:
        for one in sequences:
            heappush(self._ready, (self._places[one.names[0]][0], id(one), one))


def _made_the_table(found: Found) -> bool:
    return not isinstance(found, SnapshotsError) and found.outcome != "failed"
