"""Knows the undo tables of imports: they keep what an import has changed or deleted.

The mark of an undo table is in the ledger from before it is made until after it is dropped, so that
nobody who is killed leaves one that nobody knows of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.ledger.rows import update

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import State

RENAMING = "renaming"
"""As `publish`: the tables are about to be renamed, or were, and the import is not finished."""
VERSION = 7
"""The first version of the ledger that knows undo tables."""


class PublishedVersion(Struct, frozen=True):
    """An import that has published a version of a table, or has an undo table all the same."""

    import_id: int
    state: State
    published_at: str
    """When it was finished; empty: it is not."""
    plan: str
    undo_table: str | None
    """Its name, as a user would write it; None: nothing is kept."""


def mark(ledger: Ledger, lease: Lease, undo_table: str) -> None:
    """Writes the name of an import's undo table, before that is made."""
    ledger.change(lease, {"undo_table": undo_table})


def mark_renaming(ledger: Ledger, lease: Lease, undo_table: str) -> None:
    """Writes that the tables of an import are about to be renamed."""
    ledger.change(lease, {"undo_table": undo_table, "publish": RENAMING})


def forget(ledger: Ledger, import_id: int) -> None:
    """Removes the mark of an undo table that is dropped, or is dropped in the same transaction."""
    update(ledger.session, "snapshots_imports", {"undo_table": None}, "id = ?", (import_id,))


def known(history: History) -> list[PublishedVersion]:
    """Finds all imports that may have an undo table, oldest first."""
    if not history.knows(VERSION):
        return []
    return _select(history, "undo_table IS NOT NULL")


def published(history: History) -> list[PublishedVersion]:
    """Finds the imports whose versions are published and not undone, in the order of publishing."""
    if not history.knows(VERSION):
        return []
    return _select(history, "state = 'finished' AND mode IS NOT NULL AND mode <> 'append'")


def renaming(ledger: Ledger) -> list[tuple[int, str]]:
    """Finds the unfinished imports that may have renamed their tables, with their plans."""
    rows = ledger.session.execute(
        "SELECT id, plan FROM snapshots_imports WHERE publish = ? AND state <> 'finished'",
        (RENAMING,),
    )
    return [(cast("int", import_id), str(plan)) for import_id, plan in rows]


def _select(history: History, where: str) -> list[PublishedVersion]:
    rows = history.session.execute(
        "SELECT id, state, COALESCE(finished_at, ''), plan, undo_table FROM snapshots_imports"
        f" WHERE kind = 'import' AND plan <> '' AND {where}"
    )
    found = [
        PublishedVersion(
            cast("int", import_id),
            cast("State", state),
            str(at),
            str(plan),
            None if undo_table is None else str(undo_table),
        )
        for import_id, state, at, plan, undo_table in rows
    ]
    return sorted(found, key=lambda one: (one.published_at, one.import_id))
