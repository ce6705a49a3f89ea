"""Rows that were loaded, read back."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from snapshots.errors import NoSuchTable, TargetError, TooSlow, UsageError
from snapshots.targets import reading
from snapshots.targets.reading import Filter, Select, Sort

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.engine.open_tables import OpenTables
    from snapshots.ledger.history import History
    from snapshots.model import Kind, TableShape
    from snapshots.ports import RowPlace, Session, Target, Value

__all__ = ["Filter", "Rows", "Sort", "read"]

SECONDS: Final = 10.0
"""A page that takes longer is given up."""
SORTED: Final = 100_000
"""Rows that are sorted for a page; more are read in the order of an index, or not at all."""
_NUMBER: Final = "#"
"""Before the number of rows that were read, where a page is found by that."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of a table."""

    columns: tuple[tuple[str, Kind | None], ...]
    """Names and types."""
    rows: list[tuple[Value, ...]]
    after: tuple[Value, ...] | None
    """The keys of the last row, if there are more."""


def read(
    history: History,
    open_tables: OpenTables,
    table: str,
    filters: Sequence[Filter],
    order: Sequence[Sort],
    after: Sequence[Value] | None,
    most: int,
) -> Rows:
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
        page = _Page(target, session, shape, filters, place, most)
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


@dataclass(frozen=True, slots=True)
class _Page:
    target: Target
    session: Session
    shape: TableShape
    filters: Sequence[Filter]
    place: RowPlace | None
    most: int

    def read(self, order: Sequence[Sort], after: Sequence[Value] | None) -> Rows:
        """The page. Raises UsageError where too much would have to be sorted for it."""
        numbered = self.target.name == "mysql" and not order and not self.shape.view
        keys = self._keys(order, numbered=numbered)
        if numbered and (not keys or (after and after[0] == _NUMBER)):
            return self._by_number(after or (_NUMBER, 0))
        rows: list[tuple[Value, ...]] = []
        places: tuple[int, ...] = ()
        for part in reading.parts(self.shape, keys, after):
            for stretch in reading.stretches(self.place, keys, after):
                wanted = reading.select(
                    self.target,
                    self.shape,
                    self.filters,
                    keys,
                    after,
                    self.most + 1 - len(rows),
                    place=self.place,
                    part=part,
                    stretch=stretch,
                )
                if stretch is None and self._sorts_much(wanted):
                    if numbered and not after:
                        return self._by_number((_NUMBER, 0))
                    raise self._too_many(order, keys)
                rows += self.session.execute(wanted.sql, wanted.params)
                places = wanted.keys
                if len(rows) > self.most:
                    break
            if len(rows) > self.most:
                break
        last = None
        if len(rows) > self.most:
            last = tuple(rows[self.most - 1][at] for at in places)
        return self._rows(rows, last)

    def _keys(self, order: Sequence[Sort], *, numbered: bool) -> tuple[Sort, ...]:
        """What tells one row from the next; nothing where their numbers do."""
        try:
            return reading.complete(self.target, self.shape, order, self.place)
        except UsageError:
            if numbered:
                return ()
            raise

    def _by_number(self, after: Sequence[Value]) -> Rows:
        """As the rows lie, past so many of them: where nothing else tells one from the next."""
        skip = after[-1]
        if len(after) != 2 or type(skip) is not int or skip < 0:
            raise UsageError("this is no place to go on at", hint="take it from `next`")
        wanted = reading.by_number(self.target, self.shape, self.filters, skip, self.most + 1)
        rows = self.session.execute(wanted.sql, wanted.params)
        return self._rows(rows, (_NUMBER, skip + self.most) if len(rows) > self.most else None)

    def _rows(self, rows: list[tuple[Value, ...]], last: tuple[Value, ...] | None) -> Rows:
        columns = tuple(
            (column.name, column.type.kind if column.type else None)
            for column in self.shape.columns
        )
        return Rows(columns, [row[: len(columns)] for row in rows[: self.most]], last)

    def _sorts_much(self, wanted: Select) -> bool:
        """So many are soon counted, and what a filter leaves is not always estimated."""
        if not self.target.sorts(self.session, wanted.sql, wanted.params, SORTED):
            return False
        counted = self.session.execute(wanted.counted(SORTED + 1), wanted.params)
        return counted == [(SORTED + 1,)]

    def _too_many(self, order: Sequence[Sort], keys: Sequence[Sort]) -> UsageError:
        names = ", ".join(one.column for one in keys if one.column != reading.PLACE)
        by = f" by {', '.join(one.column for one in order)}" if order else ""
        return UsageError(
            f"more than {SORTED:,} rows of {self.shape.table} would have to be sorted{by}",
            hint=f"make an index on {names}, filter by a column that has one, or leave sort out",
        )
