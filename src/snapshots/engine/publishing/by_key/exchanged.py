"""Exchanges changed rows for those of the stage: they are deleted, and inserted with their new
values.

So unique values can change places, which most databases refuse in an UPDATE. Columns that the input
lacks keep their values. A foreign key or a trigger would see rows go that stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.publishing.refusals import HalvedChange, RefusedLines

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Session

_BEFORE = "snapshots_before"


def nobody_notices(ledger: Ledger, plan: Plan) -> bool:
    """Whether neither a foreign key nor a trigger would notice that rows were gone meanwhile."""
    target, session = ledger.target, ledger.session
    return not (
        target.referencing_keys(session, plan.table) or target.fires_triggers(session, plan.table)
    )


def exchange(session: Session, rows: KeyedRows, only: str) -> int:
    """Exchanges the rows that are changed; returns how many there are.

    `only` is a further condition for the rows of the stage, or empty. Raises RefusedLines where the
    table refuses new rows. Then the surrounding savepoint must be rolled back.
    """
    dialect = rows.dialect
    quote = dialect.quote
    before, given = quote(_BEFORE), {*rows.columns, *rows.lineage}
    stored = [quote(column.name) for column in rows.shape.columns if not column.generated]
    session.execute(
        f"CREATE TEMPORARY TABLE {before} AS SELECT"
        f" {', '.join(f't.{name}' for name in stored)} FROM {rows.table} AS t"
        f" JOIN {rows.stage} AS s ON {rows.same} WHERE {rows.changed}{only}"
    )
    changed = session.change(
        f"{dialect.delete_aliased(rows.table)} WHERE EXISTS (SELECT 1 FROM {rows.stage} AS s"
        f" WHERE {rows.same} AND {rows.changed}{only})"
    )
    values = ", ".join(
        f"{'s' if column.name in given else 'b'}.{quote(column.name)}"
        for column in rows.shape.columns
        if not column.generated
    )
    insert = HalvedChange(
        session,
        f"INSERT INTO {rows.table} ({', '.join(stored)}){dialect.keeps_given_identity}"
        f" SELECT {values} FROM {before} AS b JOIN {rows.stage} AS s"
        f" ON {rows.same_key('b', 's')} WHERE 1 = 1{only}",
        rows.stage,
        rows.line,
        f" AND s.{rows.line} >= ? AND s.{rows.line} < ?",
    )
    taken = insert.begin()
    while insert.refused:
        more = insert.again()
        taken += more
        if not more:
            raise RefusedLines(insert.refused)
    session.execute(f"DROP {dialect.temporary_table} {before}")
    return changed
