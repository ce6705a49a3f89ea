"""Writes rows of the ledger's tables by the names of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from snapshots.model import TableName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import ResultRows, Session, Value


class Sql(str):
    """An SQL expression in the place of a value, such as the time by the database's clock."""

    __slots__ = ()


Row: TypeAlias = "Mapping[str, Value]"
"""Values, or expressions, by the names of their columns."""


def insert(session: Session, table: str, row: Row, *, on_conflict: str = "") -> ResultRows:
    """Adds one row; `on_conflict` is the end of the statement, for a key that is there already, or
    for what is to be returned."""
    names, places = ", ".join(row), ", ".join(map(_place, row.values()))
    return session.execute(
        f"INSERT INTO {table} ({names}) VALUES ({places}){on_conflict}",
        _params(row),
    )


def insert_all(session: Session, table: str, rows: Sequence[Row]) -> None:
    """Adds rows that have the same columns, and values alone."""
    session.insert(TableName(table), tuple(rows[0]), [tuple(row.values()) for row in rows])


def update(session: Session, table: str, row: Row, where: str, params: tuple[Value, ...]) -> None:
    """Sets the columns of all rows for which the condition holds, with the values of its marks."""
    changes = ", ".join(f"{name} = {_place(value)}" for name, value in row.items())
    session.execute(
        f"UPDATE {table} SET {changes} WHERE {where}",
        (*_params(row), *params),
    )


def _place(value: Value) -> str:
    return value if isinstance(value, Sql) else "?"


def _params(row: Row) -> tuple[Value, ...]:
    return tuple(value for value in row.values() if not isinstance(value, Sql))
