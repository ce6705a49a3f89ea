"""Finds out which rows of a block are new or have changed since they were sent last."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct, field

from snapshots._native import RowKeys
from snapshots.engine.delivery.comparable import order_of, require_same_kinds
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import session_name
from snapshots.engine.publishing.by_key.rejected_keys import UnreadableKey, blocks_of_keys
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.errors import SnapshotsError
from snapshots.ledger import compared_rows, destinations
from snapshots.ledger.destinations import SeenRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots._native import Block
    from snapshots.defaults import RequestMethod
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.destinations import Destination, SentRow
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Reject
    from snapshots.ports import Target


class Changes(Struct):
    """What is to be done with the rows of one block."""

    destination: int
    keys: RowKeys | None
    """The hashes of the rows. None: they have no key."""
    rows: dict[int, tuple[RequestMethod, str]] = field(default_factory=dict)
    """The rows to be sent: method and idempotency key of each. Without `keys` the latter are made
    as for all rows."""
    doubtful: set[int] = field(default_factory=set)
    """Rows that were in doubt before: even if the API refuses them, it may have another one."""
    unchanged: int = 0
    duplicates: list[tuple[int, int]] = field(default_factory=list)
    """Rows whose key another row of the input has, and the line of that one."""

    deletes: bool = False
    """The rows are keys that the API is to delete."""


class _Row(Struct, frozen=True):
    number: int
    line: int
    key_hash: str
    row_hash: str
    key_text: str
    cursor: str | None


class ChangeFinder:
    """Compares the rows of one delivery with what the API has confirmed. For one thread.

    Each block is compared in a transaction of its own, which also notes that its keys were seen.
    """

    def __init__(
        self,
        home: Target,
        lease: Lease,
        plan: Plan,
        destination: Destination,
        stop: Callable[[], None],
    ) -> None:
        """`stop` raises an error where a lost connection need not be waited for any more."""
        self._session = LedgerSession(home, create=False)
        self._session.name_sessions(session_name(lease))
        self._lease = lease
        self._mine = lease.import_id
        self.version = lease.import_id
        """What tells idempotency keys from those of other deliveries."""
        self._plan = plan
        self._request = plan.request
        self._known = destination
        self._stop = stop
        self._order = order_of(
            plan.contract, self._request.changed_since, destination.cursor, destination.next_cursor
        )
        self._next = destination.next_cursor
        self._same_kinds = not self._request.key

    def find(self, block: Block, rejects: Sequence[Reject]) -> Changes:
        """Returns what is new or has changed. `rejects` are those of the same records.

        Raises what the ledger raises, once trying again does not help.
        """
        rows = RowKeys(block, list(self._request.key), self._request.changed_since)
        kept, unreadable = self._keys_of(rejects)
        patience = DatabaseRetry(self._stop)
        while True:
            try:
                return self._compare(rows, kept, unreadable)
            except SnapshotsError as error:
                patience.bear(error, connected=True)
            patience.wait()

    def close(self) -> None:
        """Ends its session."""
        self._session.close()

    def _compare(self, rows: RowKeys, kept: Sequence[tuple[str, str]], unreadable: int) -> Changes:
        ledger, number = self._session.renewed(), self._known.number
        session, mine, by_key = ledger.session, self._mine, bool(self._request.key)
        with session.transaction():
            self._require(ledger)
            changes = Changes(number, rows if by_key else None)
            known = self._to_judge(ledger, rows)
            if known and not self._same_kinds:
                require_same_kinds(
                    rows.row(next(iter(known)))[2], destinations.one_key(ledger, number)
                )
                self._same_kinds = True
            # Whether a row is too old decides before its key does.
            repeated = dict(rows.repeated()) if by_key and self._order is None else {}
            changes.unchanged = len(rows) - len(known) - len(repeated)
            new: dict[str, SeenRow] = {}
            seen: dict[str, SeenRow] = {}
            largest = self._next
            for at in sorted([*known, *repeated]):
                if at in repeated:
                    changes.duplicates.append((at, rows.line(repeated[at])))
                    continue
                row = _Row(at, rows.line(at), *rows.row(at))
                largest = self._larger(largest, row.cursor)
                self._judge(row, known[at], new, seen, changes)
            others = destinations.known_rows(session, number, [key for key, _ in kept])
            for key, text in kept:
                there = others.get(key)
                if there is not None and key not in seen and there.import_id != mine:
                    # Line 0 is no record's: one that shows the same key may still be sent.
                    seen[key] = SeenRow(
                        key, text, 0, there.in_doubt, there.version, there.sent_hash
                    )
            destinations.see(ledger, number, mine, list(new.values()), list(seen.values()))
            if unreadable or largest != self._next:
                destinations.note(session, number, unreadable=unreadable, cursor=largest)
        self._next = largest
        fault_point("compared")
        return changes

    def _require(self, ledger: Ledger) -> None:
        """Raises LostLease where another process has taken the delivery over."""
        ledger.require(ledger.session, self._lease, ledger.target.dialect.share_lock)

    def _to_judge(self, ledger: Ledger, rows: RowKeys) -> dict[int, SentRow | None]:
        """What is known of the rows that are not settled, by their numbers. Notes that the others
        were seen."""
        if not self._request.key:
            return dict.fromkeys(range(len(rows)))
        every, number = self._order is not None, self._known.number
        packed = rows.packed(every)
        known = compared_rows.unlike(ledger, number, self._mine, packed, every=every)
        if not every and len(known) < len(rows):
            compared_rows.see_settled(ledger, number, self._mine, packed)
        return known

    def _judge(
        self,
        row: _Row,
        before: SentRow | None,
        new: dict[str, SeenRow],
        seen: dict[str, SeenRow],
        changes: Changes,
    ) -> None:
        request = self._request
        if self._is_older(row.cursor):
            changes.unchanged += 1
            return
        if not request.key:
            changes.rows[row.number] = (request.method, "")
            return
        twin = new.get(row.key_hash) or seen.get(row.key_hash)
        if twin is not None:
            changes.duplicates.append((row.number, twin.line))
            return
        if before is None:
            new[row.key_hash] = self._about_to_send(row, self.version)
            method = request.method
        elif before.import_id == self._mine and before.line not in (0, row.line):
            changes.duplicates.append((row.number, before.line))
            return
        elif before.row_hash == row.row_hash and not before.in_doubt:
            seen[row.key_hash] = SeenRow(
                row.key_hash, row.key_text, row.line, False, before.version, before.sent_hash
            )
            changes.unchanged += 1
            return
        else:
            again = before.in_doubt and before.sent_hash == row.row_hash
            seen[row.key_hash] = self._about_to_send(row, before.version if again else self.version)
            if before.in_doubt:
                changes.doubtful.add(row.number)
            # What was to be deleted is not there any more, as a rule.
            gone = before.row_hash is None or (before.in_doubt and before.sent_hash == "")
            method = request.method if gone else request.methods[-1]
        sent = new.get(row.key_hash) or seen[row.key_hash]
        key = idempotency_key(self._known.seed, row.key_hash, row.row_hash, sent.version)
        changes.rows[row.number] = (method, key)

    def _about_to_send(self, row: _Row, version: int) -> SeenRow:
        return SeenRow(row.key_hash, row.key_text, row.line, True, version, row.row_hash)

    def _is_older(self, value: str | None) -> bool:
        if self._order is None or value in (None, "null") or self._known.cursor is None:
            return False
        assert value is not None  # noqa: S101 - for the type checker
        return bool(self._order(value) < self._order(self._known.cursor))

    def _larger(self, one: str | None, other: str | None) -> str | None:
        if self._order is None or other in (None, "null"):
            return one
        assert other is not None  # noqa: S101 - for the type checker
        return other if one is None or self._order(other) > self._order(one) else one

    def _keys_of(self, rejects: Sequence[Reject]) -> tuple[list[tuple[str, str]], int]:
        """The keys that rejected records show, and how many do not show theirs."""
        found: list[tuple[str, str]] = []
        unreadable = 0
        key = list(self._request.key)
        for reject in rejects if key else ():
            try:
                for block in blocks_of_keys(self._plan, key, [reject]):
                    hash_, _, text, _ = RowKeys(block, key).row(0)
                    found.append((hash_, text))
            except UnreadableKey:
                unreadable += 1
        return found, unreadable


def idempotency_key(seed: str, key_hash: str, row_hash: str, version: int) -> str:
    """The same for one row until the API has taken or refused it, whichever delivery sends it.
    `version`: the delivery that did so first."""
    text = f"{seed} {key_hash} {row_hash} {version}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
