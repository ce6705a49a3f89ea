"""The constraints of a table of DuckDB whose violations a query finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.targets.sql.row_rules import row_rules as found_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.model import TableName
    from snapshots.ports import ResultRows, Session, Value
    from snapshots.table_facts import RowRule

    Execute = Callable[[str, Sequence[Value]], ResultRows]

_RULES = """
SELECT constraint_name, unnest(CASE constraint_type WHEN 'CHECK' THEN [NULL]
         ELSE constraint_column_names END), NULL, referenced_table,
       unnest(CASE constraint_type WHEN 'FOREIGN KEY' THEN referenced_column_names
         WHEN 'CHECK' THEN [NULL] ELSE list_transform(constraint_column_names, lambda x: NULL) END),
       referenced_table = table_name, expression
FROM duckdb_constraints()
WHERE database_name = current_database() AND schema_name = 'main' AND lower(table_name) = lower(?)
  AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY', 'CHECK')
ORDER BY constraint_index
"""
_UNIQUE = """
SELECT expressions FROM duckdb_indexes()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?
  AND is_unique AND NOT is_primary ORDER BY index_name
"""
_INDEXED = """
SELECT index_name, expressions FROM duckdb_indexes()
WHERE database_name = current_database() AND schema_name = 'main'
  AND lower(table_name) = lower(?) AND is_unique AND NOT is_primary ORDER BY index_name
"""


def row_rules(session: Session, table: TableName) -> tuple[RowRule, ...]:
    """See `ports.Target`."""
    lines: list[tuple[Value, ...]] = list(session.execute(_RULES, (table.name,)))
    for name, expressions in session.execute(_INDEXED, (table.name,)):
        columns = [_column(one) for one in _listed(str(expressions))]
        if None not in columns:
            lines += [(name, column, None, None, None, False, None) for column in columns]
    return found_rules(lines)


def unique_expressions(execute: Execute, table: TableName) -> list[list[str]]:
    """The expressions of each unique index that was made by itself, as SQL."""
    return [_listed(str(found)) for (found,) in execute(_UNIQUE, (table.name,))]


def _listed(written: str) -> list[str]:
    r"""The parts of a list such as `['(lower(v))', k, "my column"]`, as SQL."""
    parts, part, within, depth = [], "", "", 0
    for char in written[1:-1] + ",":
        if within:
            within = "" if char == within else within
        elif char in "'\"":
            within = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and not depth:
            parts.append(part.strip())
            part = ""
            continue
        part += char
    return [one[1:-1].replace("''", "'") if one.startswith("'") else one for one in parts]


def _column(expression: str) -> str | None:
    """The column that an expression is; None if it is more than that."""
    if expression.startswith('"'):
        return expression[1:-1].replace('""', '"')
    return expression if expression.replace("_", "a").isalnum() else None
