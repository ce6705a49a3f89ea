"""Undoes an import: its rows are taken out of their table, and its account stays.

Everything happens in one transaction, so that a process that is killed has undone all of it or
nothing.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from snapshots.engine.lease import owner
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import Plan, placed
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import Forbids, ImportBusy, NoSuchImport, RefusedRows, TargetError
from snapshots.ledger import locks, undone
from snapshots.ledger.unaccounted import require_accounted

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What undoing an import has done, or would do."""

    import_id: int
    table: str
    loaded: int
    """Rows that it had loaded."""
    removed: int
    """Rows that were taken out of the table, or would be."""
    dry_run: bool


def undo(
    target: Target, import_id: int, *, dry_run: bool, say: Callable[[str], None]
) -> UndoResult:
    """Removes the rows of an import that has ended. With `dry_run` they are only counted.

    Raises NoSuchImport, ImportBusy, and Forbids where it cannot be known which rows are its own, or
    where they are not in the table any more; UnaccountedRows where rows have its number that it did
    not load; TargetError where others refer to its rows. Nothing is changed then.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as ledger_session:
        return undo_in(ledger_session.ledger, import_id, dry_run=dry_run)


def undo_in(ledger: Ledger, import_id: int, *, dry_run: bool) -> UndoResult:
    """Does what `undo` does, in a ledger that is open."""
    plan = _plan_of(ledger, import_id)
    fault_point("undoing")
    with ledger.writing(locks.of_table(canonical(ledger, plan.table))):
        entry = undone.locked(ledger, import_id)
        _require_undoable(ledger, entry, plan)
        table = plan.table.sql(ledger.target.dialect.quote)
        require_accounted(ledger, import_id, plan.table, table)
        removed = _remove(ledger, entry, plan, table, dry_run=dry_run)
        fault_point("undo-removed")
        if not dry_run:
            undone.mark(ledger, entry, removed)
    fault_point("undo-committed")
    return UndoResult(import_id, entry.table, entry.counts.loaded, removed, dry_run)


def _remove(ledger: Ledger, entry: Entry, plan: Plan, table: str, *, dry_run: bool) -> int:
    which = (entry.import_id,)
    if dry_run:
        ((rows,),) = ledger.session.execute(
            f"SELECT COUNT(*) FROM {table} WHERE _import_id = ?", which
        )
        return cast("int", rows)
    try:
        return ledger.session.change(f"DELETE FROM {table} WHERE _import_id = ?", which)
    except RefusedRows as refusal:
        raise TargetError(
            f"the rows of import {entry.import_id} cannot be removed from table {plan.table}:"
            f" {refusal}",
            hint="nothing was changed; remove what refers to them first",
        ) from refusal


def _plan_of(ledger: Ledger, import_id: int) -> Plan:
    entry = ledger.entry(import_id) if ledger.exists() else None
    if entry is None:
        raise NoSuchImport(
            f"there is no import {import_id} in {ledger.target.display()}",
            hint="snapshots list shows those there are",
        )
    if entry.kind != "import":
        raise Forbids(f"{import_id} is a delivery: what an API has received is not undone")
    if not entry.plan:
        raise Forbids(f"import {import_id} has loaded nothing")
    return Plan.from_json(entry.plan)


def _require_undoable(ledger: Ledger, entry: Entry, plan: Plan) -> None:
    """Raises ImportBusy, or Forbids with the reason."""
    number = entry.import_id
    if entry.state == "undone":
        raise Forbids(f"import {number} is undone already")
    if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
        raise ImportBusy(
            f"import {number} is being worked on by {entry.owner}",
            hint="stop it, or wait for its end",
        )
    if entry.state == "queued":
        raise Forbids(f"import {number} waits in the queue", hint="cancel it")
    if plan.stage and entry.state != "finished":
        raise Forbids(
            f"the rows of import {number} are not published: none of them is in table {plan.table}",
            hint="snapshots prune --unfinished gives them up",
        )
    if plan.replaces:
        raise Forbids(
            f"import {number} has replaced the rows of table {plan.table}, which were not kept",
            hint="replace its rows by the file of before: snapshots import FILE --mode replace"
            " --again",
        )
    if not plan.lineage:
        raise Forbids(
            f"the rows of import {number} have no _import_id: nobody can tell which they are",
            hint="remove them by hand",
        )
    if ledger.target.inspect(ledger.session, plan.table) is None:
        raise Forbids(f"table {plan.table} is gone, and with it the rows of import {number}")
    later = next(
        (one for one, into in undone.replaced_by(ledger, entry) if _same(ledger, into, plan)), None
    )
    if later is not None:
        raise Forbids(f"import {later} has replaced the rows of import {number}")


def _same(ledger: Ledger, plan_text: str, plan: Plan) -> bool:
    """Whether another plan is for the same table."""
    into = placed(plan_text)[0]
    return into is not None and canonical(ledger, into) == canonical(ledger, plan.table)
