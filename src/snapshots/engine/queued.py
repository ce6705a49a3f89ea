"""The import of one input whose row in the ledger was there before: it was queued."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from snapshots.engine.books import Books
from snapshots.engine.earlier import require_same
from snapshots.engine.faults import fault_point
from snapshots.engine.opening import ended_by, opened
from snapshots.engine.plan import Plan
from snapshots.engine.report import told
from snapshots.engine.run import Run, job_for
from snapshots.engine.takeover import ours, session_name
from snapshots.errors import AlreadyImported
from snapshots.ledger import queue
from snapshots.ledger.gone import give_up

if TYPE_CHECKING:
    import threading

    from snapshots.engine.earlier import Known
    from snapshots.engine.plan import Options
    from snapshots.engine.report import ImportResult, Listener
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease
    from snapshots.ports import Target


def carry_out(
    lease: Lease,
    entry: Entry,
    name: str,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event,
) -> ImportResult:
    """Loads the input `name` as the import that the lease is for, or goes on with it.

    Raises AlreadyImported where another import has, or is loading, the same bytes; the errors of
    planning; InputChanged if it was begun with other bytes; LostLease if it was taken over.
    """

    def work(hear: Listener) -> ImportResult:
        with closing(Books(target, create=False)) as books, ours(books, lease):
            # The lease is kept already: whoever takes over ends what is open here, too.
            books.name_sessions(session_name(lease))
            source = opened(
                name, options.access, stop, lambda size: queue.sized(books.ledger, lease, size)
            )
            try:
                job = job_for(target, options, entry.kind)
                return _go(Run(job, books, source, options, hear, stop), lease, entry)
            finally:
                source.close()

    return told(entry.input, listener, work)


def _go(run: Run, lease: Lease, entry: Entry) -> ImportResult:
    ledger = run.books.ledger
    if entry.plan:
        with ended_by(run.stop, run.source):
            known = require_same(run.source, entry, ledger)
        return run.execute(lease, Plan.from_json(entry.plan), known, resumed=True)
    with ended_by(run.stop, run.source):
        known = _unknown(run)
        plan = run.job.plan(run.source, run.books, run.say)
    ledger = run.books.renewed()
    fault_point("planned")
    with ledger.locked():
        fault_point("adopting")
        new = run.nothing_new(known)
        if new:
            queue.adopt(
                ledger,
                lease,
                known.identity,
                known.content_hash,
                plan.destination,
                plan.to_json(),
            )
            give_up(ledger, known.gone, lease.import_id)
    if not new:
        return _go(run, lease, entry)
    return run.execute(lease, plan, known, resumed=False)


def _unknown(run: Run) -> Known:
    """An input that no import has. Raises AlreadyImported."""
    known = run.look_up()
    other = known.imported or known.unfinished
    if other is None:
        return known
    if known.imported:
        empty = f", and its table {other.table} is empty now" if known.emptied else ""
        there = f'; "table": "{known.likely}" loads them there anew: {known.lost}'
        raise AlreadyImported(
            f"import {other.import_id} has loaded the same bytes ({other.input}){empty}",
            hint=f'"again": true loads them once more{there if known.lost else ""}',
        )
    raise AlreadyImported(
        f"import {other.import_id} of the same bytes is {other.state}",
        hint=f'go on with import {other.import_id}; "again": true loads them anew',
    )
