"""Tables as a DuckDB file describes them."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableColumn, TableShape
from snapshots.targets.duckdb.quoting import folded
from snapshots.targets.duckdb.types import kernel_type, values_of
from snapshots.targets.sql import ddl
from snapshots.targets.sql.referencing_keys import referencing_keys

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import ResultRows, Session
    from snapshots.table_facts import OwnKey, ReferencingKey

_HERE = "database_name = current_database() AND schema_name = 'main'"
_COLUMNS = f"""
SELECT table_name, column_name, data_type, is_nullable, column_default IS NOT NULL, is_generated
FROM duckdb_columns()
WHERE {_HERE} AND lower(table_name) = lower(?) ORDER BY column_index
"""
_KEY = f"""
SELECT unnest(constraint_column_names) FROM duckdb_constraints()
WHERE {_HERE} AND constraint_type = 'PRIMARY KEY' AND table_name = ?
"""
_NAMED = f"""
SELECT view_name, 'a view' FROM duckdb_views() WHERE {_HERE} AND lower(view_name) = lower(?)
UNION ALL
SELECT index_name, 'an index' FROM duckdb_indexes() WHERE {_HERE} AND lower(index_name) = lower(?)
"""
_HAS_COLUMN = f"""
SELECT column_name FROM duckdb_columns() WHERE {_HERE} AND lower(column_name) = lower(?)
"""
_REFERRING = f"""
SELECT NULL, table_name, constraint_name, table_name = referenced_table, 'NO ACTION',
       unnest(constraint_column_names), unnest(referenced_column_names)
FROM duckdb_constraints()
WHERE {_HERE} AND constraint_type = 'FOREIGN KEY' AND lower(referenced_table) = lower(?)
ORDER BY table_name, constraint_index
"""
_OWN = f"""
SELECT constraint_name, unnest(constraint_column_names), unnest(referenced_column_names), FALSE
FROM duckdb_constraints()
WHERE {_HERE} AND constraint_type = 'FOREIGN KEY' AND referenced_table = table_name
  AND lower(table_name) = lower(?)
ORDER BY constraint_index
"""


class DuckdbCatalog:
    """The part of a `ports.Target` that reads what tables are made of."""

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        found = _of(session.execute(_COLUMNS, (table.name,)), table)
        if not found:
            return None
        columns = tuple(
            TableColumn(
                name=str(name),
                type=kernel_type(str(kind)),
                sql_type=str(kind),
                nullable=bool(nullable),
                has_default=bool(default),
                generated=bool(generated),
                values=values_of(str(kind)),
            )
            for _, name, kind, nullable, default, generated in found
        )
        key = tuple(str(name) for (name,) in session.execute(_KEY, (found[0][0],)))
        return TableShape(table, columns, key, view=self._is_view(session, table))

    def _is_view(self, session: Session, table: TableName) -> bool:
        found = _of(session.execute(_NAMED, (table.name, table.name)), table)
        return any(what == "a view" for _, what in found)

    def require_loadable(self, session: Session, table: TableName) -> None:
        for _, what in _of(session.execute(_NAMED, (table.name, table.name)), table):
            if what == "a view":
                raise ddl.takes_no_rows(table, "DuckDB inserts into tables only")
            if self.inspect(session, table) is None:
                raise ddl.name_is_taken(table, str(what))

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def has_column(self, session: Session, column: str) -> bool:
        found = session.execute(_HAS_COLUMN, (column,))
        return any(folded(str(name)) == folded(column) for (name,) in found)

    def referencing_keys(self, session: Session, table: TableName) -> tuple[ReferencingKey, ...]:
        return referencing_keys(session.execute(_REFERRING, (table.name,)))

    def own_keys(self, session: Session, table: TableName) -> tuple[OwnKey, ...]:
        from snapshots.targets.sql.own_keys import grouped

        return grouped(session.execute(_OWN, (table.name,)))


def _of(found: ResultRows, table: TableName) -> ResultRows:
    """The rows whose first value is the table's name, as DuckDB compares names."""
    return [row for row in found if folded(str(row[0])) == folded(table.name)]
