"""Requires that nobody has published into a table after the import that is to be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import placed
from snapshots.errors import Forbids
from snapshots.ledger import undo_tables

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger


def require_newest(ledger: Ledger, entry: Entry, plan: Plan) -> None:
    """Raises Forbids where a later version of the table is published."""
    own = canonical(ledger, plan.table)
    versions = [
        one.import_id
        for one in undo_tables.published(ledger)
        if (table := placed(one.plan)[0]) is not None and canonical(ledger, table) == own
    ]
    if versions and versions[-1] != entry.import_id:
        raise Forbids(
            f"import {versions[-1]} has published a later version of table {plan.table}",
            hint=f"undo that one first: snapshots undo {versions[-1]}",
        )
