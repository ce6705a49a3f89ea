"""What a name stands for in a DuckDB file: the table itself, and those that a view reads."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import Naming
from snapshots.targets.duckdb.quoting import folded

if TYPE_CHECKING:
    from snapshots.ports import Session

_TABLES = """
SELECT table_name, NULL AS sql FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
UNION ALL
SELECT view_name, sql FROM duckdb_views()
WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal
ORDER BY 1
"""
_OTHERS = """
SELECT index_name FROM duckdb_indexes()
WHERE database_name = current_database() AND schema_name = 'main'
"""
_WORD = re.compile(r'"((?:[^"]|"")*)"|(\w+)')


class DuckdbTableNames:
    """The part of a `ports.Target` that knows what a session calls its tables."""

    def naming(self, session: Session) -> Naming:  # noqa: ARG002
        return Naming("main", ignores_case=True, ascii_alone=True, system=r"(?!)")

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        names = [str(name) for name, _ in session.execute(_TABLES)]
        names += [str(name) for (name,) in session.execute(_OTHERS)]
        wanted = folded(table.name)
        return next((TableName(name) for name in names if folded(name) == wanted), None)

    def tables(self, session: Session) -> list[TableName]:
        return [TableName(str(name)) for name, _ in session.execute(_TABLES)]

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        """A view stands for all tables that its text names, however deep they lie."""
        there = {folded(str(name)): (str(name), sql) for name, sql in session.execute(_TABLES)}
        found: set[str] = set()
        left = [folded(table.name)]
        while left:
            name = left.pop()
            if name not in there or name in found:
                continue
            found.add(name)
            sql = there[name][1]
            if sql is not None:
                left += [folded(a.replace('""', '"') or b) for a, b in _WORD.findall(str(sql))]
        return frozenset(there[name][0] for name in found)
