"""Gives up an import that kills its workers, before it has killed them one after the other.

The next worker resumes the import of a killed one, and may die for the same reason: an input that
needs more memory than there is, or a defect.
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
"""Workers that may die in a row without committing a chunk."""


def lives_lost(ledger: Ledger, entry: Entry) -> int:
    """How many workers in a row have died of an import, the last one included.

    The last one does not count if it has committed a chunk, if its process lives and has only lost
    the database, or if the database was restarted after its last heartbeat.
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
    """Marks the import as failed. Somebody who knows why its workers died can resume it."""
    error = WorkerLost(
        f"{MOST_LOST} workers in a row died while they loaded import {entry.import_id}, and none"
        " committed a chunk of it",
        hint="find out why they died (memory, system log), then resume the import",
    )

    def fail(_: Listener) -> ImportResult:
        ledger.end(lease, "failed", str(error), 0.0, error.code)
        raise error

    try:
        run_with_events(entry.input, listener, fail)
    except WorkerLost:
        return
