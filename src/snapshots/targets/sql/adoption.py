"""What an empty table needs to become one with history, alike for every SQL database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.targets.sql.validity import VALID_FROM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.model import TableName
    from snapshots.ports import Session
    from snapshots.sql_dialect import SqlDialect
    from snapshots.table_facts import ReferencingKey


def has_rows(session: Session, dialect: SqlDialect, table: TableName) -> bool:
    """Whether a table has any rows. Quick, however many there are."""
    return bool(session.execute(f"SELECT 1 FROM {table.sql(dialect.quote)}{dialect.limit(1)}"))


def require_empty(session: Session, dialect: SqlDialect, table: TableName) -> None:
    """Raises TargetError for a table with rows."""
    if has_rows(session, dialect, table):
        raise TargetError(
            f"Table {table} has rows by now: only an empty table can begin a history.",
            hint="Name a new table with --table, or empty this one.",
        )


def historic_key(dialect: SqlDialect, key: Sequence[str]) -> str:
    """The columns of the primary key of a history table, quoted."""
    return ", ".join(map(dialect.quote, (*key, VALID_FROM)))


def key_obstacles(unique: Iterable[str], referring: Iterable[ReferencingKey]) -> tuple[str, ...]:
    """Sentences about keys that would not allow several versions of a row."""
    found = [f"It has another unique key, {name}." for name in unique]
    found += [f"The foreign key {one.name} of table {one.table} refers to it." for one in referring]
    return tuple(found)


def cannot_get_key(table: TableName) -> TargetError:
    """The error for a table whose text does not tell how to give it another key."""
    return TargetError(
        f"Table {table} cannot get the key of a history table.",
        hint="Nothing was changed. Drop the empty table: the import creates it.",
    )
