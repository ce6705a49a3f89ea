"""Carries out one queued import."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from snapshots.engine.events import WAITING, ImportResult, run_with_events
from snapshots.engine.input.again import require_same
from snapshots.engine.lease import owner
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import ours, session_name
from snapshots.engine.plan.plan import Plan
from snapshots.engine.queue.cancellable_open import ended_by, opened
from snapshots.engine.run.already import already
from snapshots.engine.run.command_again import command_again
from snapshots.engine.run.run import Run, job_for, require_still_to_do
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import AlreadyImported, sentence
from snapshots.ledger import queue
from snapshots.ledger.missing_tables import give_up
from snapshots.model import Counts

if TYPE_CHECKING:
    import threading

    from snapshots.engine.events import Listener
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.input.versions import PreviousImport
    from snapshots.engine.plan.options import Options
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
    """Loads the input `name` as the import that the lease is for, or resumes it.

    If another import has loaded the same bytes, this one is finished without work; if another one
    is loading them, this one waits in the queue.

    Raises AlreadyImported if another import of the same bytes was stopped, InputChanged if this
    one was begun with other bytes, LostLease if another worker took it over, and the errors of
    planning.
    """

    def work(hear: Listener) -> ImportResult:
        with (
            closing(LedgerSession(target, create=False)) as ledger_session,
            ours(ledger_session, lease),
        ):
            # The lease is kept already: whoever takes over ends what is open here, too.
            ledger_session.name_sessions(session_name(lease))
            source = opened(
                name,
                options.remote_access,
                stop,
                lambda size: queue.sized(ledger_session.ledger, lease, size),
            )
            try:
                job = job_for(target, options, entry.kind)
                run = Run(job, ledger_session, source, options, hear, stop, entry.input)
                return _go(run, lease, entry)
            finally:
                source.close()

    return run_with_events(entry.input, listener, work)


def _go(run: Run, lease: Lease, entry: Entry) -> ImportResult:
    ledger = run.ledger_session.ledger
    if entry.plan:
        with ended_by(run.stop, run.source):
            known = require_same(run.source, entry, ledger, command_again(entry, run.target))
        require_still_to_do(entry, ledger)
        if known.grew:
            run.takes_more(lease, known)
        return run.carry_out(lease, Plan.from_json(entry.plan), known, resumed=True)
    with ended_by(run.stop, run.source):
        known = run.look_up()
    if previous := run.previous_import(known):
        return _nothing_new(run, lease, known, previous)
    if known.unfinished:
        return _until_it_ends(run, lease, entry, known.unfinished)
    with ended_by(run.stop, run.source):
        plan = run.plan(known)
    ledger = run.ledger_session.renewed()
    fault_point("planned")
    with ledger.writing(*run.locks(known)):
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
                run.name,
                known.parts,
                new_table=plan.create is not None,
            )
            give_up(ledger, known.gone, lease.import_id)
    if not new:
        return _go(run, lease, entry)
    return run.carry_out(lease, plan, known, resumed=False)


def _nothing_new(
    run: Run, lease: Lease, known: KnownInput, previous: PreviousImport
) -> ImportResult:
    """Finishes the import without work, because another one has loaded the same bytes."""
    other, later = previous.entry, previous.superseded_by
    result = already(previous, run.target, run.source.identity.name, known)
    hint = 'load them again with "again": true'
    if into := known.likely if known.lost else known.elsewhere:
        hint += f', or into the table {into} with "table": "{into}"'
    note = " ".join(
        (
            f"Import {other.import_id} has already loaded the same bytes ({other.input}).",
            *([f"It is superseded by import {later}."] if later else ()),
            *([f"Its table {other.table} is empty now."] if known.emptied else ()),
            *([sentence(known.lost)] if known.lost else ()),
            sentence(hint),
        )
    )
    ledger = run.ledger_session.renewed()
    fault_point("duplicate")
    queue.finish_as(ledger, lease, other.import_id, note)
    return result


def _until_it_ends(run: Run, lease: Lease, entry: Entry, other: Entry) -> ImportResult:
    """Puts the import back into the queue until another one of the same bytes has ended.

    Raises AlreadyImported if that one was stopped, so that nobody resumes it by itself.
    """
    at_work = other.state == "running" and (
        other.request is not None or owner.alive(other.owner, other.heartbeat_age)
    )
    if other.state != "queued" and not at_work:
        state = "interrupted" if other.state == "running" else other.state
        onward = f"POST /v1/imports/{other.import_id}/resume"
        if other.request is None:
            onward = f"snapshots resume {other.import_id}"
        raise AlreadyImported(
            f"import {other.import_id} of the same bytes is {state}; resume it with {onward}",
            hint='or load the bytes again with "again": true',
        )
    fault_point("waiting")
    queue.wait(run.ledger_session.renewed(), lease, other.import_id)
    return ImportResult(
        record=entry.record(run.target.display()),
        counts=Counts(),
        outcome=WAITING,
        exit_code=0,
        message=f"Import {other.import_id} is loading the same bytes: this import waits until it"
        " ends.",
        rejects_by_code={},
        given=entry.input,
    )
