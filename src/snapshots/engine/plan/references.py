"""Rows of other tables that refer to the rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session, Target


def referring(target: Target, session: Session, table: TableName) -> list[str]:
    """The names of other tables with a foreign key to the table."""
    keys = target.referencing_keys(session, table)
    return sorted({str(key.table) for key in keys if not key.own})


def require_replaceable(target: Target, session: Session, table: TableName) -> None:
    """Raises TargetError if rows of other tables refer to this one's, or would be deleted too."""
    if others := referring(target, session, table):
        raise TargetError(
            f"table {table} cannot be replaced: rows of {', '.join(others)} refer to its rows",
            hint="load the input again with --again: with a key, changed rows are updated then",
        )
