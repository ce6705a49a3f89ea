"""What a name stands for in PostgreSQL: the table itself, and those behind it.

Views, rules, partitions and inheritance lead from one table to others.
"""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import Naming
from snapshots.targets.postgres.quoting import qualified

if TYPE_CHECKING:
    from snapshots.ports import Session

_SYSTEM = r"(pg_[^.]*|information_schema)\..*"
_KNOWN = """
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid = to_regclass(?)
"""
_ALL = """
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY nspname, relname
"""
STANDS_FOR_MORE = """
SELECT relname, relhasrules OR relispartition OR relhassubclass
       OR EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = pg_class.oid)
FROM pg_class WHERE oid = to_regclass(?)
"""
"""A view is a table with a rule."""
_FAMILY = """
WITH RECURSIVE above (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT further.id FROM above JOIN LATERAL (
        SELECT inhparent FROM pg_inherits WHERE inhrelid = above.id
      UNION ALL
        SELECT refobjid FROM pg_rewrite JOIN pg_depend ON objid = pg_rewrite.oid
        WHERE ev_class = above.id AND classid = 'pg_rewrite'::regclass
              AND refclassid = 'pg_class'::regclass
    ) AS further (id) ON true
), below (id) AS (
    SELECT to_regclass(?)::oid
  UNION
    SELECT inhrelid FROM below JOIN pg_inherits ON inhparent = below.id
)
SELECT relname FROM pg_class
WHERE oid IN (SELECT id FROM above UNION SELECT id FROM below)
"""


class PostgresTableNames:
    """The part of a `ports.Target` that knows what a session calls its tables."""

    def naming(self, session: Session) -> Naming:
        ((schema,),) = session.execute("SELECT current_schema()")
        return Naming(str(schema or ""), ignores_case=False, ascii_alone=False, system=_SYSTEM)

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        found = session.execute(_KNOWN, (qualified(table),))
        return TableName(str(found[0][1]), str(found[0][0])) if found else None

    def tables(self, session: Session) -> list[TableName]:
        return [TableName(str(name), str(schema)) for schema, name in session.execute(_ALL)]

    def uptime(self, session: Session) -> float | None:
        ((seconds,),) = session.execute(
            "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - pg_postmaster_start_time())"
            " AS double precision)"
        )
        return seconds if isinstance(seconds, float) else None

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        return bases(session, table)


def bases(session: Session, table: TableName) -> frozenset[str]:
    """See `ports.Target.bases`."""
    name = qualified(table)
    found = session.execute(STANDS_FOR_MORE, (name,))
    if found and found[0][1]:
        found = session.execute(_FAMILY, (name, name))
    return frozenset(str(row[0]) for row in found)
