"""Imports whose version is the table's, though they are not finished.

Where renaming tables commits by itself, a process may be killed between that and the end of the
import. The mark `renaming` is in the ledger before; whether the stage is still there tells on which
side the process was killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import Plan, placed
from snapshots.errors import Forbids
from snapshots.ledger import undo_tables

if TYPE_CHECKING:
    from snapshots.ledger.record import Lease, Ledger


def is_renamed(ledger: Ledger, import_id: int) -> bool:
    """Whether the tables of an unfinished import have been renamed: it only has to be finished."""
    entry = ledger.entry(import_id)
    if entry is None or entry.publish != undo_tables.RENAMING or entry.state == "finished":
        return False
    plan = Plan.from_json(entry.plan)
    target, session = ledger.target, ledger.session
    return (
        target.inspect(session, plan.stage_table(import_id)) is None
        and target.inspect(session, plan.undo_table(import_id)) is not None
    )


def require_none(ledger: Ledger, lease: Lease, plan: Plan) -> None:
    """Raises Forbids where another import is half published into the same table."""
    own = canonical(ledger, plan.table)
    for other, text in undo_tables.renaming(ledger):
        into = placed(text)[0]
        if other == lease.import_id or into is None or canonical(ledger, into) != own:
            continue
        if is_renamed(ledger, other):
            raise half_published(other)


def half_published(import_id: int) -> Forbids:
    """The error for what has to wait until an import is finished."""
    return Forbids(
        f"import {import_id} was killed after its rows were published: it must be finished first",
        hint=f"finish it with snapshots resume {import_id}",
    )
