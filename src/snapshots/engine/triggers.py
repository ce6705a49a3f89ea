"""The triggers of a table are its owner's will; how many records they let in is our account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.ledger import left_out

if TYPE_CHECKING:
    from snapshots.engine.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ports import Target

MOST_ROWS = 1_000_000
"""Of a table that is read as a whole to count the rows of one import."""


def settle(ledger: Ledger, lease: Lease, plan: Plan) -> str:
    """What triggers have left out becomes skipped; why it was not counted, or nothing.

    Call it in the transaction that finishes the import, before that.
    """
    if not plan.triggers:
        return ""
    names = ", ".join(plan.triggers)
    if not plan.lineage:
        return (
            f"Table {plan.table} has triggers ({names}) and its rows no _import_id: whether the"
            " triggers left records out was not counted."
        )
    table = quoted(ledger.target, plan)
    if not ledger.target.counts_quickly(ledger.session, plan.table, "_import_id", MOST_ROWS):
        return (
            f"Table {plan.table} has triggers ({names}): whether they left records out was not"
            " counted, for it is large. An index makes it quick:"
            f" CREATE INDEX ON {table} (_import_id)"
        )
    left_out.settle(ledger, lease, table)
    return ""


def quoted(target: Target, plan: Plan) -> str:
    """The table as SQL."""
    parts = [part for part in (plan.table.schema, plan.table.name) if part]
    return ".".join(target.quote(part) for part in parts)
