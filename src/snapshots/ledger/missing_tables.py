"""Imports that nobody can go on with, because their table is gone with what they had loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.ledger.rows import Sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger

TABLE_GONE = "table_gone"
"""As `error_code`."""


def give_up(ledger: Ledger, entries: Iterable[Entry], successor: int) -> None:
    """Fails unfinished imports whose table is gone, for good: `successor` loads their input anew,
    and would find its rows doubled if they went on.

    Call it within `Ledger.writing`, with the lock of the input.
    """
    for entry in entries:
        if entry.state in {"finished", "undone"}:
            continue
        why = f"The table of this import is gone: import {successor} loads its input again."
        failed = {"state": "failed", "error": why, "error_code": TABLE_GONE, "owner": None}
        failed |= {"fence": Sql("fence + 1"), "finished_at": ledger.now}
        ledger.change(entry, failed, also=" AND wanted IS NULL")
