"""Counts the rows that refer to the rows of an import: they are in the way of an undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from msgspec import Struct

from snapshots.engine.plan.plan import LINEAGE
from snapshots.errors import Forbids

if TYPE_CHECKING:
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName
    from snapshots.table_facts import ReferencingKey


class ReferringRows(Struct, frozen=True):
    """Rows that refer to rows of an import, by one foreign key."""

    table: str
    rows: int
    on_delete: Literal["refuse", "cascade", "set null", "set default"]
    """What the database does to them when the rows of the import are deleted."""

    def __str__(self) -> str:
        rows = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'} of table {self.table}"
        if self.on_delete == "cascade":
            return f"the database would delete {rows} with them"
        if self.on_delete == "refuse":
            return f"{rows} refer to them, and the database keeps what is referred to"
        return f"the database would {self.on_delete.replace('set', 'set to').upper()} in {rows}"


def referring_rows(ledger: Ledger, import_id: int, table: TableName) -> tuple[ReferringRows, ...]:
    """Finds rows that refer to rows of the import and are not its own. Raises TargetError."""
    found = []
    for key in ledger.target.referencing_keys(ledger.session, table):
        rows = _count(ledger, import_id, table, key)
        if rows:
            found.append(ReferringRows(str(key.table), rows, key.on_delete))
    return tuple(found)


def require_alone(
    import_id: int, referring: tuple[ReferringRows, ...], *, allow_cascade: bool
) -> None:
    """Raises Forbids where other rows are in the way of removing those of an import."""
    for rows in referring:
        if rows.on_delete == "refuse" or not allow_cascade:
            raise Forbids(
                f"import {import_id} was not undone: {rows}",
                hint="change or delete those rows first"
                if rows.on_delete == "refuse"
                else "undo it anyway with --allow-cascade",
            )


def _count(ledger: Ledger, import_id: int, table: TableName, key: ReferencingKey) -> int:
    quote = ledger.target.dialect.quote
    number = quote(LINEAGE[0])
    same = " AND ".join(
        f"parent.{quote(theirs)} = child.{quote(mine)}"
        for mine, theirs in zip(key.columns, key.parents, strict=True)
    )
    others, params = "", [import_id]
    if key.own:
        others = f" AND COALESCE(child.{number}, -1) <> ?"
        params = [import_id, import_id]
    ((rows,),) = ledger.session.execute(
        f"SELECT COUNT(*) FROM {key.table.sql(quote)} AS child WHERE EXISTS"
        f" (SELECT 1 FROM {table.sql(quote)} AS parent WHERE parent.{number} = ? AND {same})"
        f"{others}",
        params,
    )
    return cast("int", rows)
