"""Compares two versions of a table: by the numbers of two imports, or by two dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from snapshots.engine.history.row_values import json_value
from snapshots.engine.history.table_shape import shape_of
from snapshots.engine.lookback.changed_rows import ChangedRows, RowState
from snapshots.engine.plan.plan import Plan
from snapshots.engine.plan.version_date import read, shown
from snapshots.errors import Forbids, NoSuchImport
from snapshots.ledger.history import History
from snapshots.targets.sql.ddl import written
from snapshots.targets.sql.validity import held_at, require_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots.engine.lookback.changed_rows import RowChange
    from snapshots.model import TableColumn, TableShape
    from snapshots.ports import Session, Target


class DiffTotals(Struct):
    """How many rows differ."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    cells: int = 0
    """Values that differ, in the changed rows."""

    @property
    def differs(self) -> bool:
        """Whether any row does."""
        return bool(self.added or self.removed or self.changed)

    def count(self, change: RowChange) -> None:
        """Adds a row."""
        if change.change == "added":
            self.added += 1
        elif change.change == "removed":
            self.removed += 1
        else:
            self.changed += 1
            self.cells += len(change.cells)


class TableDiff(Struct, frozen=True):
    """What differs between two states of a table, being read. Close it."""

    session: Session
    table: str
    before: str
    """What the states are, for people: a date, or the name of a file or a table."""
    after: str
    rows: ChangedRows
    totals: DiffTotals = field(default_factory=DiffTotals)
    """Of the changes that have been read."""

    @property
    def key(self) -> tuple[TableColumn, ...]:
        """The columns of the key."""
        return self.rows.key

    def changes(self) -> Iterator[RowChange]:
        """Yields the rows that differ. May be called once."""
        for change in self.rows.read(self.session):
            self.totals.count(change)
            yield change

    def first(self, most: int) -> list[RowChange]:
        """Reads the first changes, and leaves the session as it was."""
        return self.rows.first(self.session, most)

    def close(self) -> None:
        """Ends the reading. Never raises."""
        self.session.cancel()
        self.session.close()


def diff_of_imports(target: Target, before: int, after: int) -> TableDiff:
    """Compares the versions that two imports of one history table have published.

    Raises NoSuchImport, Forbids for imports that have published no versions of one table,
    UsageError for a table without history, and the errors of `connect`.
    """
    session = target.connect(create=False)
    try:
        table, dates = published_dates(History(target, session), (before, after))
        return dates_compared(target, session, table, *dates)
    except BaseException:
        session.close()
        raise


def diff_of_dates(target: Target, table: str, before: str, after: str) -> TableDiff:
    """Compares a history table at two dates or times, in ISO 8601. Raises UsageError."""
    session = target.connect(create=False)
    try:
        return dates_compared(target, session, table, read(before, ""), read(after, ""))
    except BaseException:
        session.close()
        raise


def published_dates(history: History, import_ids: tuple[int, int]) -> tuple[str, tuple[str, str]]:
    """The table of two imports, and the dates of the versions that they have published.

    Raises NoSuchImport, or Forbids.
    """
    tables, dates = [], []
    for import_id in import_ids:
        entry = history.entry(import_id) if history.exists() else None
        if entry is None:
            raise NoSuchImport(
                f"{history.target.display()} has no import {import_id}",
                hint="see the imports with snapshots list",
            )
        if entry.mode != "history" or entry.state != "finished" or entry.as_of is None:
            raise Forbids(
                f"import {import_id} has published no version of a table with history",
                hint="only versions that were loaded with --mode history can be compared",
            )
        tables.append(Plan.from_json(entry.plan).table)
        dates.append(entry.as_of)
    if tables[0] != tables[1]:
        raise Forbids(
            f"import {import_ids[0]} is a version of table {tables[0]}, and import"
            f" {import_ids[1]} one of table {tables[1]}"
        )
    if dates[0] == dates[1] and import_ids[0] != import_ids[1]:
        raise Forbids(
            f"imports {import_ids[0]} and {import_ids[1]} are versions of one date,"
            f" {shown(dates[0])}: the later one has corrected the other"
        )
    return written(tables[0]), (dates[0], dates[1])


def dates_compared(
    target: Target, session: Session, table: str, before: str, after: str
) -> TableDiff:
    """Compares a history table at two times, as the ledger writes them, on an open session."""
    shape = shape_of(target, session, table)
    key = require_history(shape)
    rows = ChangedRows(
        target.dialect,
        shape,
        key,
        _only_at(target, shape, before, after),
        _only_at(target, shape, after, before),
    )
    return TableDiff(session, written(shape.table), shown(before), shown(after), rows)


def _only_at(target: Target, shape: TableShape, moment: str, other: str) -> RowState:
    """The rows that held at one time, and not at the other: all others are alike."""
    here, params = held_at(target.dialect, moment, "{0}")
    there, others = held_at(target.dialect, other, "{0}")
    return RowState(
        shape.table.sql(target.dialect.quote), f"({here}) AND NOT ({there})", params + others
    )


def change_object(diff: TableDiff, change: RowChange) -> Mapping[str, Any]:
    """A change as JSON: `change`, `key`, and `cells` with the values `before` and `after`."""
    return {
        "change": change.change,
        "key": {
            column.name: json_value(column.type.kind if column.type else None, value)
            for column, value in zip(diff.key, change.key, strict=True)
        },
        "cells": {
            cell.column.name: {
                "before": _json(cell.column, cell.before),
                "after": _json(cell.column, cell.after),
            }
            for cell in change.cells
        },
    }


def _json(column: TableColumn, value: Any) -> Any:
    return json_value(column.type.kind if column.type else None, value)
