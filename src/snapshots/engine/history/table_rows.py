"""Rows that were loaded, read back."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from snapshots.errors import NoSuchTable, TargetError, TooSlow, UsageError
from snapshots.targets.sql import paging
from snapshots.targets.sql.paging import PageQuery, RowFilter, RowOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from snapshots.engine.plan.open_tables import OpenTables
    from snapshots.ledger.history import History
    from snapshots.model import TableShape, TypeKind
    from snapshots.ports import RowPlace, Session, Target, Value

__all__ = ["RowFilter", "RowOrder", "TablePage", "read"]

SECONDS: Final = 10.0
"""A page that takes longer is given up."""
SORTED: Final = 100_000
"""Rows that are sorted for a page; more are read in the order of an index, or not at all."""
BYTES: Final = 8 << 20
"""Of the values on a page, which ends early for that; a row that has more is alone on its page."""
_CELL: Final = 32
"""Bytes of a value that are no text, and of what is around it."""
_NUMBER: Final = "#"
"""Before the number of rows that were read, where a page is found by that."""


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page of a table."""

    columns: tuple[tuple[str, TypeKind | None], ...]
    """Names and types."""
    rows: list[tuple[Value, ...]]
    after: tuple[Value, ...] | None
    """The keys of the last row, if there are more."""


def read(
    history: History,
    open_tables: OpenTables,
    table: str,
    filters: Sequence[RowFilter],
    order: Sequence[RowOrder],
    after: Sequence[Value] | None,
    most: int,
) -> TablePage:
    """A page of a table that is open.

    Raises ForbiddenTable, NoSuchTable, UsageError, TooSlow.
    """
    target, session = history.target, history.session
    with _patience(session):
        session.limit_time(SECONDS)
        shape = target.inspect(session, open_tables.readable(history, table))
        if shape is None:
            raise NoSuchTable(f"the table {table} is not there any more")
        place = target.row_place(session, shape)
        row = sum(len(column.name.encode()) + _CELL for column in shape.columns)
        page = _Page(target, session, shape, filters, place, min(most, max(1, BYTES // row)))
        return page.read(order, after)


@contextmanager
def _patience(session: Session) -> Iterator[None]:
    """Gives up what takes too long, all in all, whether or not the server does."""
    begun = time.monotonic()
    # The server is to be the first: it ends the statement alone.
    patience = threading.Timer(SECONDS + 0.5, session.cancel)
    patience.daemon = True
    patience.start()
    try:
        yield
    except TargetError as error:
        # The server may be a little earlier.
        if time.monotonic() - begun < SECONDS * 0.95:
            raise
        raise TooSlow(
            f"the database has not found these rows within {SECONDS:g} s",
            hint="filter or sort by a column that has an index",
        ) from error
    finally:
        patience.cancel()


class _SortsMuch(Exception):
    """More rows would have to be sorted than is done for a page."""


@dataclass(frozen=True, slots=True)
class _Statement:
    select: PageQuery
    sorts: bool
    """It may have to sort."""


@dataclass(frozen=True, slots=True)
class _Page:
    target: Target
    session: Session
    shape: TableShape
    filters: Sequence[RowFilter]
    place: RowPlace | None
    most: int

    def read(self, order: Sequence[RowOrder], after: Sequence[Value] | None) -> TablePage:
        """The page. Raises UsageError where too much would have to be sorted for it."""
        numbered = self.target.name == "mysql" and not order and not self.shape.view
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
        """Those that find a page one after the other, until `rows` has enough of them."""
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
        """As many rows as a page may have, and whether there are more.

        Values that are long are left out at first: how many rows there is room for is known before
        the database is asked for these.
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
        """What tells one row from the next; nothing where their numbers do."""
        try:
            return paging.complete(self.target, self.shape, order, self.place)
        except UsageError:
            if numbered:
                return ()
            raise

    def _by_number(self, after: Sequence[Value]) -> TablePage:
        """As the rows lie, past so many of them: where nothing else tells one from the next."""
        skip = after[-1]
        if len(after) != 2 or type(skip) is not int or not 0 <= skip < 1 << 63:
            raise UsageError("this is no place to go on at", hint="take it from `next`")

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
        """So many are soon counted, and what a filter leaves is not always estimated."""
        if not self.target.sorts(self.session, wanted.sql, wanted.params, SORTED):
            return False
        counted = self.session.execute(wanted.counted(SORTED + 1), wanted.params)
        return counted == [(SORTED + 1,)]

    def _too_many(self, order: Sequence[RowOrder], keys: Sequence[RowOrder]) -> UsageError:
        names = ", ".join(one.column for one in keys if one.column != paging.PLACE)
        by = f" by {', '.join(one.column for one in order)}" if order else ""
        return UsageError(
            f"more than {SORTED:,} rows of {self.shape.table} would have to be sorted{by}",
            hint=f"make an index on {names}, filter by a column that has one, or leave sort out",
        )
