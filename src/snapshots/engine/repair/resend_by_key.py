"""Sends the rejects of a delivery by key again.

Each is compared with what the API has, as by a delivery: it is new, has changed, or is there
already. From then on it is in doubt, until the transaction that settles it says what the API has.
So a kill in between sends it again with the same key, whoever sends it next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from snapshots.endpoints.http import request_plan
from snapshots.engine.delivery.change_finder import ChangeFinder
from snapshots.engine.delivery.change_parcel import outbox_of, refused_row, there_after
from snapshots.engine.publishing.by_key.duplicates import CODE
from snapshots.engine.repair import allowed
from snapshots.engine.repair.resending import Resend
from snapshots.errors import LostLease
from snapshots.ledger import destinations, repairs
from snapshots.ledger.destinations import Confirmed
from snapshots.ledger.record import Lease
from snapshots.model import Reject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.defaults import RequestMethod
    from snapshots.endpoints.http import RecordPage
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target

_ATTEMPTS = 1 << 20
"""More than anybody makes with one record."""


class ResendByKey(Resend):
    """One resending of the rejects of one delivery by key."""

    def _prepare(self, target: Target, read: Plan) -> None:
        super()._prepare(target, read)
        entry = self._entry
        found = allowed.require_last(self._session.ledger, entry)
        # A row that was refused may be older than others which the API has taken since.
        read = structs.replace(read, into=replace(read.request, changed_since=None))
        lease = Lease(entry.import_id, entry.fence, "")
        self._finder = _Finder(target, lease, read, found, self._check)
        self._compared: dict[int, tuple[str, str, RequestMethod, bool]] = {}
        """By the line of a record that is sent: the hashes of its key and of its row, the method,
        and whether it was in doubt before."""

    def close(self) -> None:
        """See `RejectReplay`."""
        self._finder.close()
        super().close()

    def _request(self, block: Block, line: int, attempts: int) -> RecordPage | Reject | None:
        """See `Resend`."""
        # No delivery and no other attempt has this number.
        self._finder.version = -(self._entry.import_id * _ATTEMPTS + attempts + 1)
        changes = self._finder.find(block, ())
        assert changes.keys is not None  # noqa: S101 - for the type checker
        for _, other in changes.duplicates:
            return Reject(line, 0, None, CODE, f"Line {other} has the same key.", b"")
        if not changes.rows:
            return None
        method, _ = changes.rows[0]
        self._compared[line] = (*changes.keys.hashes(0), method, 0 in changes.doubtful)
        plan = request_plan(self._settings, self._seed, self._columns)
        return self._page(outbox_of(block, plan, changes), line)

    def _confirm(self, ledger: Ledger, lines: Sequence[int], refused: dict[int, Reject]) -> None:
        """See `Resend`."""
        found = allowed.require_last(ledger, self._entry)
        rows, no = [], []
        for line in lines:
            if line not in self._statuses or line not in self._compared:
                continue
            key, row, method, doubtful = self._compared[line]
            if line in refused:
                there = there_after(method, self._statuses[line])
                no.append(refused_row(key, there, doubtful=doubtful))
            else:
                rows.append((key, row))
        destinations.confirm(ledger, self._entry.import_id, Confirmed(found.number, rows, no))


class _Finder(ChangeFinder):
    """Compares the records of a delivery that has finished, and is the last one at its address."""

    def _require(self, ledger: Ledger) -> None:
        allowed.require_last(ledger, allowed.find(ledger, self._mine))
        if repairs.lock(ledger, self._mine) != (self._lease.fence, "finished"):
            raise LostLease(
                f"another process has changed delivery {self._mine} meanwhile",
                hint="see it with snapshots show",
            )
