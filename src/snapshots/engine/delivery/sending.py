"""Sends: pages go out, answers come in, and the books are kept, all on one event loop.

What makes a delivery exact is here. A request begins only while fewer than `window` have been
made whose outcome is not in the ledger. Answers that come while the ledger is being written go
into it together the next time, so that the books keep up with any API. Whenever the process is
killed, only what was under way or not yet written down can be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from snapshots.errors import Stopped, Undeliverable
from snapshots.ledger.deliveries import ChunkSent
from snapshots.model import Counts, Reject
from snapshots.targets.http import HttpTarget, Page, Verdict

if TYPE_CHECKING:
    from snapshots.engine.delivery.inbox import Inbox
    from snapshots.engine.delivery.parcel import Parcel
    from snapshots.engine.watch import Watch

TICK_SECONDS = 0.1
GATHER_SECONDS = 0.02
"""How long answers wait for others before they are written down together, if they are few."""
PATIENCE_SECONDS = 1.5
"""How long answers to what is under way are waited for once the delivery is to stop."""
WINDOW = 4
"""Requests whose outcome is not in the ledger yet, for each that may be under way."""

Record = Callable[[Sequence[ChunkSent], Sequence[Reject]], None]


class Batch(NamedTuple):
    """The rows of one request."""

    parcel: Parcel
    rows: Sequence[int]
    page: Page


class Sender:
    """One run of a delivery. Use once, in an event loop."""

    def __init__(
        self,
        api: HttpTarget,
        inbox: Inbox,
        record: Record,
        watch: Watch,
        *,
        batch: int,
        at_once: int,
        stop_on_error: bool,
        remote: bool,
        finished: Callable[[Parcel], None],
    ) -> None:
        """`remote`: the ledger is on a server, and is waited for on another thread. What is in
        this process is written to faster than threads take turns.

        `finished` hears of each parcel whose rows are settled and written down."""
        self._api = api
        self._inbox = inbox
        self._record = record
        self._watch = watch
        self._batch = batch
        self._at_once = at_once
        self._stop_on_error = stop_on_error
        self._remote = remote
        self._finished = finished
        self._batches: Iterator[Batch] = iter(())
        self._opening = asyncio.Lock()
        self._window = WINDOW * at_once
        self._unwritten = 0
        self._written = asyncio.Event()
        self._over = False
        self._touched: dict[Parcel, None] = {}
        self._rejects: list[Reject] = []
        self._heard = 0
        self._due = asyncio.Event()
        self._sent_all = False
        self._failures = 0
        self.counts = Counts()
        """What this run has written into the ledger."""
        self.error: BaseException | None = None
        """Why not all could be sent."""

    async def run(self) -> None:
        """Sends until there is nothing left, or until there is a reason to stop.

        Whatever happens, what was heard until then is written down. Raises what the ledger
        raises.
        """
        with ThreadPoolExecutor(1, "snapshots-books") as writer:
            books = asyncio.create_task(self._keep_books(writer if self._remote else None))
            async with self._api:
                await self._send_all(books)
            self._sent_all = True
            self._due.set()
            await books

    async def _send_all(self, books: asyncio.Task[None]) -> None:
        """Until the workers are done; those that hang on when it is time to stop are cancelled."""
        loop = asyncio.get_running_loop()
        working = {asyncio.create_task(self._work()) for _ in range(self._at_once)}
        deadline = None
        try:
            while working:
                await asyncio.wait(
                    {*working, books}, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                working = {task for task in working if not task.done()}
                if books.done():
                    return
                if self._watch.ended:
                    self._over = True
                    self._written.set()
                    self._api.halt(Stopped("stopped"))
                    deadline = deadline or loop.time() + PATIENCE_SECONDS
                    if loop.time() > deadline:
                        return
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while not self._over:
                if self._unwritten >= self._window:
                    await self._until_written()
                    continue
                batch = next(self._batches, None) or await self._next_batch()
                if batch is None or self._over:
                    return
                self._unwritten += 1
                self._hear(batch, await self._api.deliver(batch.page))
        except Stopped:
            return
        except Exception as error:
            self._stop(error)

    async def _until_written(self) -> None:
        self._written.clear()
        await self._written.wait()

    async def _next_batch(self) -> Batch | None:
        """From the next parcel; None where there are no more."""
        async with self._opening:
            while (batch := next(self._batches, None)) is None:
                parcel = await self._take()
                if parcel is None:
                    return None
                self._open(parcel)
        return batch

    async def _take(self) -> Parcel | None:
        try:
            return await self._inbox.take()
        except Exception as error:
            # What was read before is sent all the same.
            self.error = self.error or error
            return None

    def _open(self, parcel: Parcel) -> None:
        """What the kernel rejected of it is written down before any of it is sent."""
        self._count(parcel.read)
        self._rejects += parcel.rejects
        self._batches = (
            Batch(parcel, rows, Page(bodies, keys))
            for rows, bodies, keys in parcel.batches(self._batch)
        )
        self._touch(parcel)

    def _hear(self, batch: Batch, verdicts: Sequence[Verdict]) -> None:
        rejects = batch.parcel.decide(batch.rows, verdicts)
        self._heard += 1
        self._touch(batch.parcel)
        if rejects:
            self._rejects += rejects
            self._count(Counts(rejected=len(rejects)))
        if verdicts[-1].outcome == "undeliverable":
            self._give_up(verdicts[-1])
        else:
            self._failures = 0

    def _give_up(self, verdict: Verdict) -> None:
        """One record that the API chokes on does not keep the others from it; but where nothing
        comes through any more, it makes no sense to go on."""
        self._failures += 1
        self.error = self.error or Undeliverable(
            f"{verdict.requests} requests were made with a record, and none was answered in a way"
            f" that settles it; the last: {_answer(verdict)}",
            hint="what is not settled is pending, and not rejected",
            retryable=True,
        )
        if self._stop_on_error or self._failures > self._at_once:
            self._stop(self.error)

    def _count(self, counts: Counts) -> None:
        self._watch.commit(counts)
        self._over = self._over or self._watch.ended

    def _stop(self, error: BaseException) -> None:
        self.error = self.error or error
        self._over = True
        self._watch.end()

    def _touch(self, parcel: Parcel) -> None:
        if not self._touched:
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._due.set)
        self._touched[parcel] = None
        if self._heard * 2 >= self._window:
            self._due.set()

    async def _keep_books(self, writer: ThreadPoolExecutor | None) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            if not self._touched:
                if self._sent_all:
                    return
                continue
            parcels, rejects, heard = list(self._touched), self._rejects, self._heard
            self._touched, self._rejects, self._heard = {}, [], 0
            accounts = [parcel.account() for parcel in parcels]
            news = [parcel.news() for parcel in parcels]
            if writer is None:
                self._record(accounts, rejects)
            else:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(writer, self._record, accounts, rejects)
            self.counts = sum(news, self.counts)
            self._unwritten -= heard
            self._written.set()
            for parcel in parcels:
                if not parcel.unheard and parcel not in self._touched:
                    self._inbox.done()
                    self._finished(parcel)
            if self._sent_all:
                self._due.set()


def _answer(verdict: Verdict) -> str:
    return f"HTTP {verdict.status}: {verdict.body}" if verdict.status else verdict.body
