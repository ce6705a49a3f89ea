"""What becomes of unfinished appends into a table whose rows are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.lease import owner
from snapshots.engine.plan.plan import placed
from snapshots.errors import AppendAtWork
from snapshots.ledger import other_appends

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.other_appends import UnfinishedAppend
    from snapshots.ledger.record import Lease, Ledger


def supersede_all(ledger: Ledger, lease: Lease, plan: Plan) -> str:
    """Fails stopped appends into the table, whose rows have just been deleted; names them.

    Raises AppendAtWork while an append is being worked on: its other rows are still to come.
    """
    found = require_none_at_work(ledger, lease, plan)
    for one in found:
        other_appends.supersede(ledger, one, lease.import_id, str(plan.table))
    if not found:
        return ""
    which = ", ".join(str(one.import_id) for one in found)
    return (
        f"Unfinished before it: import{'s' if len(found) > 1 else ''} {which}, whose rows are"
        " replaced, too."
    )


def require_none_at_work(ledger: Ledger, lease: Lease, plan: Plan) -> list[UnfinishedAppend]:
    """Finds the stopped appends into the table. Raises AppendAtWork while one is worked on."""
    target, session = ledger.target, ledger.session
    found = [
        one
        for one in other_appends.unfinished(ledger, lease.import_id, plan.table.name)
        if (into := placed(one.plan)[0]) is not None
        and (target.known_as(session, into) or into)
        == (target.known_as(session, plan.table) or plan.table)
    ]
    for one in found:
        if one.state == "running" and owner.alive(one.owner, one.silence):
            raise AppendAtWork(
                f"import {one.import_id} is appending to table {plan.table}",
                hint="this import waits for it; see its progress with snapshots list",
                retryable=True,
            )
    return found
