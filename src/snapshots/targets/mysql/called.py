"""What the server calls a table, and how a session names tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.ports import Naming

if TYPE_CHECKING:
    from snapshots.ports import Session

_KNOWN = """
SELECT table_name, @@lower_case_table_names FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = ?
"""
_ALL = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = DATABASE() ORDER BY table_name
"""


def naming(session: Session) -> Naming:
    """See `ports.Target.naming`."""
    ((schema, folds),) = session.execute("SELECT DATABASE(), @@lower_case_table_names")
    return Naming(str(schema), ignores_case=folds != 0, ascii_alone=False, system="(?!)")


def known_as(session: Session, table: TableName) -> TableName | None:
    """See `ports.Target.known_as`."""
    names = [
        str(name)
        for name, folds in session.execute(_KNOWN, (table.name,))
        # What is compared in the catalogue may be alike, and yet be another table.
        if folds != 0 or name == table.name
    ]
    return TableName(names[0]) if names else None


def tables(session: Session) -> list[TableName]:
    """See `ports.Target.tables`."""
    return [TableName(str(name)) for (name,) in session.execute(_ALL)]


def uptime(session: Session) -> float | None:
    """See `ports.Target.uptime`."""
    found = session.execute("SHOW GLOBAL STATUS LIKE 'Uptime'")
    # Counted in whole seconds, from the beginning of the second in which it was started.
    return float(str(found[0][1])) - 1 if found else None
