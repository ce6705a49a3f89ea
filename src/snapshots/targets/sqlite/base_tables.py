"""What a name stands for: its spelling is the file's, and views lead to other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.targets.sql import ddl

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

_ITSELF = """
SELECT name, type FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')
"""
_OPENED = "SELECT tbl_name FROM sqlite_master WHERE rootpage IN ({marks})"


def bases(session: Session, table: TableName) -> frozenset[str]:
    """See `ports.Target.bases`."""
    found = session.execute(_ITSELF, (table.name,))
    names = {str(name) for name, _ in found}
    if any(kind == "view" for _, kind in found):
        names |= _read_by(session, table)
    return frozenset(names)


def _read_by(session: Session, view: TableName) -> set[str]:
    """The tables that SQLite itself would open for a view, however deep they lie."""
    try:
        program = session.execute(f"EXPLAIN SELECT * FROM {ddl.quoted(view.name, chr(34))}")
    except TargetError:
        return set()  # It leads nowhere any more.
    pages = sorted({row[3] for row in program if row[1] in ("OpenRead", "ReopenIdx")}, key=str)
    if not pages:
        return set()
    marks = ", ".join("?" for _ in pages)
    return {str(name) for (name,) in session.execute(_OPENED.format(marks=marks), pages)}
