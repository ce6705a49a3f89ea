"""Publishes where a refused row ends the transaction: the database is asked for them before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.publishing.refusals import REFUSED_AT_ONCE, certain_refusals
from snapshots.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Ledger
    from snapshots.table_facts import AskedStage


class PublishAgain(TargetError):
    """The table refuses rows, which are known now: publish once more in another transaction."""


class TakenRows(Struct, frozen=True):
    """Rows of a stage that their table takes, if they are inserted in this order."""

    ledger: Ledger
    asked: AskedStage

    def insert(self, statement: str, line: str, joined: str) -> int:
        """Inserts them; returns how many. `joined` stands between the statement and a further
        condition for `line`."""
        session = self.ledger.session
        if not self.asked.levels:
            return session.change(statement)
        conditions = (f"{joined}{line} IN ({lines})" for lines in self.asked.levels)
        return sum(session.change(statement + condition) for condition in conditions)


def ask(
    ledger: Ledger,
    plan: Plan,
    columns: Sequence[str],
    rows: str,
    line: str,
    leaving: str = "",
) -> TakenRows:
    """Asks for rows of a stage that the table would refuse; see `PublishingTarget.ask`.

    Raises CertainRefusals if there are any.
    """
    session = ledger.session
    asked = ledger.target.ask(session, plan.table, columns, rows, line, leaving)
    limit = ledger.target.dialect.limit(REFUSED_AT_ONCE)
    refused = certain_refusals(session, limit, asked.refused, asked.reasons)
    if refused is not None:
        raise refused
    return TakenRows(ledger, asked)
