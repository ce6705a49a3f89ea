"""Streams the rows of a table, for the command line: all of one moment, in constant memory."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from snapshots.engine.history.row_values import condition_of, single
from snapshots.engine.history.table_shape import shape_of
from snapshots.engine.plan.version_date import read
from snapshots.errors import UsageError
from snapshots.targets.sql import paging
from snapshots.targets.sql.ddl import LINEAGE, written
from snapshots.targets.sql.paging import AsOf, RowCondition, RowOrder
from snapshots.targets.sql.validity import require_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.model import TableColumn, TableShape
    from snapshots.ports import ResultRows, Target, Value

SORTED: Final = 100_000
"""Rows that may be sorted by their import and line; more come as the table has them."""


class RowsWanted(Struct, frozen=True):
    """Which rows of a table, and what of them."""

    table: str
    columns: tuple[str, ...] = ()
    """Names of columns; empty: all of them."""
    conditions: tuple[str, ...] = ()
    """Such as `miles>=2`; all of them must hold."""
    lineage: bool = True
    """Whether all columns include `_import_id` and `_line`."""
    most: int | None = None
    as_of: str | None = None
    """Only the rows of a history table that held at this date or time."""


class TableExport:
    """The rows of a table, being read. Close it."""

    def __init__(self, target: Target, wanted: RowsWanted) -> None:
        """Raises NoSuchTable, UsageError for unknown columns, and the errors of `connect`."""
        self._target = target
        self._session = target.connect(create=False)
        try:
            shape = shape_of(target, self._session, wanted.table)
            self.table = written(shape.table)
            self.columns = _chosen(shape, wanted)
            self.in_order = True
            """False: there are many rows, and no index serves the order of import and line."""
            self._statement = self._select(shape, wanted)
        except BaseException:
            self._session.close()
            raise

    def rows(self) -> Iterator[ResultRows]:
        """Yields the rows, a few at a time. May be called once."""
        singles = [at for at, column in enumerate(self.columns) if _is_single(column)]
        with closing(self._session.stream(*self._statement)) as pages:
            for page in pages:
                yield [_with_singles(row, singles) for row in page] if singles else page

    def close(self) -> None:
        """Ends the reading. Never raises."""
        self._session.cancel()
        self._session.close()

    def _select(self, shape: TableShape, wanted: RowsWanted) -> tuple[str, tuple[Value, ...]]:
        target = self._target
        names = [column.name for column in shape.columns]
        filters: list[RowCondition] = [condition_of(text, names) for text in wanted.conditions]
        if wanted.as_of is not None:
            require_history(shape)
            filters.append(AsOf(read(wanted.as_of)))
        place = target.row_place(self._session, shape)
        # Where a row has a number, as in SQLite, it comes in this order anyway.
        place = place if place is not None and place.blocks is None else None
        try:
            order = paging.complete(target, shape, (), place)
        except UsageError:
            order = ()

        def select(order: Sequence[RowOrder]) -> tuple[str, tuple[Value, ...]]:
            return paging.unpaged(target, shape, self.columns, filters, order, wanted.most, place)

        statement = select(order)
        by_lineage = tuple(one.column for one in order) == LINEAGE
        if by_lineage and target.sorts(self._session, *statement, SORTED):
            self.in_order = False
            return select(())
        return statement


def _chosen(shape: TableShape, wanted: RowsWanted) -> tuple[TableColumn, ...]:
    known = {column.name: column for column in shape.columns}
    for name in wanted.columns:
        if name not in known:
            raise paging.no_column(name, list(known))
    left_out = () if wanted.lineage else LINEAGE
    names = wanted.columns or [name for name in known if name not in left_out]
    return tuple(known[name] for name in names)


def _is_single(column: TableColumn) -> bool:
    """Whether the column holds floats of 32 bits, which some databases give as doubles."""
    return column.type is not None and column.type.kind == "float" and column.type.bits == 32


def _with_singles(row: Sequence[Value], places: Sequence[int]) -> tuple[Value, ...]:
    values = list(row)
    for place in places:
        value = values[place]
        values[place] = single(value) if isinstance(value, float) else value
    return tuple(values)
