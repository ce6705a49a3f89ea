"""Makes an empty table of SQLite one with history.

The table is dropped and created with another key, in one transaction with its indexes and triggers.
"""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.sql.adoption import (
    cannot_get_key,
    historic_key,
    key_obstacles,
    require_empty,
)
from snapshots.targets.sql.table_sql import with_key
from snapshots.targets.sql.validity import INSTANT, VALID_FROM, VALID_TO
from snapshots.targets.sqlite.dialect import DIALECT
from snapshots.targets.sqlite.quoting import quote
from snapshots.targets.sqlite.referencing_keys import SqliteReferencingKeys
from snapshots.targets.sqlite.types import sql_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName
    from snapshots.ports import Session

_CREATED = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE"
_BESIDES = """
SELECT sql FROM sqlite_schema
WHERE type IN ('index', 'trigger') AND tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL
ORDER BY type, rowid
"""
_UNIQUE = """SELECT name FROM pragma_index_list(?) WHERE "unique" AND origin <> 'pk' ORDER BY 1"""
_STRICT = "SELECT 1 FROM pragma_table_list(?) WHERE strict"
_KEY = "SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk"
_COLUMNS = "SELECT name FROM pragma_table_xinfo(?) ORDER BY cid"


class SqliteAdoption(SqliteReferencingKeys):
    """The part of a `ports.Target` that gives an empty table a history, and knows which foreign
    keys refer to it."""

    def history_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        if _created_with(session, table, ()) is None:
            return ("It is no ordinary table.",)
        unique = [str(one) for (one,) in session.execute(_UNIQUE, (table.name,))]
        return key_obstacles(unique, self.referencing_keys(session, table))

    def add_intervals(self, session: Session, table: TableName, key: Sequence[str]) -> None:
        with session.transaction():
            require_empty(session, DIALECT, table)
            created = _created_with(session, table, key)
            before = session.execute(_COLUMNS, (table.name,))
            besides = session.execute(_BESIDES, (table.name,))
            if created is None:
                raise cannot_get_key(table)
            session.execute(f"DROP TABLE {quote(table.name)}")
            session.execute(created)
            for (sql,) in besides:
                session.execute(str(sql))
            now = session.execute(_COLUMNS, (table.name,))
            own_key = session.execute(_KEY, (table.name,))
            # SQLite understands more than the standard: better no change than a wrong one.
            if [*before, (VALID_FROM,), (VALID_TO,)] != [*now] or [
                str(one).lower() for (one,) in own_key
            ] != [one.lower() for one in (*key, VALID_FROM)]:
                raise cannot_get_key(table)


def _created_with(session: Session, table: TableName, key: Sequence[str]) -> str | None:
    """The CREATE TABLE with intervals; None for a table that has no such text."""
    # A strict table knows few names of types.
    kind = "TEXT" if session.execute(_STRICT, (table.name,)) else sql_type(INSTANT)
    columns = (f"{quote(VALID_FROM)} {kind} NOT NULL", f"{quote(VALID_TO)} {kind}")
    for (sql,) in session.execute(_CREATED, (table.name,)):
        return with_key(str(sql), columns, historic_key(DIALECT, key))
    return None
