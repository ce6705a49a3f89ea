"""What a file calls a table, and how a session names tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.ports import Naming

if TYPE_CHECKING:
    from snapshots.ports import Session

_KNOWN = "SELECT name FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type <> 'trigger'"
_ALL = """
SELECT name FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
"""


def naming() -> Naming:
    """See `ports.Target.naming`."""
    return Naming("main", ignores_case=True, ascii_alone=True, system=r"main\.sqlite_.*")


def known_as(session: Session, table: TableName) -> TableName | None:
    """See `ports.Target.known_as`."""
    found = session.execute(_KNOWN, (table.name,))
    return TableName(str(found[0][0])) if found else None


def tables(session: Session) -> list[TableName]:
    """See `ports.Target.tables`."""
    return [TableName(str(name)) for (name,) in session.execute(_ALL)]
