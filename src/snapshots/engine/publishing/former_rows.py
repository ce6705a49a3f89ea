"""Keeps rows that a publish changes or deletes in an undo table, so that it can be undone.

An undo table is made before the transaction that publishes, because some databases commit with a
CREATE TABLE. The transaction then fills it: it holds rows if and only if the version is published.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, placed
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import TargetError
from snapshots.ledger import undo_tables
from snapshots.table_facts import UNDO_ROW
from snapshots.targets.sql.ddl import written

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ledger.undo_tables import PublishedVersion
    from snapshots.model import TableName, TableShape
    from snapshots.ports import Session, Target


def prepare(ledger: Ledger, lease: Lease, plan: Plan) -> None:
    """Makes the undo table of an import whose version is to be published, outside a transaction.

    Does nothing where no row could be kept, or none is to be.
    """
    shape = _worth_keeping(ledger, lease, plan)
    if shape is None:
        return
    undo_table = plan.undo_table(lease.import_id)
    undo_tables.mark(ledger, lease, written(undo_table))
    fault_point("undo-table-marked")
    there = ledger.target.inspect(ledger.session, undo_table)
    if there is not None and not _fits(there, shape):
        # Somebody has altered the table since an earlier attempt.
        drop(ledger, undo_table)
    ledger.target.create_undo_table(
        ledger.session, undo_table, plan.table, columns_to_keep(shape), plan.key
    )
    fault_point("undo-table-made")


def _worth_keeping(ledger: Ledger, lease: Lease, plan: Plan) -> TableShape | None:
    """The table, if it has rows that publishing may change, and undoing it needs them."""
    if not plan.keeps_undo or ledger.is_finished(lease):
        return None
    shape = ledger.target.inspect(ledger.session, plan.table)
    if shape is None:
        return None
    if plan.key:
        # Undoing it also needs the stage, which is kept as long as the undo table is.
        return shape
    name = plan.table.sql(ledger.target.dialect.quote)
    some = ledger.session.execute(f"SELECT 1 FROM {name}{ledger.target.dialect.limit(1)}")
    return shape if some else None


def _fits(there: TableShape, shape: TableShape) -> bool:
    types = {column.name: column.sql_type for column in there.columns}
    return all(
        types.get(column.name) == column.sql_type
        for column in shape.columns
        if not column.generated
    )


def columns_to_keep(shape: TableShape) -> tuple[str, ...]:
    """All columns but those that the database computes from others."""
    return tuple(column.name for column in shape.columns if not column.generated)


def keep(ledger: Ledger, lease: Lease, plan: Plan, where: str = "") -> int | None:
    """Copies rows of the table into the undo table, within the publishing transaction; returns how
    many. `where`: the end of a SELECT from the table; empty: all rows.

    Returns None where nothing is kept. Raises TargetError, worth a retry, where the table had no
    row when the undo table was to be made.
    """
    session, target = ledger.session, ledger.target
    if not plan.keeps_undo:
        return None
    undo_table = plan.undo_table(lease.import_id)
    shape = target.inspect(session, plan.table)
    quote = target.dialect.quote
    if shape is None or target.inspect(session, undo_table) is None:
        name = plan.table.sql(quote)
        if session.execute(f"SELECT 1 FROM {name}{where}{target.dialect.limit(1)}"):
            raise TargetError("rows have just come into the table", retryable=True)
        return None
    names = ", ".join(map(quote, columns_to_keep(shape)))
    table = plan.table.sql(quote)
    # Where no lock keeps others from writing to the table, the copied rows must stay as they are.
    lock = "" if target.dialect.lock_rows(table) else target.dialect.share_lock
    kept = session.change(
        f"INSERT INTO {undo_table.sql(quote)} ({names}) SELECT {names} FROM {table}{where}{lock}"
    )
    fault_point("former-rows-kept")
    return kept


def published_columns(
    target: Target, session: Session, undo_table: TableName, import_id: int
) -> tuple[str, ...]:
    """The columns of an undo table that also has rows as its import has published them: they have
    its number. Empty if it has none of them."""
    shape = target.inspect(session, undo_table)
    columns = () if shape is None else tuple(column.name for column in shape.columns)
    if LINEAGE[0] not in columns:
        return ()
    quote = target.dialect.quote
    some = session.execute(
        f"SELECT 1 FROM {undo_table.sql(quote)} WHERE {quote(LINEAGE[0])} = {import_id:d}"
        f"{target.dialect.limit(1)}"
    )
    return tuple(name for name in columns if name != UNDO_ROW) if some else ()


def require_kept(kept: int | None, deleted: int) -> None:
    """Raises TargetError, worth a retry, where somebody has changed the table in between."""
    if kept is not None and kept != deleted:
        raise TargetError(
            f"{kept} rows were kept for undo, but {deleted} were deleted",
            hint="somebody else writes to the table; nothing was published",
            retryable=True,
        )


def settle(ledger: Ledger, lease: Lease, plan: Plan) -> None:
    """Drops the undo table of a published version if it keeps no row, or none is to be kept.

    By key, an empty one is of use, too: it tells that all rows of the import were new.
    """
    if not plan.versioned or (plan.key and plan.keeps_undo):
        return
    undo_table = plan.undo_table(lease.import_id)
    entry = ledger.entry(lease.import_id)
    if entry is None or entry.undo_table is None or entry.state != "finished":
        return
    name = undo_table.sql(ledger.target.dialect.quote)
    some = f"SELECT 1 FROM {name}{ledger.target.dialect.limit(1)}"
    there = ledger.target.inspect(ledger.session, undo_table) is not None
    if not there or not plan.keeps_undo or not ledger.session.execute(some):
        release(ledger, lease.import_id, undo_table)


def release(ledger: Ledger, import_id: int, undo_table: TableName) -> None:
    """Drops an undo table and forgets it, outside a transaction."""
    drop(ledger, undo_table)
    fault_point("undo-table-dropped")
    undo_tables.forget(ledger, import_id)


def give_up(ledger: Ledger, import_id: int) -> None:
    """Drops the undo table of an import that will not be published."""
    entry = ledger.entry(import_id)
    if entry is not None and entry.undo_table:
        release(ledger, import_id, ledger.target.table_name(entry.undo_table))


def drop(ledger: Ledger, undo_table: TableName) -> None:
    """Drops an undo table, if it is there. On some databases that ends a transaction."""
    name = undo_table.sql(ledger.target.dialect.quote)
    ledger.session.execute(f"DROP TABLE IF EXISTS {name}")


def unneeded(history: History, most: int | None = None) -> list[PublishedVersion]:
    """Finds the undo tables that nothing keeps any more: the last imports of each
    table keep theirs.

    `most` is how many do; None: as many as the newest import of the table was told to.
    """
    marked = undo_tables.known(history)
    if not marked:
        return []
    needed: set[int] = set()
    seen: dict[str, list[PublishedVersion]] = {}
    for one in reversed(undo_tables.published(history)):
        table = placed(one.plan)[0]
        if table is not None:
            seen.setdefault(canonical(history, table), []).append(one)
    for versions in seen.values():
        kept = kept_versions(versions[0].plan) if most is None else most
        needed.update(one.import_id for one in versions[:kept])
    return [
        one for one in marked if one.import_id not in needed and one.state in ("finished", "undone")
    ]


def kept_versions(plan: str) -> int:
    """How many undo tables of a table the user wants to keep, by a plan's JSON."""
    return int(json.loads(plan).get("keep_undo", 0))


def about_unneeded(ledger: Ledger, lease: Lease, plan: Plan) -> str:
    """A sentence for a summary: which undo tables of the table `prune` would drop as soon as this
    version is published. Empty where there is none."""
    own = canonical(ledger, plan.table)
    versions = [
        one
        for one in undo_tables.published(ledger)
        if one.import_id != lease.import_id
        and (table := placed(one.plan)[0]) is not None
        and canonical(ledger, table) == own
    ]
    most = max(plan.keep_undo - 1, 0)
    old = [one for one in versions[: len(versions) - most] if one.undo_table is not None]
    if not old:
        return ""
    which = ", ".join(str(one.import_id) for one in old)
    return (
        f"Rows for undo of import{'s' if len(old) > 1 else ''} {which} are not needed any more:"
        " snapshots prune frees them."
    )
