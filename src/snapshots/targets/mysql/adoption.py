"""Makes an empty table of MySQL or MariaDB one with history."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.mysql.dialect import DIALECT
from snapshots.targets.mysql.quoting import quote
from snapshots.targets.mysql.referencing_keys import MysqlReferencingKeys
from snapshots.targets.mysql.types import sql_type
from snapshots.targets.sql.adoption import historic_key, key_obstacles, require_empty
from snapshots.targets.sql.validity import INSTANT, VALID_FROM, VALID_TO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName
    from snapshots.ports import Session

_ODD = """
SELECT 1 FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = ?
  AND (table_type <> 'BASE TABLE' OR create_options LIKE '%partitioned%')
"""
_UNIQUE = """
SELECT DISTINCT index_name FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 AND index_name <> 'PRIMARY'
ORDER BY 1
"""
_HAS_KEY = """
SELECT 1 FROM information_schema.statistics
WHERE table_schema = DATABASE() AND table_name = ? AND index_name = 'PRIMARY' LIMIT 1
"""


class MysqlAdoption(MysqlReferencingKeys):
    """The part of a `ports.Target` that gives an empty table a history, and knows which foreign
    keys refer to it."""

    def history_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        if session.execute(_ODD, (table.name,)):
            return ("It is no ordinary table, or has partitions.",)
        unique = [str(one) for (one,) in session.execute(_UNIQUE, (table.name,))]
        return key_obstacles(unique, self.referencing_keys(session, table))

    def add_intervals(self, session: Session, table: TableName, key: Sequence[str]) -> None:
        name, kind = quote(table.name), sql_type(INSTANT)
        gone = "DROP PRIMARY KEY, " if session.execute(_HAS_KEY, (table.name,)) else ""
        # ALTER TABLE ends a transaction: only this lock lasts from the question to the change.
        session.execute(f"LOCK TABLES {name} WRITE")
        try:
            require_empty(session, DIALECT, table)
            session.execute(
                f"ALTER TABLE {name} {gone}ADD COLUMN {quote(VALID_FROM)} {kind} NOT NULL,"
                f" ADD COLUMN {quote(VALID_TO)} {kind} NULL,"
                f" ADD PRIMARY KEY ({historic_key(DIALECT, key)})"
            )
        finally:
            session.execute("UNLOCK TABLES")
