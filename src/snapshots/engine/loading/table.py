"""Makes the table of an import ready: all DDL comes before the first chunk.

On MySQL it would commit a chunk in its middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.history_table import require_adoptable
from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.unchanged_table import require_unchanged
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import ContractError, TargetError
from snapshots.ledger.created_tables import mark
from snapshots.targets.sql.ddl import written
from snapshots.targets.sql.validity import complete, historic, is_history

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Column
    from snapshots.ports import Session, Target


def prepare_table(target: Target, session: Session, plan: Plan) -> None:
    """Adds what the plan says is missing to a table that is there.

    Raises ContractError if the table is not what the plan was made for.
    """
    if plan.add:
        missing = _lacking(target, session, plan)
        if missing:
            target.add_columns(session, plan.table, missing)
            fault_point("columns-added")
    if plan.loads and plan.mode == "history":
        _begin_history(target, session, plan)
        complete(target, session, plan.table, new_columns=bool(plan.add))
        fault_point("history-table")
    if plan.loads:
        require_unchanged(target.inspect(session, plan.table), plan.contract, plan.encoding)


def _begin_history(target: Target, session: Session, plan: Plan) -> None:
    """Gives an empty table that is there the columns and the key of a history table.

    Raises UsageError or TargetError where the table cannot have them.
    """
    shape = target.inspect(session, plan.table)
    if shape is None or is_history(shape):
        return
    require_adoptable(target, session, shape)
    fault_point("adopting")
    try:
        target.add_intervals(session, plan.table, plan.key)
    except TargetError:
        # Another process may have been faster.
        shape = target.inspect(session, plan.table)
        if shape is None or not is_history(shape):
            raise
    fault_point("adopted")


def create_table(ledger: Ledger, lease: Lease, plan: Plan) -> bool:
    """Creates the table; False where another process was faster, or the plan creates none.

    The ledger is told before that the import creates it: see `ledger/created_tables.py`.
    """
    target, session = ledger.target, ledger.session
    if plan.create is None or target.inspect(session, plan.table) is not None:
        return False
    mark(ledger, lease, written(plan.table))
    fault_point("creating")
    try:
        create = historic(plan.create) if plan.mode == "history" else plan.create
        target.create_table(session, plan.table, create, lineage=plan.lineage)
    except ContractError:
        # The database can have no such table, and was not even asked.
        mark(ledger, lease, None)
        raise
    except TargetError:
        mark(ledger, lease, None)
        if target.inspect(session, plan.table) is None:
            raise
        return False
    fault_point("created")
    mark(ledger, lease, canonical(ledger, plan.table))
    return True


def add_columns(target: Target, session: Session, plan: Plan) -> bool:
    """Adds the columns that the plan says; False where another process has added some of them.

    They may have other types then: those that its input needed.
    """
    if not plan.add:
        return True
    if len(_lacking(target, session, plan)) < len(plan.add):
        return False
    try:
        target.add_columns(session, plan.table, _lacking(target, session, plan))
    except TargetError:
        if len(_lacking(target, session, plan)) == len(plan.add):
            raise
        return False
    fault_point("columns-added")
    return True


def _lacking(target: Target, session: Session, plan: Plan) -> list[Column]:
    """The columns that the plan adds and the table does not have yet."""
    shape = target.inspect(session, plan.table)
    there = {column.name for column in shape.columns} if shape else set()
    return [
        column
        for column in plan.contract.columns
        if column.name in plan.add and column.name not in there
    ]
