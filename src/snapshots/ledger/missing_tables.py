"""Imports that nobody can go on with, because their table is gone with what they had loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger

TABLE_GONE = "table_gone"
"""As `error_code`."""


def give_up(ledger: Ledger, entries: Iterable[Entry], successor: int) -> None:
    """Unfinished imports whose table is gone have failed for good: `successor` loads their input
    anew, and would find its rows doubled if they went on. Call it within `locked`."""
    for entry in entries:
        if entry.state == "finished":
            continue
        ledger.session.execute(
            "UPDATE snapshots_imports SET state = 'failed', error = ?, error_code = ?,"
            f" owner = NULL, fence = fence + 1, finished_at = {ledger.target.dialect.now}"
            " WHERE id = ? AND fence = ? AND wanted IS NULL",
            (
                f"The table of this import is gone: import {successor} loads its input anew.",
                TABLE_GONE,
                entry.import_id,
                entry.fence,
            ),
        )
