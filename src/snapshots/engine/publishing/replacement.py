"""What every replacement of a table's rows requires, however it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.plan.references import require_replaceable
from snapshots.engine.publishing import half_published, versions
from snapshots.engine.publishing.deletes import count_rows
from snapshots.engine.publishing.guards import require_fewer_deletes, require_rows

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Counts


class Admission(Struct, frozen=True):
    """What is known of a version that may be published."""

    as_of: str
    """Its date."""
    before: int
    """Rows that the table has."""
    counts: Counts
    """The account of the import."""


def admit(ledger: Ledger, lease: Lease, plan: Plan, options: Options) -> Admission:
    """Locks the table against writers, and judges the version, in the transaction that publishes
    it. Raises GuardRefusal, OlderVersion, TargetError or LedgerError."""
    counts = ledger.counts(lease.import_id)
    require_rows(counts, options)
    half_published.require_none(ledger, lease, plan)
    as_of = versions.require_newest(ledger, lease, plan)
    require_replaceable(ledger.target, ledger.session, plan.table)
    if lock := ledger.target.dialect.lock_rows(plan.table.sql(ledger.target.dialect.quote)):
        ledger.session.execute(lock)
    before = count_rows(ledger.target, ledger.session, plan.table)
    if not counts.rejected:
        require_fewer_deletes(before, counts.loaded, options)
    return Admission(as_of, before, counts)
