"""Which imports can be repaired now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.lease import owner
from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import Plan, placed
from snapshots.errors import Forbids, ImportBusy, NoSuchImport, OlderVersion, TargetError
from snapshots.ledger import destinations, other_appends, undo_tables, verifications

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.ledger.destinations import Destination
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
            f"{which} is still running, in {owner.in_words(entry.owner)}",
            hint="wait until it has ended",
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
        by = owner.in_words(found.owner)
        raise ImportBusy(f"{by} is verifying {which}", hint="wait until it has ended")


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
    plan = Plan.from_json(entry.plan)
    if plan.request.key:
        require_last(ledger, entry)
    return plan


def require_last(ledger: History, entry: Entry) -> Destination:
    """The address of a delivery by key, which is the last one of rows there.

    Raises Forbids where another one has sent rows since, or the delivery has sent deletes.
    """
    request = Plan.from_json(entry.plan).request
    found = destinations.find(ledger, request.url)
    if request.method == "DELETE":
        raise Forbids(
            f"delivery {entry.import_id} has sent deletes",
            hint="send the input again: what was not deleted is tried again",
        )
    if found is None or found.import_id != entry.import_id:
        other = "what was sent to this address was forgotten"
        if found is not None:
            other = f"delivery {found.import_id} has sent later rows to this address"
        raise Forbids(
            f"{other}: a reject of delivery {entry.import_id} may be older",
            place=request.url,
            hint="correct the input and send it again: what was rejected is sent then",
        )
    return found


def require_newest(ledger: Ledger, entry: Entry, plan: Plan) -> None:
    """Raises OlderVersion where a later version of the table is published: for an append, only one
    that has replaced or deleted rows which it lacks."""
    own, found = canonical(ledger, plan.table), None
    if plan.versioned:
        dated = other_appends.newest_versions(ledger, entry.import_id)
        mine = (entry.as_of or entry.started_at, entry.import_id)
        found = _first_of(ledger, own, ((n, text) for n, date, text in dated if (date, n) > mine))
    else:
        mine = (entry.finished_at or entry.now, entry.import_id)
        later = [
            (one.import_id, one.plan)
            for one in undo_tables.published(ledger)
            if (one.published_at, one.import_id) > mine and Plan.from_json(one.plan).deletes
        ]
        found = _first_of(ledger, own, reversed(later))
    if found is not None:
        raise OlderVersion(
            f"Import {found} has published a later version of table {plan.table}: nothing of"
            f" import {entry.import_id} was replayed.",
            hint=_instead(plan, found),
        )


def _first_of(ledger: Ledger, own: str, imports: Iterable[tuple[int, str]]) -> int | None:
    """The first of these imports, with their plans, that is into the table."""
    for number, text in imports:
        into = placed(text)[0]
        if into is not None and canonical(ledger, into) == own:
            return number
    return None


def _instead(plan: Plan, newest: int) -> str:
    if plan.mode == "history":
        return (
            "Correct the whole file, and load it with --mode history --again --out-of-order"
            " --as-of and the date of its version."
        )
    return f"Correct the rejects of import {newest} instead."
