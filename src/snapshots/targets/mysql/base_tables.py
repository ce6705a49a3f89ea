"""What a name stands for: its spelling is the server's, and views lead to other tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.model import TableName
    from snapshots.ports import Session

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


def bases(session: Session, table: TableName) -> frozenset[str]:
    """See `ports.Target.bases`."""
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
