"""The table of an import, made ready: all DDL comes before the first chunk.

On MySQL it would commit a chunk in its middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.columns import require_unchanged
from snapshots.engine.tables import require_users
from snapshots.errors import TargetError

if TYPE_CHECKING:
    from snapshots.engine.plan import Plan
    from snapshots.ports import Session, Target


def prepare_table(target: Target, session: Session, plan: Plan, *, new: bool) -> None:
    """Makes what the plan says is missing; `new`: nothing is loaded yet.

    Raises ContractError if the table is not what the plan was made for, UsageError if it is not
    for users, which plans of older versions did not know.
    """
    require_users(target, session, plan.table)
    if new:
        create_table(target, session, plan)
    if plan.add:
        _add_columns(target, session, plan)
    if plan.loads:
        require_unchanged(target.inspect(session, plan.table), plan.contract, plan.encoding)


def create_table(target: Target, session: Session, plan: Plan) -> bool:
    """Whether the table was made here; another process may have been faster."""
    if plan.create is None or target.inspect(session, plan.table) is not None:
        return False
    try:
        target.create_table(session, plan.table, plan.create, lineage=plan.lineage)
    except TargetError:
        if target.inspect(session, plan.table) is None:
            raise
        return False
    return True


def _add_columns(target: Target, session: Session, plan: Plan) -> None:
    shape = target.inspect(session, plan.table)
    there = {column.name for column in shape.columns} if shape else set()
    missing = [
        column
        for column in plan.contract.columns
        if column.name in plan.add and column.name not in there
    ]
    if missing:
        target.add_columns(session, plan.table, missing)
