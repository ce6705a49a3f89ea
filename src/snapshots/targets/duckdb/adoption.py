"""Makes an empty table of DuckDB one with history.

The table is dropped and created with another key, in one transaction with its indexes.
"""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.duckdb import table_text
from snapshots.targets.duckdb.dialect import DIALECT
from snapshots.targets.duckdb.quoting import quote
from snapshots.targets.duckdb.types import sql_type
from snapshots.targets.sql.adoption import (
    cannot_get_key,
    historic_key,
    key_obstacles,
    require_empty,
)
from snapshots.targets.sql.table_sql import with_key
from snapshots.targets.sql.validity import INSTANT, VALID_FROM, VALID_TO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import TableName, TableShape
    from snapshots.ports import Session
    from snapshots.table_facts import ReferencingKey

_UNIQUE = """
SELECT constraint_name FROM duckdb_constraints()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?1
  AND constraint_type = 'UNIQUE'
UNION ALL
SELECT index_name FROM duckdb_indexes()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?1
  AND is_unique AND NOT is_primary
ORDER BY 1
"""


class DuckdbAdoption:
    """The part of a `ports.Target` that gives an empty table a history."""

    if TYPE_CHECKING:

        def inspect(self, session: Session, table: TableName) -> TableShape | None: ...

        def referencing_keys(
            self, session: Session, table: TableName
        ) -> tuple[ReferencingKey, ...]: ...

    def history_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        if table_text.created(session, table) is None:
            return ("It is no ordinary table.",)
        unique = [str(one) for (one,) in session.execute(_UNIQUE, (table.name,))]
        return key_obstacles(unique, self.referencing_keys(session, table))

    def add_intervals(self, session: Session, table: TableName, key: Sequence[str]) -> None:
        kind = sql_type(INSTANT)
        columns = (f"{quote(VALID_FROM)} {kind} NOT NULL", f"{quote(VALID_TO)} {kind}")
        with session.transaction():
            require_empty(session, DIALECT, table)
            before = self.inspect(session, table)
            created = table_text.created(session, table)
            text = created and with_key(created, columns, historic_key(DIALECT, key))
            if before is None or not text:
                raise cannot_get_key(table)
            besides = [sql for _, sql in table_text.indexes(session, table)]
            besides += table_text.comments(session, table)
            session.execute(f"DROP TABLE {quote(table.name)}")
            session.execute(text)
            for sql in besides:
                session.execute(sql)
            now = self.inspect(session, table)
            # Better no change than a wrong one.
            if now is None or (
                [*(one.name for one in before.columns), VALID_FROM, VALID_TO]
                != [one.name for one in now.columns]
                or now.primary_key != (*key, VALID_FROM)
            ):
                raise cannot_get_key(table)
