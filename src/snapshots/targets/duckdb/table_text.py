"""Tables of DuckDB as text: what creates them, their indexes and their comments again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.duckdb.quoting import quote

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

_HERE = "database_name = current_database() AND schema_name = 'main' AND table_name = ?"
_CREATED = f"SELECT sql FROM duckdb_tables() WHERE {_HERE} AND NOT internal"
_INDEXES = (
    f"SELECT index_name, sql FROM duckdb_indexes() WHERE {_HERE} AND sql IS NOT NULL ORDER BY 1"
)
_COMMENTS = f"""
SELECT NULL, comment FROM duckdb_tables() WHERE {_HERE} AND comment IS NOT NULL
UNION ALL
SELECT column_name, comment FROM duckdb_columns() WHERE {_HERE} AND comment IS NOT NULL
"""


def created(session: Session, table: TableName) -> str | None:
    """The CREATE TABLE of a table; None if there is none."""
    found = session.execute(_CREATED, (table.name,))
    return str(found[0][0]) if found else None


def indexes(session: Session, table: TableName) -> list[tuple[str, str]]:
    """The names of its indexes, and their CREATE INDEX; without those of constraints."""
    return [(str(name), str(sql)) for name, sql in session.execute(_INDEXES, (table.name,))]


def comments(session: Session, table: TableName) -> list[str]:
    """Statements that comment on the table and its columns as it is now."""
    name, found = quote(table.name), []
    for column, comment in session.execute(_COMMENTS, (table.name, table.name)):
        what = f"TABLE {name}" if column is None else f"COLUMN {name}.{quote(str(column))}"
        text = str(comment).replace("'", "''")
        found.append(f"COMMENT ON {what} IS '{text}'")
    return found
