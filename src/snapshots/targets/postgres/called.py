"""What the database calls a table, and how a session names tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.ports import Naming
from snapshots.targets.postgres.names import qualified

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


def naming(session: Session) -> Naming:
    """See `ports.Target.naming`."""
    ((schema,),) = session.execute("SELECT current_schema()")
    return Naming(str(schema or ""), ignores_case=False, ascii_alone=False, system=_SYSTEM)


def known_as(session: Session, table: TableName) -> TableName | None:
    """See `ports.Target.known_as`."""
    found = session.execute(_KNOWN, (qualified(table),))
    return TableName(str(found[0][1]), str(found[0][0])) if found else None


def tables(session: Session) -> list[TableName]:
    """See `ports.Target.tables`."""
    return [TableName(str(name), str(schema)) for schema, name in session.execute(_ALL)]


def uptime(session: Session) -> float | None:
    """See `ports.Target.uptime`."""
    ((seconds,),) = session.execute(
        "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - pg_postmaster_start_time())"
        " AS double precision)"
    )
    return seconds if isinstance(seconds, float) else None
