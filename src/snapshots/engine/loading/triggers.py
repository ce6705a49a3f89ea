"""Triggers are the will of a table's owner; how many records they leave out is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.ledger import left_out

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger

MOST_ROWS = 1_000_000
"""Of a table that is read as a whole to count the rows of one import."""


def count_left_out(ledger: Ledger, lease: Lease, plan: Plan) -> str:
    """Counts records that triggers have left out of the table as skipped.

    Returns why that could not be, as a sentence, or nothing. Call it in the transaction that
    finishes the import, before it does.
    """
    # Rows that are found by key are counted when they are published.
    if not plan.triggers or plan.key:
        return ""
    names = ", ".join(plan.triggers)
    if not plan.lineage:
        return (
            f"Table {plan.table} has triggers ({names}), and its rows have no _import_id: rows"
            " that the triggers left out were not counted."
        )
    target = ledger.target
    table = plan.table.sql(target.dialect.quote)
    if not target.counts_quickly(ledger.session, plan.table, "_import_id", MOST_ROWS):
        # Any database can have a name of so many bytes.
        start = plan.table.name.encode()[:40].decode(errors="ignore")
        index = target.dialect.quote(f"{start}_import_id")
        return (
            f"Table {plan.table} has triggers ({names}) and is large: rows that they left out were"
            f" not counted. An index makes counting fast: CREATE INDEX {index} ON {table}"
            " (_import_id)"
        )
    if not left_out.count(ledger, lease, table):
        return (
            f"Triggers ({names}) have removed _line from rows of table {plan.table}: rows that"
            " they left out were not counted."
        )
    return ""
