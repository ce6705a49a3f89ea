"""Counts which rows a delivery would send, and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots._native import RowKeys
from snapshots.engine.delivery.comparable import order_of, require_same_kinds
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.errors import NoDatabase
from snapshots.ledger import compared_rows, destinations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from snapshots._native import Block
    from snapshots.defaults import RequestMethod
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.destinations import Destination, SentRow
    from snapshots.ports import Target


class ChangePreview:
    """Takes the blocks of a dry run. Twins of one key are not looked for."""

    def __init__(self, home: Target, plan: Plan) -> None:
        self._session = LedgerSession(home, create=False)
        self._request = plan.request
        self._found = self._destination()
        known = () if self._found is None else (self._found.cursor,)
        self._order: Callable[[str], Any] | None = order_of(
            plan.contract, plan.request.changed_since, *known
        )
        self.new = self.changed = self.unchanged = 0

    def take(self, blocks: Iterable[Block]) -> None:
        """Counts the rows of some blocks."""
        for block in blocks:
            self.judge(block)

    def judge(self, block: Block) -> dict[RequestMethod, list[int]]:
        """Counts the rows of a block, and returns those that would be sent, by method."""
        new: list[int] = []
        changed: list[int] = []
        key = list(self._request.key)
        rows = RowKeys(block, key, self._request.changed_since)
        if key and len(rows) and self._found is not None:
            sent = destinations.one_key(self._session.ledger, self._found.number)
            require_same_kinds(rows.row(0)[2], sent)
        known = self._known(rows) if key else {}
        for row in range(len(rows)):
            _, row_hash, _, cursor = rows.row(row)
            before = known.get(row)
            if self._is_older(cursor):
                self.unchanged += 1
            elif before is None or before.row_hash is None:
                new.append(row)
            elif before.row_hash == row_hash and not before.in_doubt:
                self.unchanged += 1
            else:
                changed.append(row)
        self.new += len(new)
        self.changed += len(changed)
        first, last = self._request.methods[0], self._request.methods[-1]
        return {first: sorted(new + changed)} if first == last else {first: new, last: changed}

    def message(self) -> str:
        """What would be sent, as a sentence."""
        request = self._request
        if not request.key:
            would = f"{self.new:,} would go to {request} by {request.method}"
            return f"{would}; {self.unchanged:,} are older."
        return (
            f"{self.new:,} new would go to {request} by {request.method}, {self.changed:,} changed"
            f" by {request.methods[-1]}; {self.unchanged:,} are unchanged."
        )

    def close(self) -> None:
        """Ends its session."""
        self._session.close()

    def _destination(self) -> Destination | None:
        try:
            ledger = self._session.ledger
        except NoDatabase:
            return None
        return destinations.find(ledger, self._request.url) if ledger.exists() else None

    def _known(self, rows: RowKeys) -> dict[int, SentRow | None]:
        if self._found is None:
            return {}
        ledger, number = self._session.ledger, self._found.number
        return compared_rows.unlike(ledger, number, 0, rows.packed(every=True), every=True)

    def _is_older(self, value: str | None) -> bool:
        known = None if self._found is None else self._found.cursor
        if self._order is None or value in (None, "null") or known is None or value is None:
            return False
        return bool(self._order(value) < self._order(known))
