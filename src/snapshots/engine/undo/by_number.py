"""Removes the rows that have an import's number: it has added rows, and changed no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.plan.plan import LINEAGE, Plan
from snapshots.engine.undo.references import referring_rows, require_alone
from snapshots.engine.undo.strategy import RowsUndone
from snapshots.errors import Forbids
from snapshots.ledger.unaccounted import require_accounted

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName


class RowsByNumber(Struct, frozen=True):
    """See `UndoStrategy`."""

    ledger: Ledger
    entry: Entry
    plan: Plan

    def require(self) -> None:
        """The table must be there, and say which rows are the import's. See `UndoStrategy`."""
        require_lineage(self.ledger, self.entry, self.plan)

    def lock(self) -> str | None:
        """None: other imports add and remove other rows. See `UndoStrategy`."""
        return None

    def look(self) -> RowsUndone:
        """See `UndoStrategy`."""
        table = self.plan.table
        referring = referring_rows(self.ledger, self.entry.import_id, table)
        return RowsUndone(count_own(self.ledger, self.entry, table), referring=referring)

    def run(self, *, allow_cascade: bool) -> RowsUndone:
        """See `UndoStrategy`."""
        return remove_own(self.ledger, self.entry, self.plan.table, allow_cascade=allow_cascade)

    def clean_up(self) -> None:
        """Needs nothing more. See `UndoStrategy`."""


def require_lineage(ledger: Ledger, entry: Entry, plan: Plan) -> None:
    """Requires a table that says which rows are the import's. Raises Forbids."""
    which = f"import {entry.import_id}"
    shape = ledger.target.inspect(ledger.session, plan.table)
    if shape is None:
        raise Forbids(f"table {plan.table} is gone, with all rows of {which}")
    if not plan.lineage or not {column.name for column in shape.columns}.issuperset(LINEAGE):
        raise Forbids(
            f"table {plan.table} has no columns {' and '.join(LINEAGE)}, which identify the rows of"
            f" {which}",
            hint="remove the rows by hand",
        )


def count_own(ledger: Ledger, entry: Entry, table: TableName) -> int:
    """Counts the rows of an import. Raises UnaccountedRows."""
    quoted = table.sql(ledger.target.dialect.quote)
    return require_accounted(ledger, entry.import_id, table, quoted)


def remove_own(
    ledger: Ledger, entry: Entry, table: TableName, *, allow_cascade: bool
) -> RowsUndone:
    """Deletes the rows of an import, within a transaction.

    Raises Forbids if some stay, or if rows of others refer to them; UnaccountedRows.
    """
    referring = referring_rows(ledger, entry.import_id, table)
    require_alone(entry.import_id, referring, allow_cascade=allow_cascade)
    return RowsUndone(_remove(ledger, entry, table), referring=referring)


def _remove(ledger: Ledger, entry: Entry, table: TableName) -> int:
    """Deletes the rows of an import; returns how many. Raises Forbids if some stay."""
    expected = count_own(ledger, entry, table)
    quote, session = ledger.target.dialect.quote, ledger.session
    quoted, number = table.sql(quote), quote(LINEAGE[0])
    removed = _remove_leaves(ledger, entry, table)
    removed += session.change(f"DELETE FROM {quoted} WHERE {number} = ?", (entry.import_id,))
    ((left,),) = cast(
        "list[tuple[int]]",
        session.execute(
            f"SELECT COUNT(*) FROM {quoted} WHERE {number} = ?",
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
            f"UPDATE {quoted} SET {', '.join(f'{mine} = NULL' for mine, _ in pairs)}"
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
