"""Reads rows of loaded tables, page by page, for clients of the service."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from snapshots.engine.plan.version_date import read as read_date
from snapshots.errors import NoSuchTable, TargetError, TooSlow, UsageError
from snapshots.targets.sql import paging
from snapshots.targets.sql.paging import AsOf, PageQuery, RowFilter, RowOrder
from snapshots.targets.sql.validity import require_history
from snapshots.time_limits import ROWS_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from snapshots.engine.plan.open_tables import OpenTables
    from snapshots.ledger.history import History
    from snapshots.model import TableShape, TypeKind
    from snapshots.ports import Session, Target, Value
    from snapshots.table_facts import RowPlace
    from snapshots.targets.sql.paging import RowCondition

__all__ = ["RowFilter", "RowOrder", "TablePage", "read"]

SORTED: Final = 100_000
"""Rows that may be sorted for a page; more are read by an index, or not at all."""
BYTES: Final = 8 << 20
"""Bytes of values on a page. A page with long values ends early, but has at least one row."""
_CELL: Final = 32
"""Bytes that are counted for a value besides its text."""
_NUMBER: Final = "#"
"""Marks a position that is a number of rows, where rows have no key."""


class TablePage(Struct, frozen=True):
    """One page of a table's rows."""

    columns: tuple[tuple[str, TypeKind | None], ...]
    """The names and types of the columns."""
    rows: list[tuple[Value, ...]]
    after: tuple[Value, ...] | None
    """The key of the last row, after which the next page begins; None on the last page."""


def read(
    history: History,
    open_tables: OpenTables,
    table: str,
    filters: Sequence[RowFilter],
    order: Sequence[RowOrder],
    after: Sequence[Value] | None,
    most: int,
    as_of: str | None = None,
) -> TablePage:
    """Reads one page of an open table; with `as_of`, of the rows that held at that date or time.

    Raises ForbiddenTable, NoSuchTable, UsageError if too many rows would have to be sorted, and
    TooSlow if the database needs more than ROWS_SECONDS.
    """
    target, session = history.target, history.session
    with patience(session):
        shape = target.inspect(session, open_tables.readable(history, table))
        if shape is None:
            raise NoSuchTable(f"the table {table} no longer exists")
        conditions: list[RowCondition] = [*filters]
        if as_of is not None:
            require_history(shape)
            conditions.append(AsOf(read_date(as_of, "as_of=")))
        place = target.row_place(session, shape)
        row = sum(len(column.name.encode()) + _CELL for column in shape.columns)
        page = _Page(target, session, shape, conditions, place, min(most, max(1, BYTES // row)))
        return page.read(order, after)


@contextmanager
def patience(session: Session) -> Iterator[None]:
    """Within the block, ends the session's statements after ROWS_SECONDS in all.

    Raises TooSlow then.
    """
    session.limit_time(ROWS_SECONDS)
    begun = time.monotonic()
    # The server is to be the first: it ends the statement alone.
    patience = threading.Timer(ROWS_SECONDS + 0.5, session.cancel)
    patience.daemon = True
    patience.start()
    try:
        yield
    except TargetError as error:
        # The server may be a little earlier.
        if time.monotonic() - begun < ROWS_SECONDS * 0.95:
            raise
        raise TooSlow(
            f"the database did not find these rows within {ROWS_SECONDS:g} s",
            hint="filter or sort by a column that has an index",
        ) from error
    finally:
        patience.cancel()


class _SortsMuch(Exception):
    """The error for a page that would need too many rows to be sorted."""


class _Statement(Struct, frozen=True):
    select: PageQuery
    sorts: bool
    """Whether the database may have to sort rows for the order."""


class _Page(Struct, frozen=True):
    target: Target
    session: Session
    shape: TableShape
    filters: Sequence[RowCondition]
    place: RowPlace | None
    most: int

    def read(self, order: Sequence[RowOrder], after: Sequence[Value] | None) -> TablePage:
        """The page. Raises UsageError where too much would have to be sorted for it."""
        in_order = self.target.dialect.stored_order is not None
        numbered = in_order and not order and not self.shape.view
        keys = self._keys(order, numbered=numbered)
        if numbered and (not keys or (after and after[0] == _NUMBER)):
            return self._by_number(after or (_NUMBER, 0))
        places: tuple[int, ...] = ()

        def find(most: int, longest: int | None) -> list[tuple[Value, ...]]:
            nonlocal places
            rows: list[tuple[Value, ...]] = []
            for wanted in self._statements(keys, after, most, longest, rows):
                if longest is not None and wanted.sorts and self._sorts_much(wanted.select):
                    raise _SortsMuch
                rows += self.session.execute(wanted.select.sql, wanted.select.params)
                places = wanted.select.keys
            return rows

        try:
            rows, more = self._bounded(find)
        except _SortsMuch:
            if numbered and not after:
                return self._by_number((_NUMBER, 0))
            raise self._too_many(order, keys) from None
        return self._rows(rows, tuple(rows[-1][at] for at in places) if more else None)

    def _statements(
        self,
        keys: Sequence[RowOrder],
        after: Sequence[Value] | None,
        most: int,
        longest: int | None,
        rows: Sequence[object],
    ) -> Iterator[_Statement]:
        """The statements that find the page, one after the other, until `rows` has enough."""
        for part in paging.parts(self.shape, keys, after):
            for stretch in paging.stretches(self.place, keys, after):
                select = paging.select(
                    self.target,
                    self.shape,
                    self.filters,
                    keys,
                    after,
                    most - len(rows),
                    place=self.place,
                    part=part,
                    stretch=stretch,
                    longest=longest,
                )
                yield _Statement(select, sorts=stretch is None)
                if len(rows) >= most:
                    return

    def _bounded(
        self, find: Callable[[int, int | None], list[tuple[Value, ...]]]
    ) -> tuple[list[tuple[Value, ...]], bool]:
        """The rows of the page, and whether there are more.

        Long values are left out at first, to learn how many rows there is room for.
        """
        long = paging.long_columns(self.target, self.shape)
        longest = 4 * BYTES // ((self.most + 1) * max(1, len(long)))
        found = find(self.most + 1, longest)
        bytes_left, fits = BYTES, 0
        for row in found[: self.most]:
            bytes_left -= int(str(row[-1]))
            if bytes_left < 0 and fits:
                break
            fits += 1
        complete_rows = found[:fits]
        if any(
            int(str(row[-1])) > longest and None in [row[at] for at in long]
            for row in complete_rows
        ):
            complete_rows = find(fits, None)
        return complete_rows, len(found) > fits

    def _keys(self, order: Sequence[RowOrder], *, numbered: bool) -> tuple[RowOrder, ...]:
        """The columns that tell one row from the next; empty: they are counted instead."""
        try:
            return paging.complete(self.target, self.shape, order, self.place)
        except UsageError:
            if numbered:
                return ()
            raise

    def _by_number(self, after: Sequence[Value]) -> TablePage:
        """The rows in their stored order, after skipping a number of them."""
        skip = after[-1]
        if len(after) != 2 or type(skip) is not int or not 0 <= skip < 1 << 63:
            raise UsageError("this is not a valid position", hint="use the value of `next`")

        def find(most: int, longest: int | None) -> list[tuple[Value, ...]]:
            wanted = paging.by_number(self.target, self.shape, self.filters, skip, most, longest)
            return self.session.execute(wanted.sql, wanted.params)

        rows, more = self._bounded(find)
        return self._rows(rows, (_NUMBER, skip + len(rows)) if more else None)

    def _rows(self, rows: list[tuple[Value, ...]], last: tuple[Value, ...] | None) -> TablePage:
        columns = tuple(
            (column.name, column.type.kind if column.type else None)
            for column in self.shape.columns
        )
        return TablePage(columns, [row[: len(columns)] for row in rows], last)

    def _sorts_much(self, wanted: PageQuery) -> bool:
        """Whether too many rows would be sorted. They are counted: estimates of filters mislead."""
        if not self.target.sorts(self.session, wanted.sql, wanted.params, SORTED):
            return False
        counted = self.session.execute(wanted.counted(SORTED + 1), wanted.params)
        return counted == [(SORTED + 1,)]

    def _too_many(self, order: Sequence[RowOrder], keys: Sequence[RowOrder]) -> UsageError:
        names = ", ".join(one.column for one in keys if one.column != paging.PLACE)
        by = f" by {', '.join(one.column for one in order)}" if order else ""
        return UsageError(
            f"the database would have to sort more than {SORTED:,} rows of {self.shape.table}{by}",
            hint=f"create an index on {names}, filter by an indexed column, or leave out sort",
        )
