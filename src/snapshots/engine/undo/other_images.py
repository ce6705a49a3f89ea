"""Corrects what other imports keep of the rows of an import that is undone.

A later import may have changed or deleted a row of this one, and keeps it for its own undo. It gets
the row of before this one: undoing both then leads to where both began, in any order.

An earlier import may keep how it has published a row that returns. Triggers see the undo, too: what
they make of the row is what counts as published from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, Plan, placed
from snapshots.ledger import undo_tables

if TYPE_CHECKING:
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName


class OtherImages(Struct, frozen=True):
    """The undo tables of the other imports into the table of one by key."""

    ledger: Ledger
    entry: Entry
    plan: Plan
    rows: KeyedRows
    images: str
    """The rows of before the import, behind FROM."""
    had: tuple[str, ...]
    """The columns of these."""

    def correct_later(self) -> None:
        """Corrects those that came after it, before its rows leave."""
        for number, undo_table, columns in self._others(later=True):
            self._correct(number, undo_table.sql(self.rows.dialect.quote), columns)

    def renew_copies(self) -> None:
        """Corrects those that came before it, once rows have returned."""
        rows, quote = self.rows, self.rows.dialect.quote
        mine, line = map(quote, LINEAGE)
        for number, undo_table, columns in self._others(later=False):
            copies = replace(rows, table=undo_table.sql(quote), stage=rows.table, columns=columns)
            # What somebody had changed before this import was published is still a change.
            self.ledger.session.change(
                copies.update_where(
                    f"t.{mine} = {number:d} AND s.{mine} = {number:d}"
                    f" AND EXISTS (SELECT 1 FROM {self.images} AS b WHERE"
                    f" {rows.same_key('b', 't')} AND b.{mine} = {number:d}"
                    f" AND b.{line} = t.{line} AND NOT ({copies.differs('t', 'b')}))"
                )
            )

    def _others(self, *, later: bool) -> list[tuple[int, TableName, tuple[str, ...]]]:
        """The imports that came after it, or before, each with its undo table and the columns that
        both undo tables have."""
        own, found, is_later = canonical(self.ledger, self.plan.table), [], False
        for one in undo_tables.published(self.ledger):
            if one.import_id == self.entry.import_id:
                is_later = True
            elif is_later is later and one.undo_table is not None:
                table = placed(one.plan)[0]
                if table is None or canonical(self.ledger, table) != own:
                    continue
                undo_table = self.ledger.target.table_name(one.undo_table)
                if columns := self._columns(undo_table):
                    found.append((one.import_id, undo_table, columns))
        return found

    def _columns(self, undo_table: TableName) -> tuple[str, ...]:
        shape = self.ledger.target.inspect(self.ledger.session, undo_table)
        there = set() if shape is None else {column.name for column in shape.columns}
        return tuple(
            column.name
            for column in self.rows.shape.columns
            if column.name in there.intersection(self.had) and column.name not in LINEAGE
        )

    def _correct(self, number: int, later: str, columns: tuple[str, ...]) -> None:
        rows, quote = self.rows, self.rows.dialect.quote
        mine = quote(LINEAGE[0])
        images = replace(rows, table=later, stage=self.images, columns=columns)
        self.ledger.session.change(
            images.update_where(f"t.{mine} = {self.entry.import_id:d} AND {self._valid('s')}")
        )
        # A key that came back has no row of before, unless it is the one that this import deleted.
        names = [quote(name) for name in (*columns, *LINEAGE)]
        given = ", ".join(f"b.{name}" for name in names)
        same = rows.same_key
        self.ledger.session.change(
            f"INSERT INTO {later} ({', '.join(names)}) SELECT {given} FROM {self.images} AS b"
            f" WHERE {self._valid('b')}"
            f" AND NOT EXISTS (SELECT 1 FROM {rows.stage} AS p WHERE {same('p', 'b')})"
            f" AND EXISTS (SELECT 1 FROM {rows.table} AS t WHERE {same('t', 'b')}"
            f" AND t.{mine} = {number:d})"
            # Such a table may also have the rows that its own import has published.
            f" AND NOT EXISTS (SELECT 1 FROM {later} AS o WHERE {same('o', 'b')}"
            f" AND (o.{mine} IS NULL OR o.{mine} <> {number:d}))"
        )

    def _valid(self, alias: str) -> str:
        number = self.rows.dialect.quote(LINEAGE[0])
        return (
            f"NOT EXISTS (SELECT 1 FROM snapshots_imports AS i WHERE i.id = {alias}.{number}"
            " AND i.state = 'undone')"
        )
