"""What a name stands for in a SQLite file: the table itself, and those that a view reads."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import TargetError
from snapshots.model import TableName
from snapshots.table_facts import Naming
from snapshots.targets.sql.ddl import quoted

if TYPE_CHECKING:
    from snapshots.ports import Session

_KNOWN = "SELECT name FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type <> 'trigger'"
_ALL = """
SELECT name FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
"""
_ITSELF = """
SELECT name, type FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')
"""
_OPENED = "SELECT tbl_name FROM sqlite_master WHERE rootpage IN ({marks})"


class SqliteTableNames:
    """The part of a `ports.Target` that knows what a session calls its tables."""

    def naming(self, session: Session) -> Naming:  # noqa: ARG002
        return Naming("main", ignores_case=True, ascii_alone=True, system=r"main\.sqlite_.*")

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        found = session.execute(_KNOWN, (table.name,))
        return TableName(str(found[0][0])) if found else None

    def tables(self, session: Session) -> list[TableName]:
        return [TableName(str(name)) for (name,) in session.execute(_ALL)]

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        found = session.execute(_ITSELF, (table.name,))
        names = {str(name) for name, _ in found}
        if any(kind == "view" for _, kind in found):
            names |= _read_by(session, table)
        return frozenset(names)


def _read_by(session: Session, view: TableName) -> set[str]:
    """The tables that SQLite itself would open for a view, however deep they lie."""
    try:
        program = session.execute(f"EXPLAIN SELECT * FROM {quoted(view.name, chr(34))}")
    except TargetError:
        return set()  # It leads nowhere any more.
    pages = sorted({row[3] for row in program if row[1] in ("OpenRead", "ReopenIdx")}, key=str)
    if not pages:
        return set()
    marks = ", ".join("?" for _ in pages)
    return {str(name) for (name,) in session.execute(_OPENED.format(marks=marks), pages)}
