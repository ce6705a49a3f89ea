"""Finds a table by the name that a user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.history.locate import similar_tables
from snapshots.errors import NoSuchTable
from snapshots.targets.sql.ddl import written

if TYPE_CHECKING:
    from snapshots.model import TableShape
    from snapshots.ports import Session, Target


def shape_of(target: Target, session: Session, text: str) -> TableShape:
    """The table as it is. Raises NoSuchTable, with names that may be meant."""
    known = target.known_as(session, target.table_name(text))
    shape = None if known is None else target.inspect(session, known)
    if shape is None:
        raise _no_table(target, session, text)
    return shape


def _no_table(target: Target, session: Session, text: str) -> NoSuchTable:
    if meant := similar_tables(target, session, text):
        hint = f"did you mean {' or '.join(meant)}?"
    else:
        names = map(written, target.tables(session))
        own = [name for name in names if not name.rpartition(".")[2].startswith("snapshots_")]
        hint = f"there are {', '.join(sorted(own)[:20])}" if own else "the database has no tables"
    return NoSuchTable(f"there is no table {text} in {target.display()}", hint=hint)
