"""Undoes what an import has done to its table. The account of the import stays in the ledger.

The rows and the state change in one transaction: after a crash the import is undone, or as it was.
A strategy for each kind of import says what becomes of the rows: see `UndoStrategy`.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, cast

from snapshots.engine.lease import owner
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import require_undamaged, take_over
from snapshots.engine.plan.plan import Plan
from snapshots.engine.publishing import former_rows, half_published
from snapshots.engine.publishing.stage import drop
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.undo.by_number import RowsByNumber, remove_own
from snapshots.engine.undo.former_table import FormerTable
from snapshots.engine.undo.history_version import HistoryVersion
from snapshots.engine.undo.kept_rows import first_kept
from snapshots.engine.undo.report import UndoReport
from snapshots.engine.undo.rows_by_key import RowsByKey
from snapshots.engine.undo.strategy import RowsUndone
from snapshots.errors import AlreadyUndone, Forbids, ImportBusy, LostLease, NoSuchImport
from snapshots.ledger import parts, stages, verifications
from snapshots.ledger.rows import Sql
from snapshots.notes import number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.undo.strategy import UndoStrategy
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import TableName
    from snapshots.ports import Target


def undo_import(
    import_id: int,
    target: Target,
    say: Callable[[str], None],
    *,
    dry_run: bool = False,
    allow_cascade: bool = False,
) -> UndoReport:
    """Removes the rows of one import, or with `dry_run` says what that would remove.

    `say` gets sentences about the ledger. Rows that the database deletes or changes because they
    refer to these need `allow_cascade`.

    Raises NoSuchImport, AlreadyUndone, ImportBusy while another process works on the import,
    UnaccountedRows if the table has rows with its number that it has not loaded, Forbids for
    everything else that stands against it, or TargetError.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as session:
        ledger = session.ledger
        entry = ledger.entry(import_id) if ledger.exists() else None
        if entry is None:
            raise NoSuchImport(
                f"{target.display()} has no import {import_id}",
                hint="see the imports with snapshots list",
            )
        return undo_entry(ledger, entry, dry_run=dry_run, allow_cascade=allow_cascade)


def undo_entry(
    ledger: Ledger, entry: Entry, *, dry_run: bool = False, allow_cascade: bool = False
) -> UndoReport:
    """Does the same for an entry of a ledger that is open."""
    table = require_undoable(ledger, entry)
    plan = Plan.from_json(entry.plan)
    if dry_run:
        would = RowsUndone(0) if _waits(entry) else strategy_for(ledger, entry, plan).look()
        return _report(ledger, entry, table, would, dry_run=True)
    owned = take_over(ledger, entry) if entry.state == "running" else entry
    if _waits(entry):
        _give_up_stage(ledger, owned, plan)
        return _report(ledger, entry, table, RowsUndone(0))
    if owned is not entry:
        entry = cast("Entry", ledger.entry(entry.import_id))
    strategy = strategy_for(ledger, entry, plan)
    lock = strategy.lock()
    with ledger.session.transaction() if lock is None else ledger.writing(lock):
        _require_fence(ledger, owned)
        undone = strategy.run(allow_cascade=allow_cascade)
        mark_undone(ledger, entry, undone)
        fault_point("undo-before-commit")
    fault_point("undone")
    strategy.clean_up()
    return _report(ledger, entry, table, undone)


def undo_unfinished(ledger: Ledger, lease: Lease, entry: Entry) -> None:
    """Undoes an import for its owner, which has stopped it. Raises LedgerError or TargetError."""
    plan = Plan.from_json(entry.plan) if entry.plan else None
    if plan is not None and plan.stage:
        _give_up_stage(ledger, lease, plan)
        return
    with ledger.session.transaction():
        _require_fence(ledger, lease)
        undone = RowsUndone(0)
        if plan is not None and ledger.target.inspect(ledger.session, plan.table) is not None:
            undone = remove_own(ledger, entry, plan.table, allow_cascade=False)
        mark_undone(ledger, lease, undone)
        fault_point("undo-before-commit")


def strategy_for(ledger: Ledger, entry: Entry, plan: Plan) -> UndoStrategy:
    """How to undo an import that is finished, or has added rows chunk by chunk."""
    if plan.mode == "history":
        return HistoryVersion(ledger, entry, plan)
    changes = entry.changes
    if plan.key and (entry.undo_table is not None or changes.updated or changes.deleted):
        return RowsByKey(ledger, entry, plan)
    if plan.replaces and not plan.key:
        return FormerTable(ledger, entry, plan)
    return RowsByNumber(ledger, entry, plan)


def require_undoable(ledger: Ledger, entry: Entry) -> TableName:
    """The table of an import that can be undone. Raises LedgerError."""
    which = f"import {entry.import_id}"
    if entry.kind != "import":
        raise Forbids(f"{entry.kind} {entry.import_id} sent rows to an API, which cannot be undone")
    if entry.state == "undone":
        removed = entry.removed or 0
        raise AlreadyUndone(
            f"{which} was undone at {entry.undone_at}: {number_of(removed, 'row')}"
            f" {'was' if removed == 1 else 'were'} removed from {entry.table},"
            f" {ledger.target.display()}"
        )
    if entry.duplicate:
        raise Forbids(
            f"{which} loaded nothing: import {entry.same_as} had loaded the same bytes",
            hint=f"undo that one: snapshots undo {entry.same_as}",
        )
    if not entry.plan or entry.state == "queued":
        raise Forbids(f"{which} has loaded nothing yet", hint="cancel it instead")
    if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
        raise ImportBusy(
            f"{owner.in_words(entry.owner)} is working on {which}",
            hint="stop it first; then undo the import",
        )
    found = verifications.find(ledger, entry.import_id)
    if found and found.state == "running" and owner.alive(found.owner, found.heartbeat_age):
        by = owner.in_words(found.owner)
        raise ImportBusy(f"{by} is verifying {which}", hint="wait until it has ended")
    require_undamaged(entry)
    if tails := parts.tails_of(ledger, entry.import_id):
        raise Forbids(
            f"import {tails[-1]} loaded what its input gained after {which}",
            hint=f"undo that one first: snapshots undo {tails[-1]}",
        )
    plan = Plan.from_json(entry.plan)
    if not _waits(entry):
        strategy_for(ledger, entry, plan).require()
    elif half_published.is_renamed(ledger, entry.import_id):
        raise half_published.half_published(entry.import_id)
    return plan.table


def mark_undone(ledger: Ledger, of: Lease | Entry, undone: RowsUndone) -> None:
    """Sets the state, in the transaction that removes the rows. The account stays as it is."""
    ledger.change(
        of,
        {
            # MySQL sets columns from left to right: the state of before comes first.
            "undone_state": Sql("state"),
            "state": "undone",
            "undone_at": ledger.now,
            "removed": undone.removed,
            "restored": undone.restored,
            "undo_kept": undone.kept,
            **dict.fromkeys(("wanted", "owner")),
            "workers_lost": 0,
            "fence": Sql("fence + 1"),
        },
    )


def _waits(entry: Entry) -> bool:
    """Whether its rows wait in a stage: none of them is in the table."""
    return bool(entry.plan and Plan.from_json(entry.plan).stage) and entry.state != "finished"


def _give_up_stage(ledger: Ledger, of: Lease | Entry, plan: Plan) -> None:
    """Undoes an import whose rows wait in a stage. Who is killed leaves the stage to `prune`."""
    with ledger.session.transaction():
        _require_fence(ledger, of)
        mark_undone(ledger, of, RowsUndone(0))
        fault_point("undo-before-commit")
    fault_point("undone")
    drop(ledger, plan.stage_table(of.import_id))
    stages.forget(ledger, of.import_id)
    former_rows.give_up(ledger, of.import_id)


def _require_fence(ledger: Ledger, of: Lease | Entry) -> None:
    rows = ledger.session.execute(
        f"SELECT fence FROM snapshots_imports WHERE id = ?{ledger.target.dialect.row_lock}",
        (of.import_id,),
    )
    if rows != [(of.fence,)]:
        raise LostLease(
            f"another process took over import {of.import_id}",
            hint="see its progress with snapshots list",
        )


def _report(
    ledger: Ledger, entry: Entry, table: TableName, undone: RowsUndone, *, dry_run: bool = False
) -> UndoReport:
    return UndoReport(
        entry.import_id,
        entry.input,
        ledger.target.display(),
        str(table),
        _put_in(entry),
        undone.removed,
        dry_run,
        undone.referring,
        undone.restored,
        undone.kept,
        first_kept(ledger, entry.import_id) if undone.kept and not dry_run else (),
    )


def _put_in(entry: Entry) -> int:
    """The rows that an import has added to its table. A history keeps changed rows as new ones."""
    changes = entry.changes
    changed = 0 if entry.mode == "history" else changes.updated
    return entry.counts.loaded - changes.unchanged - changed
