"""The constraints of a table of DuckDB, as SQL over some of its columns."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

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
_INDEXES = """
SELECT expressions FROM duckdb_indexes()
WHERE database_name = current_database() AND schema_name = 'main' AND table_name = ?
"""
_UNIQUE = ("PRIMARY KEY", "UNIQUE")
_INDEXED = (*_UNIQUE, "FOREIGN KEY")
_WORD = re.compile(r'(?<=")(?:[^"]|"")+(?=")|\w+')


class ForeignKey(Struct, frozen=True):
    """A foreign key: its name, the parent as SQL, and the columns of both by name."""

    name: str
    parent: str
    columns: tuple[str, ...]
    parents: tuple[str, ...]


class TableConstraints(Struct, frozen=True):
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
    indexed: tuple[str, ...]
    """Those of the columns that an index or a key has."""


def table_constraints(
    execute: Execute, table: TableName, columns: Sequence[str]
) -> TableConstraints:
    """Reads them. What needs columns that the rows lack is left out: the database fills these."""
    types = {folded(str(name)): str(kind) for name, kind in execute(_COLUMNS, (table.name,))}
    given = {folded(name) for name in columns}
    found = [
        (str(kind), str(expression), _names(mine), str(name), str(parent), _names(theirs))
        for kind, expression, mine, name, parent, theirs in execute(_CONSTRAINTS, (table.name,))
    ]
    met = [one for one in found if given.issuperset(map(folded, one[2]))]
    keys = [
        ForeignKey(name, quote(parent), own, theirs)
        for kind, _, own, name, parent, theirs in met
        if kind == "FOREIGN KEY"
    ]
    itself = folded(quote(table.name))
    unique = [tuple(map(quote, own)) for kind, _, own, *_ in met if kind in _UNIQUE]
    for expressions in unique_expressions(execute, table):
        words = {folded(one) for part in expressions for one in _WORD.findall(part)}
        if given.issuperset(words & types.keys()):
            unique.append(tuple(f"({one})" for one in expressions))
    indexed = {folded(one) for kind, _, own, *_ in found if kind in _INDEXED for one in own}
    for (made_of,) in execute(_INDEXES, (table.name,)):
        indexed.update(map(folded, _WORD.findall(str(made_of))))
    return TableConstraints(
        tuple(types.get(folded(name), "") for name in columns),
        tuple(one for kind, _, own, *_ in met if kind == "NOT NULL" for one in own),
        tuple(expression for kind, expression, *_ in met if kind == "CHECK"),
        tuple(key for key in keys if folded(key.parent) != itself),
        tuple(key for key in keys if folded(key.parent) == itself),
        tuple(unique),
        tuple(name for name in columns if folded(name) in indexed),
    )


def _names(listed: Value) -> tuple[str, ...]:
    """The names in a list of DuckDB, written as JSON; none for NULL."""
    return tuple(json.loads(str(listed))) if listed is not None else ()
