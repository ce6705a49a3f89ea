"""Rows that were loaded, read back."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import NoSuchTable, TargetError, TooSlow
from snapshots.targets.reading import Filter, Sort, complete, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.open_tables import OpenTables
    from snapshots.ledger.history import History
    from snapshots.model import Kind
    from snapshots.ports import Value

__all__ = ["Filter", "Rows", "Sort", "read"]

SECONDS = 10.0
"""A page that takes longer is given up."""


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
    shape = target.inspect(session, open_tables.readable(history, table))
    if shape is None:
        raise NoSuchTable(f"the table {table} is not there any more")
    wanted = select(target, shape, filters, complete(shape, order), after, most + 1)
    given_up = threading.Event()

    def give_up() -> None:
        given_up.set()
        session.cancel()

    patience = threading.Timer(SECONDS, give_up)
    patience.start()
    try:
        rows = session.execute(wanted.sql, wanted.params)
    except TargetError as error:
        if given_up.is_set():
            raise TooSlow(
                f"the database has not found these rows within {SECONDS:g} s",
                hint="filter or sort by a column that has an index",
            ) from error
        raise
    finally:
        patience.cancel()
    columns = tuple(
        (column.name, column.type.kind if column.type else None) for column in shape.columns
    )
    more = len(rows) > most
    last = tuple(rows[most - 1][at] for at in wanted.keys) if more else None
    return Rows(columns, rows[:most], last)
