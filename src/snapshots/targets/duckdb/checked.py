"""Finds out whether a table would refuse some rows, before they are inserted.

DuckDB ends a transaction with its first error, and has no savepoints. So rows that may be refused
are compared with the table's constraints by queries, which are no errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.targets.duckdb.quoting import folded, quote
from snapshots.targets.duckdb.table_rules import unique_expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
"""


@dataclass(frozen=True, slots=True)
class RefusalQuery:
    """A query that gives a row if the table refuses one of the rows in `rows`."""

    sql: str
    sentence: str
    key: str | None = None
    """As `RefusedRows.key`."""


def refusal_queries(
    execute: Execute, table: TableName, columns: Sequence[str], rows: str
) -> list[RefusalQuery]:
    """The queries for rows of some columns, which the relation `rows` has as c0, c1 and so on."""
    import json

    types = {folded(str(name)): str(kind) for name, kind in execute(_COLUMNS, (table.name,))}
    given = {folded(name): f"c{at}" for at, name in enumerate(columns)}
    named = ", ".join(
        f"CAST({place} AS {types[folded(name)]}) AS {quote(name)}"
        for name, place in zip(columns, given.values(), strict=True)
        if folded(name) in types
    )
    source = f"(SELECT {named} FROM {rows})"
    into = quote(table.name)
    found = []
    for kind, expression, mine, name, parent, theirs in execute(_CONSTRAINTS, (table.name,)):
        own: list[str] = json.loads(str(mine))
        if not all(folded(one) in given for one in own):
            continue  # The database fills a column in.
        if kind == "NOT NULL":
            sql = f"SELECT 1 FROM {source} WHERE {quote(own[0])} IS NULL LIMIT 1"
            found.append(RefusalQuery(sql, f"Column {own[0]} takes no NULL."))
        elif kind == "CHECK":
            sql = f"SELECT 1 FROM {source} WHERE NOT ({expression!s}) LIMIT 1"
            found.append(RefusalQuery(sql, f"A row violates the check {expression!s}."))
        elif kind == "FOREIGN KEY":
            keys: list[str] = json.loads(str(theirs))
            sql = _without_parent(source, own, quote(str(parent)), keys)
            say = f"A row has no parent by the foreign key {name!s}."
            found.append(RefusalQuery(sql, say, str(name)))
        elif kind in ("PRIMARY KEY", "UNIQUE"):
            expressions = [quote(one) for one in own]
            say = f"A row with the same {', '.join(own)} exists already."
            found += [RefusalQuery(one, say) for one in _twice(source, into, expressions)]
    for expressions in unique_expressions(execute, table):
        say = f"A row with the same {', '.join(expressions)} exists already."
        found += [RefusalQuery(one, say) for one in _twice(source, into, expressions)]
    return found


def _twice(source: str, into: str, expressions: Sequence[str]) -> Iterator[str]:
    given = " AND ".join(f"({one}) IS NOT NULL" for one in expressions)
    keys = ", ".join(f"({one}) AS k{at}" for at, one in enumerate(expressions))
    names = ", ".join(f"k{at}" for at in range(len(expressions)))
    same = " AND ".join(f"t.k{at} = s.k{at}" for at in range(len(expressions)))
    rows = f"(SELECT {keys} FROM {source} WHERE {given})"
    yield f"SELECT 1 FROM {rows} GROUP BY {names} HAVING COUNT(*) > 1 LIMIT 1"
    yield (
        f"SELECT 1 FROM (SELECT {keys} FROM {into}) AS t SEMI JOIN {rows} AS s ON {same} LIMIT 1"
    )


def _without_parent(source: str, own: list[str], parent: str, keys: list[str]) -> str:
    given = " AND ".join(f"c.{quote(one)} IS NOT NULL" for one in own)
    same = " AND ".join(
        f"p.{quote(key)} = c.{quote(one)}" for one, key in zip(own, keys, strict=True)
    )
    return f"SELECT 1 FROM {source} AS c ANTI JOIN {parent} AS p ON {same} WHERE {given} LIMIT 1"
