"""Writes down what was heard, together, and says how much may be under way until it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from snapshots.ledger.deliveries import ChunkSent
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from snapshots.engine.delivery.parcel import Parcel
    from snapshots.engine.plan.endpoint import Endpoint

GATHER_SECONDS = 0.02
"""How long answers wait for others before they are written down together, if they are few."""
WINDOW = 8
"""Requests whose outcome is not in the ledger yet, for each that may be under way."""


def unwritten(request: Endpoint) -> int:
    """The most rows of requests that may be made without an outcome in the ledger."""
    return WINDOW * request.at_once * request.batch


Record = Callable[[Sequence[ChunkSent], Sequence[Reject]], None]


class GroupCommit:
    """Writes outcomes into the ledger together, in the event loop of one run of a delivery. The
    kernel goes on sending meanwhile."""

    def __init__(
        self,
        record: Record,
        *,
        wrote: Callable[[int], None],
        finished: Callable[[Parcel], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """`wrote` hears how many requests have their outcome in the ledger now; `finished` of each
        parcel whose rows are settled and written down; `failed` what the ledger raises."""
        self._record = record
        self._wrote = wrote
        self._finished = finished
        self._failed = failed
        self._heard = 0
        """Requests that were answered, and whose outcome is not in the ledger."""
        self._touched: dict[Parcel, None] = {}
        self._rejects: list[Reject] = []
        self._gathering: asyncio.TimerHandle | None = None
        self.counts = Counts()
        """What was written down."""

    def heard(self, requests: int = 1) -> None:
        """Notes that so many requests were answered, or never will be."""
        self._heard += requests

    def note(self, parcel: Parcel, rejects: Sequence[Reject] = ()) -> None:
        """Notes that there is something new about a parcel. It is written before long."""
        self._rejects += rejects
        self._touched[parcel] = None
        if self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER_SECONDS, self.write)

    def write(self) -> None:
        """Writes down what was noted."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        parcels, rejects, heard = list(self._touched), self._rejects, self._heard
        self._touched, self._rejects, self._heard = {}, [], 0
        if not parcels:
            # What was heard was decided before, and has been written with other outcomes.
            self._wrote(heard)
            return
        try:
            self._record([parcel.account() for parcel in parcels], rejects)
        except Exception as error:  # raised again where the delivery ends
            self._failed(error)
            return
        self.counts = sum((parcel.new_counts() for parcel in parcels), self.counts)
        self._wrote(heard)
        for parcel in parcels:
            # What the kernel has decided while this was written, it will tell of.
            if parcel.all_heard:
                self._finished(parcel)
