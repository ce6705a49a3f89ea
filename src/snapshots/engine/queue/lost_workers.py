"""Workers that die of an import: it is given up before it has taken down one after the other.

A worker that is killed leaves an import that runs and whose owner is gone. The next one goes on
with it, and may die of the same thing: an input that needs all memory there is, a defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.events import run_with_events
from snapshots.engine.lease import owner
from snapshots.errors import WorkerLost
from snapshots.ledger import queue

if TYPE_CHECKING:
    from snapshots.engine.events import ImportResult, Listener
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger

MOST_LOST = 3
"""In a row, and without a committed chunk."""


def lives_lost(ledger: Ledger, entry: Entry) -> int:
    """Workers that have died of an import which is to be taken: also the last one, if it did.

    It did not where it has committed a chunk, where its process is there and has lost the database,
    and where the database was started after it was last heard of.
    """
    if entry.state != "running" or owner.there(entry.owner):
        return 0
    if not queue.died_in_vain(ledger, entry):
        return 0
    up = ledger.target.uptime(ledger.session)
    if up is not None and up < entry.heartbeat_age:
        return 0
    return entry.workers_lost + 1


def give_up_on(ledger: Ledger, lease: Lease, entry: Entry, listener: Listener) -> None:
    """The import has failed; it can be resumed by who knows why its workers died."""
    error = WorkerLost(
        f"{MOST_LOST} workers in a row died while they had import {entry.import_id} in hand, and"
        " none had committed a chunk of it",
        hint="find out what killed them (memory, the log of the system), then resume it",
    )

    def fail(_: Listener) -> ImportResult:
        ledger.end(lease, "failed", str(error), 0.0, error.code)
        raise error

    try:
        run_with_events(entry.input, listener, fail)
    except WorkerLost:
        return
