"""Has an API delete the rows that an input does not have any more."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.events import ImportResult, Notice, run_with_events
from snapshots.engine.limits import DeleteLimit
from snapshots.engine.plan.plan import Plan, sent_by_key
from snapshots.engine.run.run import Run
from snapshots.errors import EmptyInput, GuardRefusal, TooManyDeletes
from snapshots.ledger import destinations
from snapshots.model import Counts

if TYPE_CHECKING:
    import threading

    from snapshots.engine.events import Listener
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.plan.options import Options
    from snapshots.ledger.destinations import Destination, SentTotals


def with_deletes(
    result: ImportResult,
    ledger_session: LedgerSession,
    options: Options,
    listener: Listener,
    stop: threading.Event,
) -> ImportResult:
    """Returns the result of a delivery together with that of its deletes, if there are any to send.

    Nothing is deleted unless the delivery has accounted for its whole input and was the last one,
    each of its rejects shows its key, and the guards allow it.
    """
    record = result.record
    if record is None or record.kind != "delivery" or record.state != "finished":
        return result
    known = _last(ledger_session, record.import_id, options)
    if known is None:
        return result
    plan, found = known
    totals = destinations.totals(ledger_session.ledger, found.number, found.import_id)
    if found.unreadable:
        some = f"{found.unreadable:,} record{'s were' if found.unreadable > 1 else ' was'}"
        listener(Notice(f"{some} rejected without a readable key: no row is deleted"))
        return result
    if not totals.vanished:
        return result
    try:
        require_allowed(totals, options)
    except GuardRefusal as refusal:
        return _joined(result, _refused(result, refusal))
    given = options.request
    request = plan.request.with_secrets_of(given).of_vanished()
    wanted = dataclasses.replace(options, request=request, again=True, contract=None, limit=None)
    # Imported here: whoever only imports would pay for it.
    from snapshots.engine.delivery.job import DeliveryJob
    from snapshots.engine.delivery.vanished_rows import VanishedRows

    source = VanishedRows(ledger_session.target, found, record.input)

    def work(hear: Listener) -> ImportResult:
        job = DeliveryJob(ledger_session.target, wanted)
        return Run(job, ledger_session, source, wanted, hear, stop).begin_or_resume()

    return _joined(result, run_with_events(record.input, listener, work))


def _last(
    ledger_session: LedgerSession, import_id: int, options: Options
) -> tuple[Plan, Destination] | None:
    """The plan and the address of a delivery which is to delete rows, and is the last one there."""
    ledger = ledger_session.renewed()
    entry = ledger.entry(import_id)
    if entry is None or not sent_by_key(entry.plan):
        return None
    plan, given = Plan.from_json(entry.plan), options.request
    if plan.request.method == "DELETE":
        return None
    if not (plan.request.deletes or (given is not None and given.deletes)):
        return None
    found = destinations.find(ledger, plan.request.url)
    return None if found is None or found.import_id != import_id else (plan, found)


def require_allowed(totals: SentTotals, options: Options) -> None:
    """Raises EmptyInput or TooManyDeletes where rows must not be deleted."""
    if not totals.seen and not options.allow_empty:
        raise EmptyInput("The input has no row: nothing was deleted.")
    limit = DeleteLimit.parse(options.max_deletes)
    # An input without rows has been allowed by name.
    if totals.seen and limit.exceeded(totals.before, totals.before - totals.vanished):
        raise TooManyDeletes(
            f"The input lacks {totals.vanished:,} of the {totals.before:,} rows sent before:"
            f" --max-deletes {limit} does not allow that. Nothing was deleted.",
        )


def _refused(result: ImportResult, refusal: GuardRefusal) -> ImportResult:
    return ImportResult(
        record=None,
        counts=Counts(),
        outcome="failed",
        exit_code=refusal.exit_code,
        message=str(refusal),
        rejects_by_code={},
        hint=f"If that is right, repeat the command with {refusal.option}.",
        given=result.given,
    )


def _joined(result: ImportResult, deletes: ImportResult) -> ImportResult:
    code = deletes.exit_code or result.exit_code
    return replace(result, deletes=deletes, exit_code=code)
