"""Writes down what was heard, together, and says how much may be under way until it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
    """Rows of the requests that may be made, at most, without an outcome in the ledger."""
    return WINDOW * request.at_once * request.batch


Record = Callable[[Sequence[ChunkSent], Sequence[Reject]], None]


class GroupCommit:
    """The books of one run of a delivery, in its event loop."""

    def __init__(
        self,
        record: Record,
        *,
        at_once: int,
        remote: bool,
        settle: Callable[[], None],
        finished: Callable[[Parcel], None],
    ) -> None:
        """`remote`: the ledger is on a server, and is waited for on another thread. What is in
        this process is written to faster than threads take turns.

        `settle` tells of what is not told yet, and sees to it that `gather` is called before
        there is more of it; `finished` hears of each parcel whose rows are settled and written
        down."""
        self._record = record
        self._remote = remote
        self._settle = settle
        self._finished = finished
        self._window = WINDOW * at_once
        # Where requests go on while it is written, there must be room for them.
        self._many = self._window // 2 if remote else self._window - at_once
        self._unwritten = 0
        """Requests whose outcome is not in the ledger."""
        self._heard = 0
        """Those of them that were answered."""
        self._touched: dict[Parcel, None] = {}
        self._rejects: list[Reject] = []
        self._due = asyncio.Event()
        self._written = asyncio.Event()
        self._gathering: asyncio.TimerHandle | None = None
        self._closing = False
        self.counts = Counts()
        """What was written down."""

    @property
    def full(self) -> bool:
        """No request may begin before something is written down."""
        return self._unwritten >= self._window

    @property
    def capacity(self) -> int:
        """So many requests may follow answers before it is full, or time to write."""
        capacity = self._window - self._unwritten
        return min(capacity, self._many - self._heard) if self._heard < self._many else capacity

    async def until_written(self) -> None:
        """Until something is written down, or `go_on`."""
        self._written.clear()
        await self._written.wait()

    def go_on(self) -> None:
        """Nobody waits for what is to be written any more."""
        self._written.set()

    def begun(self, requests: int = 1) -> None:
        """Requests are on their way."""
        self._unwritten += requests

    def heard(self, requests: int = 1) -> None:
        """That many of them were answered, or never will be."""
        self._heard += requests

    def note(self, parcel: Parcel, rejects: Sequence[Reject] = ()) -> None:
        """There is something new about a parcel."""
        self._rejects += rejects
        self._touched[parcel] = None
        self.gather()

    def gather(self) -> None:
        """What comes from now on is written down before long, however little it is."""
        if self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER_SECONDS, self._gathered)

    def write_if_many(self) -> None:
        """Sees to it that what was heard is written down now, if it is time. Raises what the
        ledger raises."""
        if self._heard < self._many:
            return
        if self._remote:
            self._due.set()
        else:
            self._write()

    def close(self) -> None:
        """Nothing more will be heard: `keep` ends once all of it is written down."""
        self._closing = True
        self._due.set()

    async def keep(self) -> None:
        """Writes until there is nothing left to write. Raises what the ledger raises."""
        with ThreadPoolExecutor(1, "snapshots-group-commit") as writer:
            while True:
                await self._due.wait()
                self._due.clear()
                self._settle()
                if self._touched and self._remote:
                    await self._write_aside(writer)
                elif self._touched:
                    self._write()
                elif self._closing:
                    return
                if self._closing:
                    self._due.set()

    def _gathered(self) -> None:
        self._gathering = None
        self._due.set()

    def _write(self) -> None:
        parcels, heard = list(self._touched), self._heard
        self._record([parcel.account() for parcel in parcels], self._rejects)
        self._take_account()
        self._wrote(parcels, heard, [parcel.new_counts() for parcel in parcels])

    async def _write_aside(self, writer: ThreadPoolExecutor) -> None:
        """Answers that come meanwhile are written the next time."""
        parcels, rejects, heard = list(self._touched), self._rejects, self._heard
        self._take_account()
        accounts = [parcel.account() for parcel in parcels]
        new_counts = [parcel.new_counts() for parcel in parcels]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(writer, self._record, accounts, rejects)
        self._wrote(parcels, heard, new_counts)

    def _take_account(self) -> None:
        """What was heard so far is written down, or is about to be."""
        self._touched, self._rejects, self._heard = {}, [], 0
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None

    def _wrote(self, parcels: Sequence[Parcel], heard: int, new_counts: Sequence[Counts]) -> None:
        self.counts = sum(new_counts, self.counts)
        self._unwritten -= heard
        self._written.set()
        self._settle()
        for parcel in parcels:
            if not parcel.unheard and parcel not in self._touched:
                self._finished(parcel)
