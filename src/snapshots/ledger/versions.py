"""Finds the versions that imports of one table with history have published."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History


def version_before(history: History, entry: Entry) -> int | None:
    """The import of the version of the same table before that of an import, by their dates.

    None where there is none, or the import has published no version of a table with history.
    """
    if entry.mode != "history" or entry.state != "finished" or entry.as_of is None:
        return None
    rows = history.session.execute(
        "SELECT id FROM snapshots_imports WHERE kind = 'import' AND state = 'finished'"
        " AND mode = 'history' AND table_name = ? AND as_of < ?"
        f" ORDER BY as_of DESC, id DESC{history.target.dialect.limit(1)}",
        (entry.table, entry.as_of),
    )
    return cast("int", rows[0][0]) if rows else None
