"""Corrects what later imports keep of the rows of an import that is undone.

A later import may have changed or deleted a row of this one, and keeps it for its own undo. It gets
the row of before this one: undoing both then leads to where both began, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, Plan, placed
from snapshots.ledger import undo_tables

if TYPE_CHECKING:
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName


@dataclass(frozen=True, slots=True)
class LaterImages:
    """The undo tables of imports that came after one by key."""

    ledger: Ledger
    entry: Entry
    plan: Plan
    rows: KeyedRows
    undo: str
    """The undo table of the import, quoted."""

    def settle(self) -> None:
        """Corrects them, in the transaction that undoes the import."""
        own = canonical(self.ledger, self.plan.table)
        later = False
        for one in undo_tables.published(self.ledger):
            if one.import_id == self.entry.import_id:
                later = True
            elif later and one.undo_table is not None:
                table = placed(one.plan)[0]
                if table is not None and canonical(self.ledger, table) == own:
                    undo_table = self.ledger.target.table_name(one.undo_table)
                    self._correct(one.import_id, undo_table)

    def _correct(self, number: int, undo_table: TableName) -> None:
        shape = self.ledger.target.inspect(self.ledger.session, undo_table)
        if shape is None:
            return
        rows, quote = self.rows, self.rows.dialect.quote
        mine, later = quote(LINEAGE[0]), undo_table.sql(quote)
        images = replace(rows, table=later, stage=self.undo)
        self.ledger.session.change(
            f"{images.update} AND t.{mine} = {self.entry.import_id:d} AND {self._valid('s')}"
        )
        # A key that came back has no row of before, unless it is the one that this import deleted.
        there = {column.name for column in shape.columns}
        names = [
            quote(column.name)
            for column in rows.shape.columns
            if column.name in there and not column.generated
        ]
        given = ", ".join(f"b.{name}" for name in names)
        same = rows.same_key
        self.ledger.session.change(
            f"INSERT INTO {later} ({', '.join(names)}) SELECT {given} FROM {self.undo} AS b"
            f" WHERE {self._valid('b')}"
            f" AND NOT EXISTS (SELECT 1 FROM {rows.stage} AS p WHERE {same('p', 'b')})"
            f" AND EXISTS (SELECT 1 FROM {rows.table} AS t WHERE {same('t', 'b')}"
            f" AND t.{mine} = {number:d})"
            f" AND NOT EXISTS (SELECT 1 FROM {later} AS o WHERE {same('o', 'b')})"
        )

    def _valid(self, alias: str) -> str:
        number = self.rows.dialect.quote(LINEAGE[0])
        return (
            f"NOT EXISTS (SELECT 1 FROM snapshots_imports AS i WHERE i.id = {alias}.{number}"
            " AND i.state = 'undone')"
        )
