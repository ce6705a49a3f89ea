"""Reads every version of one row of a history table, and which import it came with."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from snapshots.engine.history.row_values import json_value
from snapshots.engine.history.table_shape import shape_of
from snapshots.errors import UsageError
from snapshots.ledger.history import History
from snapshots.targets.sql import paging
from snapshots.targets.sql.ddl import LINEAGE, VALIDITY
from snapshots.targets.sql.paging import RowFilter
from snapshots.targets.sql.validity import VALID_FROM, VALID_TO, require_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.model import TableColumn, TableShape
    from snapshots.ports import ResultRows, Session, Target, Value

_PAGE: Final = 1_000
"""Versions of one row that are read at once."""


class RowVersion(Struct, frozen=True):
    """A version of a row, with the interval in which it held."""

    valid_from: str
    """In UTC, as ISO 8601."""
    valid_to: str | None
    """None: it holds now."""
    import_id: int | None
    """The import that it came with; None if the table does not tell."""
    input: str | None
    """The name of that import's file; None if the ledger does not know it."""
    line: int | None
    values: tuple[Value, ...]
    """Of the columns of the log."""


class RowLog(Struct, frozen=True):
    """All versions of one row, oldest first."""

    table: str
    columns: tuple[TableColumn, ...]
    """All of the table's, except lineage and interval."""
    pages: Iterator[list[RowVersion]]
    """Read as they are asked for, while the session is open; no page is empty."""

    def objects(self) -> Iterator[dict[str, Any]]:
        """The versions as JSON has them."""
        for one in chain.from_iterable(self.pages):
            yield {
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
                "import_id": one.import_id,
                "input": one.input,
                "line": one.line,
                "row": {
                    column.name: json_value(column.type.kind if column.type else None, value)
                    for column, value in zip(self.columns, one.values, strict=True)
                },
            }


def read_log(target: Target, session: Session, table: str, key: Sequence[str]) -> RowLog:
    """Reads the versions of the row with a key, whose values are given as text.

    Raises NoSuchTable, and UsageError for a table without history or another number of values.
    """
    return log_of(target, session, shape_of(target, session, table), key)


def log_of(target: Target, session: Session, shape: TableShape, key: Sequence[str]) -> RowLog:
    """The same of a table that is known."""
    names = require_history(shape)
    if len(names) != len(key):
        raise UsageError(
            f"the key of {shape.table} has {len(names)} columns, and {len(key)} values are given",
            hint=f"give a value for each of {', '.join(names)}",
        )
    dialect = target.dialect
    left_out = {*LINEAGE, *VALIDITY}
    columns = tuple(column for column in shape.columns if column.name not in left_out)
    there = {column.name for column in shape.columns}
    lineage = [dialect.quote(name) if name in there else "NULL" for name in LINEAGE]
    begin, end = dialect.quote(VALID_FROM), dialect.quote(VALID_TO)
    shown = [
        dialect.moment_text(begin),
        dialect.moment_text(end),
        *lineage,
        *(dialect.exact(column) for column in columns),
    ]
    where, params = paging.where(
        target,
        shape,
        [RowFilter(name, "eq", value) for name, value in zip(names, key, strict=True)],
    )
    select = f"SELECT {', '.join(shown)} FROM {shape.table.sql(dialect.quote)}{where}"

    def pages() -> Iterator[list[RowVersion]]:
        skip = 0
        while True:
            rows = session.execute(
                f"{select} ORDER BY {begin}{dialect.limit(_PAGE, skip)}",
                params,
            )
            if rows:
                yield _versions(target, session, rows)
            if len(rows) < _PAGE:
                return
            skip += _PAGE

    return RowLog(str(shape.table), columns, pages())


def _versions(target: Target, session: Session, rows: ResultRows) -> list[RowVersion]:
    inputs = _inputs(History(target, session), {cast("int", row[2]) for row in rows if row[2]})
    return [
        RowVersion(
            str(row[0]),
            None if row[1] is None else str(row[1]),
            cast("int | None", row[2]),
            inputs.get(cast("int", row[2])),
            cast("int | None", row[3]),
            row[4:],
        )
        for row in rows
    ]


def _inputs(history: History, import_ids: set[int]) -> dict[int, str]:
    if not import_ids or not history.exists():
        return {}
    return {entry.import_id: entry.input for entry in history.entries_of(sorted(import_ids))}
