"""The table of an import, as it is before the import is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.table_name import require_not_ledgers

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TableName
    from snapshots.ports import Session, Target
    from snapshots.table_facts import TableDescription


def users_table(target: Target, session: Session, table: TableName) -> TableDescription | None:
    """The table as it is; None if it does not exist.

    Raises UsageError for a table of the ledger, and TargetError if what has its name takes no rows.
    """
    described = target.describe(session, table)
    if described is not None:
        require_not_ledgers(table, described.bases)
    if described is None or described.shape.view:
        target.require_loadable(session, table)
    return described


def triggers_of(
    described: TableDescription, table: TableName, say: Callable[[str], None]
) -> tuple[str, ...]:
    """The names of the table's triggers. `say` gets a sentence for triggers and for rules."""
    if triggers := described.triggers:
        say(f"table {table} has triggers: {', '.join(triggers)}")
    if rules := described.rules:
        say(
            f"table {table} has rules, which do not apply to rows that are loaded:"
            f" {', '.join(rules)}"
        )
    return triggers
