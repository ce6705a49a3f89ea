"""The stage of an import: a table beside its own in which its rows wait to be published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.lease import owner
from snapshots.engine.publishing import former_rows
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import LedgerError
from snapshots.ledger import stages
from snapshots.ledger.times import seconds_between
from snapshots.targets.sql.ddl import written

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import TableName


def make_stage(ledger: Ledger, lease: Lease, plan: Plan, *, new: bool) -> None:
    """Creates the stage of an import that has loaded nothing yet.

    Raises LedgerError where the stage of one that has loaded rows is gone.
    """
    stage, columns = plan.loads_into(lease.import_id)
    if not new:
        if ledger.target.inspect(ledger.session, stage) is None:
            raise LedgerError(
                f"the stage of import {lease.import_id}, table {stage}, is gone",
                hint="nothing was published; load the input from its beginning with --again",
            )
        return
    fault_point("staging")
    stages.mark(ledger, lease, plan.mode, written(stage))
    fault_point("stage-marked")
    # Whoever gave rows up may have been killed before the stage was dropped.
    drop(ledger, stage)
    own = columns[: -len(plan.stage_lineage)]
    ledger.target.create_stage(ledger.session, stage, plan.table, own, plan.stage_lineage)
    fault_point("staged")


def drop(ledger: Ledger, stage: TableName) -> None:
    """Drops a stage, if it is there. On some databases that ends a transaction."""
    name = stage.sql(ledger.target.dialect.quote)
    ledger.session.execute(f"DROP TABLE IF EXISTS {name}")


def sweep(ledger: Ledger) -> int:
    """Drops the stages of finished imports whose process was killed before it did so; returns how
    many there were."""
    found = stages.left_over(ledger)
    for one in found:
        drop(ledger, ledger.target.table_name(one.stage))
        stages.forget(ledger, one.import_id)
    return len(found)


def abandon(ledger: Ledger, import_id: int) -> None:
    """Drops the stage of an import that cannot go on; its account stays."""
    entry = ledger.entry(import_id)
    if entry is not None and entry.stage:
        drop(ledger, ledger.target.table_name(entry.stage))
        stages.forget(ledger, import_id)
    former_rows.give_up(ledger, import_id)


def discard(ledger: Ledger, import_id: int) -> bool:
    """Gives up the staged rows of an import that nobody works on; it can begin anew.

    Returns False where somebody works on it, or it has no stage.
    """
    for one in stages.known(ledger):
        if one.import_id != import_id:
            continue
        entry = ledger.entry(import_id)
        silence = seconds_between(one.heartbeat_at, one.now)
        if entry is None or (one.state == "running" and owner.alive(one.owner, silence)):
            return False
        with ledger.session.transaction():
            if one.state not in stages.SETTLED and not stages.discard(
                ledger, import_id, entry.fence
            ):
                return False
        fault_point("stage-given-up")
        drop(ledger, ledger.target.table_name(one.stage))
        stages.forget(ledger, import_id)
        if one.state not in stages.SETTLED:
            former_rows.give_up(ledger, import_id)
        return True
    return False
