"""Marks imports as undone: their rows are out of the table, and their account stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from snapshots.errors import NoSuchImport
from snapshots.ledger.rows import Sql

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Ledger


def locked(ledger: Ledger, import_id: int) -> Entry:
    """The import as it is now, and stays until the transaction ends."""
    ledger.session.execute(
        f"SELECT fence FROM snapshots_imports WHERE id = ?{ledger.target.dialect.row_lock}",
        (import_id,),
    )
    entry = ledger.entry(import_id)
    if entry is None:
        raise NoSuchImport(f"there is no import {import_id}")
    return entry


def mark(ledger: Ledger, entry: Entry, removed: int) -> None:
    """Writes that the import is undone, in the transaction that has removed its rows."""
    ledger.change(
        entry,
        {
            "state": "undone",
            "removed": removed,
            "owner": None,
            "wanted": None,
            # Whoever worked on it before writes nothing any more.
            "fence": Sql("fence + 1"),
        },
    )


def replaced_by(history: History, entry: Entry) -> list[tuple[int, str]]:
    """Finds imports that have replaced the rows of some table since this one ended, with their
    plans."""
    rows = history.session.execute(
        "SELECT id, plan FROM snapshots_imports WHERE kind = 'import' AND state = 'finished'"
        " AND mode = 'replace' AND finished_at >= ? AND id <> ? ORDER BY id",
        (entry.finished_at or entry.started_at, entry.import_id),
    )
    return [(cast("int", import_id), str(plan)) for import_id, plan in rows]
