"""Replaces a table of DuckDB by a copy that takes its name.

All of it is in one transaction: whoever reads has the tables and the names of one moment. DuckDB
renames no table that an index or a foreign key depends on, and no index at all: so plain indexes
are made again at the end. A view finds its tables by their names.
"""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.targets.duckdb import table_text
from snapshots.targets.duckdb.quoting import quote
from snapshots.targets.sql.table_sql import copy_difference, names_itself, renamed

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

_KEYS = """
SELECT CASE WHEN table_name = ?1 THEN 'it has a foreign key'
       ELSE 'a foreign key of table ' || table_name || ' refers to it' END
FROM duckdb_constraints()
WHERE database_name = current_database() AND schema_name = 'main'
  AND constraint_type = 'FOREIGN KEY' AND (table_name = ?1 OR referenced_table = ?1)
ORDER BY 1
"""
_UNIQUE = """
SELECT index_name FROM duckdb_indexes()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?
  AND is_unique AND NOT is_primary AND sql IS NOT NULL
ORDER BY 1
"""


class DuckdbRenaming:
    """The part of a `ports.Target` that publishes by renaming."""

    def rename_obstacles(self, session: Session, table: TableName) -> tuple[str, ...]:
        created = table_text.created(session, table)
        if created is None:
            return ("it is no ordinary table",)
        name = (table.name,)
        found = [str(why) for (why,) in session.execute(_KEYS, name)]
        found += [f"index {one!s} may refuse rows" for (one,) in session.execute(_UNIQUE, name)]
        if names_itself(created, table.name):
            found.append("its own text names it")
        return tuple(found)

    def create_clone(self, session: Session, clone: TableName, table: TableName) -> None:
        created = table_text.created(session, table)
        if created is None:
            raise TargetError(f"The table {table} does not exist.")
        session.execute(renamed(created, quote(clone.name)))

    def clone_difference(self, session: Session, table: TableName, clone: TableName) -> str:
        return copy_difference(*(table_text.created(session, one) for one in (table, clone)))

    def open_snapshots(self, session: Session) -> frozenset[str] | None:  # noqa: ARG002
        return frozenset()

    def exchange(
        self, session: Session, table: TableName, clone: TableName, former: TableName
    ) -> None:
        why = self.rename_obstacles(session, table)
        if why or self.clone_difference(session, table, clone):
            raise TargetError(
                f"table {table} was altered: {', '.join(why)}".rstrip(": "), retryable=True
            )
        indexes = table_text.indexes(session, table)
        comments = table_text.comments(session, table)
        for index, _ in indexes:
            session.execute(f"DROP INDEX {quote(index)}")
        session.execute(f"ALTER TABLE {quote(table.name)} RENAME TO {quote(former.name)}")
        session.execute(f"ALTER TABLE {quote(clone.name)} RENAME TO {quote(table.name)}")
        for _, created in indexes:
            session.execute(created)
        for comment in comments:
            session.execute(comment)
