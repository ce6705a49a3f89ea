"""A parcel of which only the rows are sent that are new or have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from snapshots._native import Outbox
from snapshots.endpoints.http.answers import CONFLICT, GONE
from snapshots.engine.delivery.parcel import Parcel
from snapshots.engine.publishing.by_key.duplicates import CODE
from snapshots.ledger.destinations import Confirmed, RefusedRow
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block, RequestPlan
    from snapshots.endpoints.http import RecordVerdict
    from snapshots.engine.delivery.change_finder import Changes
    from snapshots.engine.input.cut import Piece
    from snapshots.ledger.answers import Answer
    from snapshots.ledger.entry import CommittedChunk


class ChangeParcel(Parcel):
    """The rows of one chunk that are new or changed."""

    tells_news: ClassVar[bool] = True

    def __init__(
        self, piece: Piece, position: int, block: Block, outbox: Outbox, changes: Changes
    ) -> None:
        self._changes = changes
        self._refused_rows: dict[int, bool | None] = {}
        """Whether there is a row of their key, if the answer says so."""
        # Whoever rejects rows here lets the ledger know that they are not there.
        super().__init__(piece, position, block, outbox)
        self._unchanged = changes.unchanged
        more = Counts(0, 0, 0, changes.unchanged)
        self.read += more
        self._before += more + Counts(changes.unchanged)
        self._reject_here({row: self._twin(row, line) for row, line in changes.duplicates})

    def restore(self, begun: CommittedChunk) -> None:
        """See `Parcel`."""
        super().restore(begun)
        # What was delivered meanwhile is known by now, and was not skipped.
        self._unchanged = begun.counts.skipped - self._block.skipped
        self._refused_rows = {}

    def decide(self, start: int, verdicts: Sequence[RecordVerdict]) -> list[Reject]:
        """See `Parcel`."""
        if self._changes.deletes:
            self.gone += sum(one.status in GONE for one in verdicts if one.outcome == "delivered")
        rejects = super().decide(start, verdicts)
        for row, one in enumerate(verdicts, start):
            if one.outcome == "rejected":
                self._refused_rows[row] = there_after(self.outbox.method(row), one.status)
        return rejects

    def _reject_here(self, rejects: dict[int, Reject]) -> None:
        self._refused_rows.update(dict.fromkeys(rejects))
        super()._reject_here(rejects)

    def _answer(self, row: int, kept: str) -> Answer:
        keys = self._changes.keys
        key = None if keys is None else keys.row(row)[2]
        return replace(super()._answer(row, kept), key=key)

    def _confirmed(self, news: Sequence[int]) -> Confirmed | None:
        keys, refused, doubtful = self._changes.keys, self._refused_rows, self._changes.doubtful
        if keys is None:
            return None
        hashes = {row: keys.hashes(row) for row in news}
        return Confirmed(
            self._changes.destination,
            [both for row, both in hashes.items() if row not in refused],
            [
                refused_row(key, refused[row], doubtful=row in doubtful)
                for row, (key, _) in hashes.items()
                if row in refused
            ],
            self._changes.deletes,
        )

    def _twin(self, row: int, line: int) -> Reject:
        return self._reject_of(row, CODE, f"Line {line} has the same key.")


def outbox_of(block: Block, plan: RequestPlan, changes: Changes) -> Outbox:
    """What sends the rows that are new or have changed."""
    rows = list(changes.rows)
    methods = [method for method, _ in changes.rows.values()]
    keys = None if changes.keys is None else [key for _, key in changes.rows.values()]
    return Outbox(block, plan, None, rows, keys, methods)


def refused_row(key_hash: str, there: bool | None, *, doubtful: bool) -> RefusedRow:
    """What is known of a row that the API has refused. `doubtful`: it may have another one of the
    key."""
    if there is False:
        return RefusedRow(key_hash, False, there)
    # What was there before this program sent anything is not its own to delete.
    return RefusedRow(key_hash, doubtful, there if doubtful else None)


def there_after(method: str | None, status: int | None) -> bool | None:
    """Whether a refusal says that the API has a row of this key. None: it does not say so."""
    if method == "POST":
        return True if status == CONFLICT else None
    return False if status in GONE else None
