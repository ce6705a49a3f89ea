"""What is known of tables while several inputs are planned for one transaction: asked once each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.plan.users_table import users_table

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.history import History
    from snapshots.model import TableName
    from snapshots.ports import Session, Target
    from snapshots.table_facts import TableDescription


class TablesOfGroup:
    """The tables of a group of inputs. For one thread, and for a moment: others may change them."""

    def __init__(self, ledger: History) -> None:
        self._ledger = ledger
        self._described: dict[TableName, TableDescription | None] = {}
        self._plans: dict[str, str | None] = {}
        self._own_keys: dict[TableName, bool] = {}

    def described(
        self, target: Target, session: Session, table: TableName
    ) -> TableDescription | None:
        """See `users_table`."""
        if table not in self._described:
            self._described[table] = users_table(target, session, table)
        return self._described[table]

    def last_plan(self, table: str) -> str | None:
        """See `History.last_plan`: those that were planned for this group come last."""
        if table not in self._plans:
            self._plans[table] = self._ledger.last_plan(table)
        return self._plans[table]

    def planned(self, plan: Plan, text: str) -> None:
        """Takes the plan of an input that will be in the group, and its JSON."""
        self._plans[plan.destination] = text

    def refers_to_itself(self, table: TableName) -> bool:
        """Whether the rows of a table may refer to others of it. Then it matters which of them are
        loaded by one statement."""
        if table not in self._own_keys:
            ledger = self._ledger
            self._own_keys[table] = bool(ledger.target.own_keys(ledger.session, table))
        return self._own_keys[table]
