"""Reads the rows that differ between two states of a table, or between a table and a stage.

The database finds and sorts them, so that memory does not grow with the table.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from snapshots.engine.history.row_values import text_value
from snapshots.targets.sql.ddl import LINEAGE, VALIDITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.model import TableColumn, TableShape
    from snapshots.ports import ResultRows, Session, Value
    from snapshots.sql_dialect import SqlDialect

Params = tuple["Value", ...]
_FOUND: Final = "snapshots_changed_rows"
_PAGE: Final = 10_000


class CellChange(Struct, frozen=True):
    """A value that differs."""

    column: TableColumn
    before: Value
    after: Value


class RowChange(Struct, frozen=True):
    """A row that only one of the states has, or that differs between them."""

    change: Literal["added", "removed", "changed"]
    key: tuple[Value, ...]
    """The values of the key's columns."""
    cells: tuple[CellChange, ...]
    """The values that differ. Of a row that only one state has: all values except the key's; the
    other state's are NULL."""


class RowState(Struct, frozen=True):
    """Rows of a table that are compared: all that meet a condition."""

    table: str
    """Quoted."""
    condition: str = "1 = 1"
    """The columns follow `{0}`, the name of the table in the statement."""
    params: Params = ()

    def where(self, alias: str) -> str:
        """The condition for rows that are called so."""
        return f"({self.condition.format(alias)})"


class ChangedRows(Struct, frozen=True, dict=True):
    """The rows that differ between two states with the same columns and the same key."""

    dialect: SqlDialect
    shape: TableShape
    """The columns of both states."""
    key_names: tuple[str, ...]
    before: RowState
    after: RowState
    compared: tuple[str, ...] = ()
    """The columns that are compared besides the key; empty: all."""
    temporary: bool = False
    """Whether the later state is a temporary table. Some servers read such a table once in a
    statement: then the rows that only it has come last. Otherwise all come in the order of the key.
    """

    @cached_property
    def key(self) -> tuple[TableColumn, ...]:
        """The columns of the key."""
        there = {column.name: column for column in self.shape.columns}
        return tuple(there[name] for name in self.key_names)

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:
        """The other columns that are compared."""
        left_out = {*self.key_names, *LINEAGE, *VALIDITY}
        return tuple(
            column
            for column in self.shape.columns
            if column.name not in left_out and (not self.compared or column.name in self.compared)
        )

    def read(self, session: Session) -> Iterator[RowChange]:
        """Yields the changes. Close the session if they are not read to their end."""
        for page in self._pages(session):
            for row in page:
                if (change := self._change(row)) is not None:
                    yield change

    def _pages(self, session: Session) -> Iterator[ResultRows]:
        if not (self.temporary and self.dialect.streams_elsewhere):
            for sql, params in self._statements():
                with self._joining(session), closing(session.stream(sql, params)) as pages:
                    yield from pages
            return
        ((sql, params),) = self._statements()
        session.execute(f"CREATE TEMPORARY TABLE {_FOUND} AS {sql}", params)
        skip = 0
        while page := session.execute(f"SELECT * FROM {_FOUND}{self.dialect.limit(_PAGE, skip)}"):
            yield page
            skip += len(page)

    @contextmanager
    def _joining(self, session: Session) -> Iterator[None]:
        """A transaction in which the database joins large tables well, if it needs one for that."""
        if not self.dialect.for_joins:
            yield
            return
        with session.transaction():
            session.execute(self.dialect.for_joins)
            yield

    def first(self, session: Session, most: int) -> list[RowChange]:
        """Reads the first changes: at most so many, and possibly fewer where values look alike."""
        found: list[RowChange] = []
        for sql, params in self._statements():
            limit = self.dialect.limit(most - len(found))
            with self._joining(session):
                rows = session.execute(sql + limit, params)
            found += [change for row in rows if (change := self._change(row)) is not None]
            if len(found) >= most:
                break
        return found

    def _change(self, row: tuple[Value, ...]) -> RowChange | None:
        """The change that a row of the result stands for. None: both states show the same."""
        width, keys = len(self.columns), len(self.key)
        sides, values = row[0], row[1:]
        key, old, new = values[:keys], values[keys : keys + width], values[keys + width :]
        pairs = zip(self.columns, old, new, strict=True)
        if sides != "changed":
            cells = tuple(CellChange(*pair) for pair in pairs)
            return RowChange("added" if sides == "added" else "removed", key, cells)
        cells = tuple(CellChange(*pair) for pair in pairs if _differ(*pair))
        return RowChange("changed", key, cells) if cells else None

    def _statements(self) -> list[tuple[str, Params]]:
        # The first column is not of the key.
        order = f" ORDER BY {', '.join(str(at + 2) for at in range(len(self.key)))}"
        parts = [self._gone_or_changed(), self._added()]
        if self.temporary and not self.dialect.streams_elsewhere:
            return [(sql + order, params) for sql, params in parts]
        union = " UNION ALL ".join(sql for sql, _ in parts)
        return [(union + order, tuple(value for _, params in parts for value in params))]

    def _gone_or_changed(self) -> tuple[str, Params]:
        first = f"b.{self.dialect.quote(self.key_names[0])}"
        return (
            f"SELECT CASE WHEN {first} IS NULL THEN 'removed' ELSE 'changed' END,"
            f" {self._shown('a', self.key)}{self._values('a')}{self._values('b')}"
            f" FROM {self.before.table} AS a LEFT JOIN {self.after.table} AS b"
            f" ON {self._same} AND {self.after.where('b')}"
            f" WHERE {self.before.where('a')} AND ({first} IS NULL OR {self._differing})",
            (*self.after.params, *self.before.params),
        )

    def _added(self) -> tuple[str, Params]:
        nulls = "".join(", NULL" for _ in self.columns)
        return (
            f"SELECT 'added', {self._shown('b', self.key)}{nulls}{self._values('b')}"
            f" FROM {self.after.table} AS b WHERE {self.after.where('b')} AND NOT EXISTS"
            f" (SELECT 1 FROM {self.before.table} AS a WHERE {self._same}"
            f" AND {self.before.where('a')})",
            (*self.after.params, *self.before.params),
        )

    @property
    def _same(self) -> str:
        names = map(self.dialect.quote, self.key_names)
        return " AND ".join(f"a.{name} = b.{name}" for name in names)

    @property
    def _differing(self) -> str:
        """A condition: two rows of one key are not stored alike."""
        quote = self.dialect.quote
        alike = [
            self.dialect.alike(column, f"a.{quote(column.name)}", f"b.{quote(column.name)}")
            for column in self.columns
        ]
        return f"NOT ({' AND '.join(alike)})" if alike else "1 = 0"

    def _values(self, alias: str) -> str:
        return "".join(f", {one}" for one in self._exact(alias, self.columns))

    def _shown(self, alias: str, columns: tuple[TableColumn, ...]) -> str:
        return ", ".join(self._exact(alias, columns))

    def _exact(self, alias: str, columns: tuple[TableColumn, ...]) -> list[str]:
        return [self.dialect.exact(column, f"{alias}.") for column in columns]


def _differ(column: TableColumn, before: Value, after: Value) -> bool:
    kind = None if column.type is None else column.type.kind
    return text_value(kind, before) != text_value(kind, after)
