"""Recognizes history tables, and says which inputs they take.

A table is one if it has the columns and the key of one, and the last import into it kept history.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.errors import TargetError, UsageError
from snapshots.model import TableName
from snapshots.targets.sql.adoption import has_rows
from snapshots.targets.sql.ddl import VALIDITY, written
from snapshots.targets.sql.validity import current_index, is_history, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.defaults import Mode
    from snapshots.model import TableShape
    from snapshots.ports import Session, Target


def seen_by(
    target: Target,
    session: Session | None,
    table: TableName,
    shape: TableShape | None,
    mode: Mode,
    remembered: Callable[[str], str | None],
) -> TableShape | None:
    """The table as an input in this mode sees it: of a history table, without the intervals.

    `shape` is None for a table that does not exist. `remembered` gives the plan of the last import
    into a table, as JSON.

    Raises UsageError where the mode does not fit the table, and what `_require_names_free` raises.
    """
    if shape is None or session is None:
        if mode == "history":
            _require_names_free(target, session, table)
        return shape
    kept = is_history(shape) and _keeps_history(target, session, shape.table, remembered)
    if kept == (mode == "history"):
        return without_intervals(shape) if kept else shape
    name = written(shape.table)
    if kept:
        raise UsageError(
            f"table {name} keeps its history, and mode {mode} would change it",
            hint="use --mode history, or load into another table",
        )
    require_adoptable(target, session, shape)
    return without_intervals(shape)


def require_adoptable(target: Target, session: Session, shape: TableShape) -> None:
    """Requires that a table which keeps no history yet can begin one.

    Raises UsageError for one with rows or other unique keys, and what `_require_names_free` raises.
    """
    table, name = shape.table, written(shape.table)
    if shape.view or has_rows(session, target.dialect, table):
        raise UsageError(
            f"table {name} exists and keeps no history",
            hint="only an empty table can begin one: name a new table with --table",
        )
    if is_history(shape):
        return
    taken = {column.name.lower() for column in shape.columns}
    found = [f"It has a column {one} already." for one in VALIDITY if one in taken]
    if found := [*found, *target.history_obstacles(session, table)]:
        raise UsageError(
            f"table {name} cannot keep a history: {found[0]}",
            hint="name a new table with --table; or drop this empty one: the import creates it",
        )
    _require_names_free(target, session, table)


def without_intervals(shape: TableShape) -> TableShape:
    """A history table as its input has it: without the columns and the key of the intervals."""
    return replace(
        shape,
        columns=tuple(one for one in shape.columns if one.name not in VALIDITY),
        primary_key=tuple(name for name in shape.primary_key if name not in VALIDITY),
    )


def _require_names_free(target: Target, session: Session | None, table: TableName) -> None:
    """Requires that a new history table can have its view and its index.

    Raises ContractError for a name that is too long, and TargetError for one that is taken.
    """
    view = view_of(table)
    index = TableName(current_index(table), table.schema)
    needed = [(view, "view"), *([(index, "index")] if target.dialect.partial_indexes else [])]
    for name, what in needed:
        target.dialect.quote(name.name)
        if session is not None and target.known_as(session, name) is not None:
            raise TargetError(
                f"The {what} {name} of the current rows cannot be created: something has its name.",
                place=str(table),
                hint="Choose another name for the table with --table.",
            )


def _keeps_history(
    target: Target, session: Session, table: TableName, remembered: Callable[[str], str | None]
) -> bool:
    """Whether the last import into the table, by whatever name, has kept its history."""
    names = {str(table), table.name, str(target.known_as(session, table))}
    plans = [plan for name in names if (plan := remembered(name)) is not None]
    return any(json.loads(plan).get("mode") == "history" for plan in plans)
