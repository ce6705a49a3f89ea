"""Knows the stages of imports: tables in which rows wait until they are published.

The mark of a stage is in the ledger from before it is made until after it is dropped, so that
nobody who is killed leaves a stage that nobody knows of.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.ledger.rows import Sql, update
from snapshots.ledger.undo_tables import VERSION as UNDO_VERSION

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import State

SETTLED = ("finished", "undone")
"""States in which no row waits any more."""


class KnownStage(Struct, frozen=True):
    """A stage that an import has made, or was about to make."""

    import_id: int
    state: State
    stage: str
    """Its name, as a user would write it."""
    owner: str | None
    heartbeat_at: str
    now: str
    kept: bool
    """Its rows are published, and undoing the import needs them."""


def mark(ledger: Ledger, lease: Lease, mode: str, stage: str) -> None:
    """Writes the mode of an import and the name of its stage, before that is made."""
    ledger.change(lease, {"mode": mode, "stage": stage})


def forget(ledger: Ledger, import_id: int) -> None:
    """Removes the mark of a stage that is dropped, or is dropped in the same transaction."""
    update(ledger.session, "snapshots_imports", {"stage": None}, "id = ?", (import_id,))


def known(history: History) -> list[KnownStage]:
    """Finds all stages that there may be, oldest first."""
    if not history.knows(6):
        return []
    rows = history.session.execute(
        f"SELECT id, state, stage, owner, heartbeat_at, {history.target.dialect.now} AS now_at,"
        f" plan, {'undo_table' if history.knows(UNDO_VERSION) else 'NULL'}"
        " FROM snapshots_imports WHERE stage IS NOT NULL"
    )
    found = [
        KnownStage(
            cast("int", import_id),
            cast("State", state),
            str(stage),
            None if owner is None else str(owner),
            str(heartbeat),
            str(now),
            state == "finished" and undo_table is not None and _needs_stage(str(plan)),
        )
        for import_id, state, stage, owner, heartbeat, now, plan, undo_table in rows
    ]
    return sorted(found, key=lambda one: one.import_id)


def _needs_stage(plan: str) -> bool:
    """Whether undoing an import by this plan, which is JSON, needs the rows of its stage."""
    made = json.loads(plan)
    return "key" in made and made.get("mode") != "history"


def left_over(history: History) -> list[KnownStage]:
    """Finds the stages that nothing needs any more: only the drop is missing."""
    return [one for one in known(history) if one.state in SETTLED and not one.kept]


def discard(ledger: Ledger, import_id: int, fence: int) -> bool:
    """Empties the account of an unfinished import whose staged rows are given up.

    The import can still be resumed, and begins anew then. Call it in a transaction. Returns False
    where somebody else has taken the import up.
    """
    rows = ledger.session.execute(
        "SELECT fence, state FROM snapshots_imports WHERE id = ?" + ledger.target.dialect.row_lock,
        (import_id,),
    )
    if not rows or rows[0][0] != fence or rows[0][1] in SETTLED:
        return False
    for account in ("chunks", "rejects"):
        ledger.session.execute(f"DELETE FROM snapshots_{account} WHERE import_id = ?", (import_id,))
    update(
        ledger.session,
        "snapshots_imports",
        {
            **dict.fromkeys(("records", "loaded", "rejected", "skipped", "chunks"), 0),
            "fence": Sql("fence + 1"),
        },
        "id = ?",
        (import_id,),
    )
    return True
