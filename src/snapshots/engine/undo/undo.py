"""Removes the rows of an import from its table. The account of the import stays in the ledger.

The rows leave and the state changes in one transaction: after a crash the import is undone, or as
it was. The column `_import_id` says which rows are its own.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from snapshots.engine.lease import owner
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import require_undamaged, take_over
from snapshots.engine.plan.plan import LINEAGE, Plan
from snapshots.engine.publishing.stage import drop
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.undo.references import ReferringRows, referring_rows
from snapshots.errors import AlreadyUndone, Forbids, ImportBusy, LostLease, NoSuchImport
from snapshots.ledger import parts, stages, verifications
from snapshots.ledger.rows import Sql
from snapshots.ledger.unaccounted import require_accounted

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import TableName
    from snapshots.ports import Target


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What undoing an import has done, or would do."""

    import_id: int
    input: str
    database: str
    table: str
    loaded: int
    """Rows that the import had loaded."""
    removed: int
    """Rows with its number that were removed, or that a dry run has found."""
    dry_run: bool
    referring: tuple[ReferringRows, ...] = ()
    """Rows of others that refer to these rows. A deletion takes them along or is refused."""

    def to_object(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return asdict(self)


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
    if dry_run:
        found = 0 if _waits(entry) else _found(ledger, entry, table)
        return _report(ledger, entry, table, found, dry_run=True)
    owned = take_over(ledger, entry) if entry.state == "running" else entry
    if _waits(entry):
        _give_up_stage(ledger, owned, Plan.from_json(entry.plan))
        return _report(ledger, entry, table, 0)
    if owned is not entry:
        entry = cast("Entry", ledger.entry(entry.import_id))
    with ledger.session.transaction():
        _require_fence(ledger, owned)
        referring = referring_rows(ledger, entry.import_id, table)
        _require_alone(entry, referring, allow_cascade=allow_cascade)
        removed = _remove(ledger, entry, table)
        mark_undone(ledger, entry, removed)
        fault_point("undo-before-commit")
    fault_point("undone")
    return _report(ledger, entry, table, removed, referring=referring)


def undo_unfinished(ledger: Ledger, lease: Lease, entry: Entry) -> None:
    """Undoes an import for its owner, which has stopped it. Raises LedgerError or TargetError."""
    plan = Plan.from_json(entry.plan) if entry.plan else None
    if plan is not None and plan.stage:
        _give_up_stage(ledger, lease, plan)
        return
    with ledger.session.transaction():
        _require_fence(ledger, lease)
        removed = 0
        if plan is not None and ledger.target.inspect(ledger.session, plan.table) is not None:
            referring = referring_rows(ledger, entry.import_id, plan.table)
            _require_alone(entry, referring, allow_cascade=False)
            removed = _remove(ledger, entry, plan.table)
        mark_undone(ledger, lease, removed)
        fault_point("undo-before-commit")


def require_undoable(ledger: Ledger, entry: Entry) -> TableName:
    """The table of an import that can be undone. Raises LedgerError."""
    which = f"import {entry.import_id}"
    if entry.kind != "import":
        raise Forbids(f"{entry.kind} {entry.import_id} sent rows to an API, which cannot be undone")
    if entry.state == "undone":
        raise AlreadyUndone(
            f"{which} was undone at {entry.undone_at}: {entry.removed or 0:,} rows were removed"
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
            f"{entry.owner} (host:process:start) is working on {which}",
            hint="stop it first; then undo the import",
        )
    found = verifications.find(ledger, entry.import_id)
    if found and found.state == "running" and owner.alive(found.owner, found.heartbeat_age):
        raise ImportBusy(f"{found.owner} is verifying {which}", hint="wait until it has ended")
    require_undamaged(entry)
    if tails := parts.tails_of(ledger, entry.import_id):
        raise Forbids(
            f"import {tails[-1]} loaded what its input gained after {which}",
            hint=f"undo that one first: snapshots undo {tails[-1]}",
        )
    plan = Plan.from_json(entry.plan)
    if not _waits(entry):
        _require_rows(ledger, entry, plan)
    return plan.table


def _require_rows(ledger: Ledger, entry: Entry, plan: Plan) -> None:
    """Requires that the table says which rows are the import's, and lacks none that it deleted."""
    which = f"import {entry.import_id}"
    if entry.deleted:
        raise Forbids(
            f"{which} replaced {entry.deleted:,} rows of table {plan.table}, and they are not kept",
            hint="to have them back, import the former file again with --mode replace",
        )
    shape = ledger.target.inspect(ledger.session, plan.table)
    if shape is None:
        raise Forbids(f"table {plan.table} is gone, with all rows of {which}")
    if not plan.lineage or not {column.name for column in shape.columns}.issuperset(LINEAGE):
        raise Forbids(
            f"table {plan.table} has no columns {' and '.join(LINEAGE)}, which identify the rows of"
            f" {which}",
            hint="remove the rows by hand",
        )


def mark_undone(ledger: Ledger, of: Lease | Entry, removed: int) -> None:
    """Sets the state, in the transaction that removes the rows. The account stays as it is."""
    ledger.change(
        of,
        {
            # MySQL sets columns from left to right: the state of before comes first.
            "undone_state": Sql("state"),
            "state": "undone",
            "undone_at": ledger.now,
            "removed": removed,
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
        mark_undone(ledger, of, 0)
        fault_point("undo-before-commit")
    fault_point("undone")
    drop(ledger, plan.stage_table(of.import_id))
    stages.forget(ledger, of.import_id)


def _found(ledger: Ledger, entry: Entry, table: TableName) -> int:
    """Counts the rows of an import. Raises UnaccountedRows."""
    quoted = table.sql(ledger.target.dialect.quote)
    return require_accounted(ledger, entry.import_id, table, quoted)


def _remove(ledger: Ledger, entry: Entry, table: TableName) -> int:
    """Deletes the rows of an import; returns how many. Raises Forbids if some stay."""
    expected = _found(ledger, entry, table)
    quote, session = ledger.target.dialect.quote, ledger.session
    quoted, number = table.sql(quote), quote(LINEAGE[0])
    removed = _remove_leaves(ledger, entry, table)
    removed += session.change(f"DELETE FROM {quoted} WHERE {number} = ?", (entry.import_id,))  # noqa: S608
    ((left,),) = cast(
        "list[tuple[int]]",
        session.execute(
            f"SELECT COUNT(*) FROM {quoted} WHERE {number} = ?",  # noqa: S608
            (entry.import_id,),
        ),
    )
    if left:
        raise Forbids(
            f"a trigger, rule or policy of table {table} keeps {left:,} rows of import"
            f" {entry.import_id}: nothing was removed"
        )
    # An INSTEAD OF trigger of a view deletes rows that no driver counts.
    return removed or expected


def _remove_leaves(ledger: Ledger, entry: Entry, table: TableName) -> int:
    """Deletes rows that no other row of the import refers to, for as long as there are some, where
    the database judges each row by itself and would refuse to delete a parent before its child."""
    if ledger.target.dialect.deletes_in_any_order:
        return 0
    session, quote = ledger.session, ledger.target.dialect.quote
    quoted, number, line = table.sql(quote), quote(LINEAGE[0]), quote(LINEAGE[1])
    keys = ledger.target.own_keys(session, table)
    for key in keys:
        pairs = list(zip(map(quote, key.columns), map(quote, key.parents), strict=True))
        # A row that refers to itself would be refused even alone.
        session.execute(
            f"UPDATE {quoted} SET {', '.join(f'{mine} = NULL' for mine, _ in pairs)}"  # noqa: S608
            f" WHERE {number} = ? AND {' AND '.join(f'{mine} = {own}' for mine, own in pairs)}",
            (entry.import_id,),
        )
    referred = " OR ".join(
        " AND ".join(
            f"child.{quote(mine)} = parent.{quote(theirs)}"
            for mine, theirs in zip(key.columns, key.parents, strict=True)
        )
        for key in keys
    )
    removed, deleted = 0, 1 if keys else 0
    while deleted:
        deleted = session.change(
            f"DELETE parent FROM {quoted} AS parent LEFT JOIN {quoted} AS child"
            f" ON ({referred}) AND child.{number} = ? AND child.{line} <> parent.{line}"
            f" WHERE parent.{number} = ? AND child.{number} IS NULL",
            (entry.import_id, entry.import_id),
        )
        removed += deleted
    return removed


def _require_fence(ledger: Ledger, of: Lease | Entry) -> None:
    rows = ledger.session.execute(
        f"SELECT fence FROM snapshots_imports WHERE id = ?{ledger.target.dialect.row_lock}",  # noqa: S608
        (of.import_id,),
    )
    if rows != [(of.fence,)]:
        raise LostLease(
            f"another process took over import {of.import_id}",
            hint="see its progress with snapshots list",
        )


def _require_alone(
    entry: Entry, referring: tuple[ReferringRows, ...], *, allow_cascade: bool
) -> None:
    for rows in referring:
        if rows.on_delete == "refuse" or not allow_cascade:
            raise Forbids(
                f"import {entry.import_id} was not undone: {rows}",
                hint="change or delete those rows first"
                if rows.on_delete == "refuse"
                else "undo it anyway with --allow-cascade",
            )


def _report(
    ledger: Ledger,
    entry: Entry,
    table: TableName,
    removed: int,
    *,
    dry_run: bool = False,
    referring: tuple[ReferringRows, ...] | None = None,
) -> UndoReport:
    if referring is None:
        referring = referring_rows(ledger, entry.import_id, table)
    return UndoReport(
        entry.import_id,
        entry.input,
        ledger.target.display(),
        str(table),
        entry.counts.loaded,
        removed,
        dry_run,
        referring,
    )
