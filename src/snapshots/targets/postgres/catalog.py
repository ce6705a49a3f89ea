"""Tables as PostgreSQL's catalogue describes them: their columns, triggers and rules."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableColumn, TableShape
from snapshots.table_facts import TableDescription
from snapshots.targets.postgres.quoting import qualified, quote
from snapshots.targets.postgres.table_names import STANDS_FOR_MORE, bases
from snapshots.targets.postgres.types import kernel_type
from snapshots.targets.sql import ddl

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import ResultRows, Session

_COLUMNS = """
WITH RECURSIVE named (id) AS (
    SELECT oid FROM pg_class WHERE oid = to_regclass(?) AND relkind IN ('r', 'p', 'v', 'f')
), base (attnum, type, typmod, required) AS (
    SELECT attnum, atttypid, atttypmod, attnotnull
    FROM named JOIN pg_attribute ON attrelid = id AND attnum > 0 AND NOT attisdropped
  UNION ALL
    SELECT attnum, typbasetype, typtypmod, required OR typnotnull
    FROM base JOIN pg_type ON pg_type.oid = base.type WHERE typtype = 'd'
)
SELECT attname, format_type(type, typmod), required,
       atthasdef OR attidentity <> '',
       attgenerated <> '' OR relkind = 'v' AND pg_relation_is_updatable(id, false) = 28
         AND NOT pg_column_is_updatable(id, base.attnum, false) AND NOT instead,
       array_position(indkey::int2[], base.attnum), relkind = 'v', base.attnum
FROM named
JOIN (SELECT oid, relkind, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid
        AND tgtype & 68 = 68) OR EXISTS (SELECT FROM pg_rewrite WHERE ev_class = pg_class.oid
        AND ev_type = '3') AS instead FROM pg_class) AS it ON it.oid = id
LEFT JOIN (base JOIN pg_type ON pg_type.oid = type AND typtype <> 'd') ON true
LEFT JOIN pg_attribute ON attrelid = id AND pg_attribute.attnum = base.attnum
LEFT JOIN pg_index ON indrelid = id AND indisprimary
ORDER BY base.attnum
"""
"""The last two: whether it is a view, and the number of the column.

A domain stands for the type it is made of; a table without columns is one row without any.
An expression of a view is computed: 28 is INSERT, UPDATE and DELETE, 68 INSTEAD OF INSERT.
"""

_NAMED = """
SELECT CASE relkind WHEN 'i' THEN 'an index' WHEN 'I' THEN 'an index' WHEN 'S' THEN 'a sequence'
         WHEN 'm' THEN 'a materialized view' WHEN 'c' THEN 'a type' WHEN 'v' THEN 'a view'
       END, pg_relation_is_updatable(oid, true) & 8 = 8
FROM pg_class WHERE oid = to_regclass(?)
UNION ALL
SELECT 'a type', false FROM pg_type WHERE oid = to_regtype(?) AND typrelid = 0 AND typelem = 0
  AND typnamespace = COALESCE(to_regnamespace(?), to_regnamespace(quote_ident(current_schema())))
"""
"""What has a name; 8 is INSERT. A name without a schema is made in the first of the search path."""

_TRIGGERS = """
WITH RECURSIVE family (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT inhrelid FROM family JOIN pg_inherits ON inhparent = id
)
SELECT DISTINCT tgname FROM family JOIN pg_trigger ON tgrelid = id
WHERE NOT tgisinternal AND tgenabled NOT IN ('D', 'R') AND tgtype & 4 <> 0 ORDER BY 1
"""
"""Those of INSERT, also of the tables that the rows of this one are in."""
_RULES = """
SELECT rulename FROM pg_rewrite
WHERE ev_class = to_regclass(?) AND ev_type = '3' AND ev_enabled NOT IN ('D', 'R') ORDER BY 1
"""
_DESCRIBED = f"""
SELECT 'column', c.* FROM ({_COLUMNS}) AS c
  (name, kind, required, has_default, generated, key, view, number)
UNION ALL
SELECT 'trigger', tgname, NULL, NULL, NULL, NULL, NULL, NULL, row_number() OVER (ORDER BY tgname)
FROM ({_TRIGGERS}) AS t
UNION ALL
SELECT 'rule', rulename, NULL, NULL, NULL, NULL, NULL, NULL, row_number() OVER (ORDER BY rulename)
FROM ({_RULES}) AS r
UNION ALL
SELECT 'name', relname, NULL, more, NULL, NULL, NULL, NULL, NULL
FROM ({STANDS_FOR_MORE}) AS n (relname, more)
ORDER BY 1, 9
"""
"""What is asked of a table before each import, in one statement."""
_HAS_COLUMN = """
SELECT 1 FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE attname = ? AND NOT attisdropped AND relkind IN ('r', 'p', 'f') LIMIT 1
"""


class PostgresCatalog:
    """The part of a `ports.Target` that reads what tables are made of."""

    def inspect(self, session: Session, table: TableName) -> TableShape | None:
        return _shape(table, session.execute(_COLUMNS, (qualified(table),)))

    def describe(self, session: Session, table: TableName) -> TableDescription | None:
        found = session.execute(_DESCRIBED, (qualified(table),) * 4)
        parts: dict[str, ResultRows] = {"column": [], "trigger": [], "rule": [], "name": []}
        for what, *row in found:
            parts[str(what)].append(tuple(row))
        shape = _shape(table, parts["column"])
        if shape is None:
            return None
        names = frozenset(str(row[0]) for row in parts["name"])
        more = any(row[2] for row in parts["name"])
        return TableDescription(
            shape,
            bases(session, table) if more else names,
            tuple(str(row[0]) for row in parts["trigger"]),
            tuple(str(row[0]) for row in parts["rule"]),
        )

    def require_loadable(self, session: Session, table: TableName) -> None:
        name = qualified(table)
        schema = None if table.schema is None else quote(table.schema)
        for what, takes_rows in session.execute(_NAMED, (name, name, schema)):
            if what == "a view" and not takes_rows:
                raise ddl.takes_no_rows(
                    table,
                    "it is not updatable: it has neither a single base table nor an INSTEAD"
                    " OF trigger",
                )
            if what not in (None, "a view"):
                raise ddl.name_is_taken(table, str(what))

    def triggers(self, session: Session, table: TableName) -> tuple[str, ...]:
        found = session.execute(_TRIGGERS, (qualified(table),))
        return tuple(str(name) for (name,) in found)

    def passed_by(self, session: Session, table: TableName) -> tuple[str, ...]:
        # COPY rewrites no query, which is all that a rule does.
        return tuple(str(name) for (name,) in session.execute(_RULES, (qualified(table),)))

    def has_column(self, session: Session, column: str) -> bool:
        return bool(session.execute(_HAS_COLUMN, (column,)))


def _shape(table: TableName, found: ResultRows) -> TableShape | None:
    """The table that has these columns; None without any row: there is no table."""
    if not found:
        return None
    columns, keys = [], []
    for name, kind, required, default, generated, key, *_ in found:
        if name is None:
            continue
        columns.append(
            TableColumn(
                name=str(name),
                type=kernel_type(str(kind)),
                sql_type=str(kind),
                nullable=not required,
                has_default=bool(default),
                generated=bool(generated),
                wire="padded" if str(kind).startswith("character(") else "",
                free=str(kind) == "money",
            )
        )
        if isinstance(key, int):
            keys.append((key, str(name)))
    keys_in_order = tuple(name for _, name in sorted(keys))
    return TableShape(table, tuple(columns), keys_in_order, view=bool(found[0][-2]))
