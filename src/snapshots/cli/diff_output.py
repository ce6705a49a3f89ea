"""Writes rows that differ to stdout: as a table or CSV with a line for each value, or as JSON."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Final

from snapshots.cli.row_output import print_table, write_csv
from snapshots.cli.say import data_writer
from snapshots.engine.history.row_values import text_value
from snapshots.engine.lookback.diff import change_object
from snapshots.model import TableColumn, Type
from snapshots.screen_text import plain_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.lookback.changed_rows import RowChange
    from snapshots.engine.lookback.diff import TableDiff
    from snapshots.ports import ResultRows, Value

_AT_ONCE: Final = 500
"""Rows that are written together."""


def write_changes(diff: TableDiff, form: str, most: int | None) -> None:
    """Writes the changes as they come, at most so many rows."""
    changes = islice(diff.changes(), most)
    if form == "jsonl":
        write = data_writer()
        for change in changes:
            line = json.dumps(change_object(diff, change), ensure_ascii=False)
            write(f"{plain_json(line)}\n".encode())
        return
    columns = [_text("change"), *diff.key, *map(_text, ("column", "before", "after"))]
    if form == "csv":
        write_csv(columns, _pages(changes, in_full=True))
    else:
        print_table(columns, _pages(changes, in_full=False), narrow=True)


def _pages(changes: Iterator[RowChange], *, in_full: bool) -> Iterator[ResultRows]:
    while some := list(islice(changes, _AT_ONCE)):
        yield [line for change in some for line in _lines(change, in_full=in_full)]


def _lines(change: RowChange, *, in_full: bool) -> Iterator[tuple[Value, ...]]:
    """A line for each value that differs. Of a row that only one state has, people get one line."""
    start = (change.change, *change.key)
    cells = [
        (
            cell.column.name,
            text_value(cell.column.type.kind if cell.column.type else None, cell.before),
            text_value(cell.column.type.kind if cell.column.type else None, cell.after),
        )
        for cell in change.cells
    ]
    if change.change == "changed" or (in_full and cells):
        for cell in cells:
            yield (*start, *cell)
        return
    at = 2 if change.change == "added" else 1
    row = ", ".join(f"{cell[0]}={cell[at]}" for cell in cells if cell[at] is not None)
    yield (*start, "", "", row) if at == 2 else (*start, "", row, "")


def _text(name: str) -> TableColumn:
    return TableColumn(name, Type("text"), "text", nullable=True, has_default=False)
