"""Adds up what the engine reports of imports into one database.

The sums move only when a chunk is durable, and they begin at what the ledger holds. So nothing is
missing that was committed between the last scrape of a process and its death. A command that runs
once tells the same numbers as a service that runs for ever.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.events import (
    WAITING,
    Committed,
    Failed,
    ImportResult,
    InputsWaiting,
    Opened,
    Settled,
    Started,
    ThreadFailed,
)
from snapshots.engine.history.totals import totals_of
from snapshots.errors import AccountingMismatch, ImportBusy, LostLease, SnapshotsError
from snapshots.ledger import awaiting_parents
from snapshots.model import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.locations import TargetSearch

OUTCOMES = ("finished", "already_imported", "failed", "interrupted", "limited")
THREADS = ("importer", "mover")
_CLEAN = {"finished", "already_imported", "limited"}


class EventSums(Struct, frozen=True):
    """The sums so far."""

    known: bool
    """Whether the ledger was read. The first three then hold its totals, not only those of this
    process."""
    counts: Counts
    bytes: int
    rejects_by_code: Mapping[str, int]
    ends_by_outcome: Mapping[str, int]
    """The number of imports of this process by outcome."""
    mismatches: int
    """The number of imports of this process that were refused because their counts did not balance.
    """
    waiting: int
    broken_by_thread: Mapping[str, int]
    """The number of unexpected errors that ended a thread of this process, by thread. The thread
    was restarted."""


class EventTotals:
    """A listener that adds up events. Thread-safe."""

    def __init__(self, database: TargetSearch) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counts = Counts()
        self._bytes = 0
        self._codes: Counter[str] = Counter()
        self._ends = Counter(dict.fromkeys(OUTCOMES, 0))
        self._mismatches = 0
        self._broken = Counter(dict.fromkeys(THREADS, 0))
        self._waiting = 0
        self._open = 0
        self._running: set[int] = set()
        self._staged: set[int] = set()
        """Those of them whose rows wait in a stage."""
        self._newest = 0
        self._finished = 0
        self._known = False
        self._in_doubt = True

    def __call__(self, event: object) -> None:
        """Adds one event to the sums."""
        with self._lock:
            match event:
                case Opened():
                    self._agree()
                    self._open += 1
                case Started(kind="import"):
                    self._running.add(event.import_id)
                    if event.staged:
                        self._staged.add(event.import_id)
                    self._newest = max(self._newest, event.import_id)
                case Committed() | Settled() if event.import_id in self._running:
                    self._add(event)
                case ImportResult():
                    self._open -= 1
                    if event.record and event.record.kind == "import" and event.outcome != WAITING:
                        self._finished += event.outcome == "finished"
                        self._publish(event)
                        self._mismatches += event.exit_code == AccountingMismatch.exit_code
                        self._end(event.record.import_id, event.outcome)
                case Failed(error=ImportBusy() | LostLease()):
                    # Another process has it in hand, and will tell how it ends.
                    self._open -= 1
                    if event.import_id is not None:
                        self._running.discard(event.import_id)
                        self._staged.discard(event.import_id)
                    self._in_doubt = True
                case Failed():
                    self._open -= 1
                    self._mismatches += isinstance(event.error, AccountingMismatch)
                    self._end(event.import_id, "failed")
                case _:
                    self._of_service(event)

    def _of_service(self, event: object) -> None:
        if isinstance(event, InputsWaiting):
            self._waiting = event.waiting
        elif isinstance(event, ThreadFailed):
            self._broken[event.thread] += 1

    def _add(self, event: Committed | Settled) -> None:
        """Adds counts. A record that waits for a parent is in no bucket yet: a counter never goes
        down."""
        if event.import_id in self._staged:
            # These count when they are published: some may become rejects then.
            loaded = event.counts.loaded
            self._counts += Counts(records=-loaded, loaded=-loaded)
        waits = event.rejects_by_code.get(awaiting_parents.CODE, 0)
        self._counts += event.counts + Counts(records=-waits, rejected=-waits)
        self._codes.update(
            {c: n for c, n in event.rejects_by_code.items() if c != awaiting_parents.CODE}
        )
        if isinstance(event, Committed):
            self._bytes += event.end - event.start

    def _publish(self, result: ImportResult) -> None:
        """Counts the staged rows of an import that has published them."""
        if result.record is None or result.record.import_id not in self._staged:
            return
        if result.outcome == "finished":
            loaded = result.counts.loaded
            self._counts += Counts(records=loaded, loaded=loaded)

    def runs(self, import_id: int) -> bool:
        """Whether this import has begun, and not ended, in this process."""
        with self._lock:
            return import_id in self._running

    def sums(self) -> EventSums:
        """Returns a copy of the sums as they are now."""
        with self._lock:
            return EventSums(
                self._known,
                self._counts,
                self._bytes,
                dict(self._codes),
                dict(self._ends),
                self._mismatches,
                self._waiting,
                dict(self._broken),
            )

    def agree(self, finished: int) -> None:
        """Takes over what the ledger holds, if that may be more and no chunk is under way.

        `finished`: how many imports the ledger has finished by now. If this process knows of
        another number, others load into the database, too.
        """
        with self._lock:
            self._in_doubt |= finished != self._finished
            self._agree()

    def _agree(self) -> None:
        if not self._in_doubt or self._open:
            return
        try:
            held = totals_of(self._database.target())
        except SnapshotsError:
            return
        self._counts, self._bytes = held.counts, held.bytes
        self._codes = Counter(held.rejects_by_code)
        self._newest = max(self._newest, held.newest)
        self._finished = held.finished
        self._known, self._in_doubt = True, False

    def _end(self, import_id: int | None, outcome: str) -> None:
        self._ends[outcome] += 1
        if import_id is None:
            return
        self._running.discard(import_id)
        self._staged.discard(import_id)
        # The answer to a COMMIT may have been lost, and more be in the database than was told.
        self._in_doubt |= outcome not in _CLEAN or import_id > self._newest
