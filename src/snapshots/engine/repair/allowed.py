"""Which imports can be repaired now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.lease import owner
from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import Plan, placed
from snapshots.errors import Forbids, ImportBusy, NoSuchImport, OlderVersion, TargetError
from snapshots.ledger import other_appends, verifications

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Ledger


def find(ledger: Ledger, import_id: int) -> Entry:
    """The entry of an import or a delivery. Raises NoSuchImport."""
    entry = ledger.entry(import_id) if ledger.exists() else None
    if entry is None:
        raise no_import(ledger, import_id)
    return entry


def no_import(history: History, import_id: int) -> NoSuchImport:
    """The error for a number that no import has."""
    return NoSuchImport(
        f"{history.target.display()} has no import {import_id}",
        hint="see the imports with snapshots list",
    )


def require_finished(ledger: Ledger, entry: Entry, word: str) -> None:
    """Raises Forbids unless a run has finished, ImportBusy while it is worked on or verified.

    `word`: what is to be done with its rejects, such as `replayed`.
    """
    which = f"{entry.kind} {entry.import_id}"
    if entry.state == "undone":
        raise Forbids(f"{which} was undone, so its rejects cannot be {word}")
    if entry.duplicate:
        raise Forbids(
            f"{which} loaded nothing: import {entry.same_as} had loaded the same bytes",
            hint=f"its rejects are those of import {entry.same_as}",
        )
    if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
        raise ImportBusy(
            f"{which} is still running, in process {entry.owner}", hint="wait until it has ended"
        )
    if entry.state != "finished":
        state = "interrupted" if entry.state == "running" else entry.state
        raise Forbids(
            f"{which} is {state}: only the rejects of a finished {entry.kind} can be {word}",
            hint="wait until it is loaded"
            if state == "queued"
            else f"finish it first: snapshots resume {entry.import_id}",
        )
    found = verifications.find(ledger, entry.import_id)
    if found and found.state == "running" and owner.alive(found.owner, found.heartbeat_age):
        raise ImportBusy(f"{found.owner} is verifying {which}", hint="wait until it has ended")


def require_replayable(ledger: Ledger, entry: Entry) -> Plan:
    """The plan of an import whose rejects can be replayed.

    Raises what `require_finished` does; Forbids for a delivery; OlderVersion where a later import
    has replaced the rows; TargetError where the table is gone.
    """
    if entry.kind != "import":
        raise Forbids(
            f"delivery {entry.import_id} sent rows to an API, so there is no table to load into",
            hint=f"send its rejects again: snapshots resend {entry.import_id}",
        )
    require_finished(ledger, entry, "replayed")
    plan = Plan.from_json(entry.plan)
    if not plan.loads or ledger.target.inspect(ledger.session, plan.table) is None:
        raise TargetError(
            f"table {plan.table} is gone"
            if plan.loads
            else "no record could be loaded, so there is no table",
            hint="import the corrected file instead",
        )
    require_newest(ledger, entry, plan)
    return plan


def require_resendable(ledger: Ledger, entry: Entry) -> Plan:
    """The plan of a delivery whose rejects can be sent again.

    Raises what `require_finished` does, and Forbids for an import.
    """
    if entry.kind != "delivery":
        raise Forbids(
            f"import {entry.import_id} loaded its rows into a table",
            hint=f"load its rejects: snapshots replay {entry.import_id}",
        )
    require_finished(ledger, entry, "sent again")
    return Plan.from_json(entry.plan)


def require_newest(ledger: Ledger, entry: Entry, plan: Plan) -> None:
    """Raises OlderVersion where a later import has replaced the rows of the table."""
    own = None
    for other, date, text in other_appends.newest_versions(ledger, entry.import_id):
        if plan.versioned:
            if (date, other) < (entry.as_of or entry.started_at, entry.import_id):
                break
        elif other < entry.import_id:
            continue
        into = placed(text)[0]
        own = own or canonical(ledger, plan.table)
        if into is not None and canonical(ledger, into) == own:
            raise OlderVersion(
                f"Import {other} has replaced the rows of table {plan.table} since, and those of"
                f" import {entry.import_id} with them: nothing was replayed.",
                hint=f"Correct the rejects of import {other} instead.",
            )
