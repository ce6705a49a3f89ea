"""The collations that the columns of a table were declared with, which SQLite tells of indexes
alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from snapshots.targets.sqlite.quoting import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ports import Session

_DECLARED = "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)"
_OF_INDEX = "SELECT name, coll FROM pragma_index_xinfo('snapshots_index') WHERE key"
_USUAL = "BINARY"


def collations_of(session: Session, table: str, columns: Sequence[str]) -> dict[str, str]:
    """A COLLATE clause for each column that has another collation than the usual one, else an
    empty text: the same table is made in memory, without rows, and an index of it."""
    found = session.execute(_DECLARED, (table,))
    usual = dict.fromkeys(columns, "")
    if not found or "COLLATE" not in str(found[0][1]).upper():
        return usual
    name, declared = map(str, found[0])
    names = ", ".join(map(quote, columns))
    with closing(sqlite3.connect(":memory:")) as copy:
        try:
            copy.execute(declared)
            copy.execute(f"CREATE INDEX snapshots_index ON {quote(name)} ({names})")
        except sqlite3.Error:
            # A collation or a function of some program: its comparisons are not to be had here.
            return usual
        rows = copy.execute(_OF_INDEX).fetchall()
    return usual | {
        column: f" COLLATE {quote(collation)}" for column, collation in rows if collation != _USUAL
    }
