"""What a name stands for in MySQL: the table itself, and those that a view reads."""

# ruff: noqa: D102 - ports.Target says what each method does

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.model import TableName
from snapshots.table_facts import Naming

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
_ITSELF = """
SELECT table_name, table_type FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name = ?
"""
_VIEWS = """
SELECT table_name, view_definition FROM information_schema.views
WHERE table_schema = DATABASE() AND table_name IN ({marks})
"""
_NAMED = re.compile(r"`((?:[^`]|``)*)`\.`((?:[^`]|``)*)`")
"""A table in a view's definition, which the server writes with its database and quoted. A column
may look like that, too: it is no table, then, or one that the view reads anyhow."""


class MysqlTableNames:
    """The part of a `ports.Target` that knows what a session calls its tables."""

    def naming(self, session: Session) -> Naming:
        ((schema, folds),) = session.execute("SELECT DATABASE(), @@lower_case_table_names")
        return Naming(str(schema), ignores_case=folds != 0, ascii_alone=False, system="(?!)")

    def known_as(self, session: Session, table: TableName) -> TableName | None:
        names = [
            str(name)
            for name, folds in session.execute(_KNOWN, (table.name,))
            # What is compared in the catalogue may be alike, and yet be another table.
            if folds != 0 or name == table.name
        ]
        return TableName(names[0]) if names else None

    def tables(self, session: Session) -> list[TableName]:
        return [TableName(str(name)) for (name,) in session.execute(_ALL)]

    def uptime(self, session: Session) -> float | None:
        found = session.execute("SHOW GLOBAL STATUS LIKE 'Uptime'")
        # Counted in whole seconds, from the beginning of the second in which it was started.
        return float(str(found[0][1])) - 1 if found else None

    def bases(self, session: Session, table: TableName) -> frozenset[str]:
        found = session.execute(_ITSELF, (table.name,))
        names = {str(name) for name, _ in found}
        views = {str(name) for name, kind in found if str(kind) == "VIEW"}
        while views:
            marks = ", ".join("?" for _ in views)
            read = session.execute(_VIEWS.format(marks=marks), sorted(views))
            within = {
                match[2].replace("``", "`")
                for _, definition in read
                for match in _NAMED.finditer(str(definition))
            }
            views = within - names
            names |= views
        return frozenset(names)
