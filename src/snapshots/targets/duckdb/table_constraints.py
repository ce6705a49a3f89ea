"""The constraints of a table of DuckDB, as SQL over some of its columns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.targets.duckdb.quoting import folded, quote
from snapshots.targets.duckdb.table_rules import unique_expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.model import TableName
    from snapshots.ports import ResultRows, Value

    Execute = Callable[[str, Sequence[Value]], ResultRows]

_COLUMNS = """
SELECT column_name, data_type FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?
"""
_CONSTRAINTS = """
SELECT constraint_type, expression, to_json(constraint_column_names), constraint_name,
       referenced_table, to_json(referenced_column_names)
FROM duckdb_constraints()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?
ORDER BY constraint_index
"""
_WORD = re.compile(r'(?<=")(?:[^"]|"")+(?=")|\w+')


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: its name, the parent as SQL, and the columns of both by name."""

    name: str
    parent: str
    columns: tuple[str, ...]
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableConstraints:
    """Those that rows of some columns can violate."""

    types: tuple[str, ...]
    """The types of these columns, in their order."""
    required: tuple[str, ...]
    checks: tuple[str, ...]
    """Expressions over the columns by their names."""
    keys: tuple[ForeignKey, ...]
    """Foreign keys that refer to other tables."""
    own_keys: tuple[ForeignKey, ...]
    """Those that refer to the table itself."""
    unique: tuple[tuple[str, ...], ...]
    """Expressions over the columns that are unique together."""


def table_constraints(
    execute: Execute, table: TableName, columns: Sequence[str]
) -> TableConstraints:
    """Reads them. What needs columns that the rows lack is left out: the database fills these."""
    types = {folded(str(name)): str(kind) for name, kind in execute(_COLUMNS, (table.name,))}
    given = {folded(name) for name in columns}
    required: list[str] = []
    checks: list[str] = []
    keys: list[ForeignKey] = []
    own_keys: list[ForeignKey] = []
    unique: list[tuple[str, ...]] = []
    for kind, expression, mine, name, parent, theirs in execute(_CONSTRAINTS, (table.name,)):
        own: list[str] = json.loads(str(mine))
        if not given.issuperset(map(folded, own)):
            continue
        if kind == "NOT NULL":
            required += own
        elif kind == "CHECK":
            checks.append(str(expression))
        elif kind == "FOREIGN KEY":
            found = ForeignKey(
                str(name), quote(str(parent)), tuple(own), tuple(json.loads(str(theirs)))
            )
            (own_keys if folded(str(parent)) == folded(table.name) else keys).append(found)
        elif kind in ("PRIMARY KEY", "UNIQUE"):
            unique.append(tuple(map(quote, own)))
    for expressions in unique_expressions(execute, table):
        words = {folded(one) for part in expressions for one in _WORD.findall(part)}
        if given.issuperset(words & types.keys()):
            unique.append(tuple(f"({one})" for one in expressions))
    return TableConstraints(
        tuple(types.get(folded(name), "") for name in columns),
        tuple(required),
        tuple(checks),
        tuple(keys),
        tuple(own_keys),
        tuple(unique),
    )
