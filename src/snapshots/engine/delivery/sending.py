"""Sends: pages go out, answers come in, and the books are kept, all on one event loop.

What makes a delivery exact is here. A request begins only while fewer than `window` have been
made whose outcome is not in the ledger. Answers that come while the ledger is being written go
into it together the next time, so that the books keep up with any API. Whenever the process is
killed, only what was under way or not yet written down can be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from snapshots._native import Shuttle
from snapshots.errors import Stopped, Undeliverable
from snapshots.ledger.deliveries import ChunkSent
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from snapshots._native import Credit
    from snapshots.engine.delivery.inbox import Inbox
    from snapshots.engine.delivery.parcel import Parcel
    from snapshots.engine.watch import Watch
    from snapshots.targets.http import HttpTarget, Page, Verdict

TICK_SECONDS = 0.1
GATHER_SECONDS = 0.02
"""How long answers wait for others before they are written down together, if they are few."""
PATIENCE_SECONDS = 1.5
"""How long answers to what is under way are waited for once the delivery is to stop."""
WINDOW = 8
"""Requests whose outcome is not in the ledger yet, for each that may be under way."""

Record = Callable[[Sequence[ChunkSent], Sequence[Reject]], None]


class _Lane:
    """One place for a request under way; see `targets.http.Lane`."""

    def __init__(self, sender: Sender, parcel: Parcel, credit: Credit) -> None:
        self._sender = sender
        self._shuttle = Shuttle(parcel.outbox, credit)
        self.parcel = parcel
        self.request = b""
        self.onward = self._shuttle.onward

    @property
    def start(self) -> int:
        """First of the rows under way."""
        return self._shuttle.start

    @property
    def page(self) -> Page:
        return self.parcel.page(self._shuttle.start, self._shuttle.end)

    def delivered(self) -> None:
        self._shuttle.deliver()
        self._sender.heard(self.parcel)

    def next(self) -> bytes | None:
        while not self._sender.closed:
            request = self._shuttle.take()
            if request is not None:
                self._sender.began()
                self.request = request
                return request
            following = self._sender.after(self.parcel)
            if following is None:
                return None
            self.parcel = following
            self._shuttle.move_to(following.outbox)
        return None


class Sender:
    """One run of a delivery. Use once, in an event loop."""

    def __init__(
        self,
        api: HttpTarget,
        inbox: Inbox,
        record: Record,
        watch: Watch,
        *,
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
        self._at_once = at_once
        self._stop_on_error = stop_on_error
        self._remote = remote
        self._finished = finished
        self._parcel: Parcel | None = None
        self._opening = asyncio.Lock()
        self._window = WINDOW * at_once
        # Where requests go on while it is written, there must be room for them.
        self._many = self._window // 2 if remote else self._window - at_once
        self._unwritten = 0
        """Requests whose outcome is not in the ledger."""
        self._on_credit = 0
        """Requests that were made without asking here, as far as they are counted here."""
        self._sending: dict[Parcel, None] = {}
        """Parcels that were opened, and are not finished."""
        self._written = asyncio.Event()
        self._over = False
        self._touched: dict[Parcel, None] = {}
        self._rejects: list[Reject] = []
        self._heard = 0
        self._due = asyncio.Event()
        self._gathering: asyncio.TimerHandle | None = None
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
        books = asyncio.create_task(self._keep_books())
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
                    self._end()
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
                parcel = self._parcel
                lane = _Lane(self, parcel, self._api.credit) if parcel else None
                if lane and lane.next() is not None:
                    verdicts = await self._api.stream(lane)
                    if verdicts:
                        self._hear(lane, verdicts)
                elif self._unwritten >= self._window:
                    await self._until_written()
                elif not await self._open_after(parcel):
                    return
        except Stopped:
            return
        except Exception as error:
            self._stop(error)

    @property
    def closed(self) -> bool:
        """No request may begin now."""
        self._settle()
        return self._over or self._unwritten >= self._window

    def after(self, parcel: Parcel) -> Parcel | None:
        """The one to be sent when all of this one was, if it is there already."""
        if self._parcel is parcel and not self._opening.locked():
            following = self._inbox.take_ready()
            if following is not None:
                self._open(following)
        return None if self._parcel is parcel else self._parcel

    def began(self) -> None:
        """A request is on its way. Those that follow it need not ask, until it is time to write,
        or too much is unwritten."""
        self._unwritten += 1
        room = self._window - self._unwritten
        if self._heard < self._many:
            room = min(room, self._many - self._heard)
        if room > 0:
            self._api.grant(room)
            self._gather()

    def heard(self, parcel: Parcel) -> None:
        """An answer came that settles rows of a parcel, or never will."""
        self._settle()
        self._failures = 0
        self._heard += 1
        self._touch(parcel)
        if self._heard < self._many or self._over:
            return
        if self._remote:
            self._due.set()
        else:
            self._write()

    def _settle(self) -> None:
        """Takes account of what was done on credit: each request of it followed an answer."""
        done = self._api.settle() - self._on_credit
        if not done:
            return
        self._on_credit += done
        self._unwritten += done
        self._heard += done
        self._failures = 0
        for parcel in self._sending:
            if parcel.changed:
                self._touch(parcel)

    async def _until_written(self) -> None:
        self._written.clear()
        await self._written.wait()

    async def _open_after(self, parcel: Parcel | None) -> bool:
        """There is another parcel than this one to be sent; False where there is none."""
        async with self._opening:
            if self._parcel is parcel:
                following = await self._take()
                if following is None:
                    return False
                self._open(following)
        return True

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
        self._parcel = parcel
        self._sending[parcel] = None
        self._touch(parcel)

    def _hear(self, lane: _Lane, verdicts: Sequence[Verdict]) -> None:
        self._settle()
        failures = self._failures
        rejects = lane.parcel.decide(lane.start, verdicts)
        self._rejects += rejects
        self.heard(lane.parcel)
        if rejects:
            self._count(Counts(rejected=len(rejects)))
        if verdicts[-1].outcome == "undeliverable":
            self._failures = failures + 1
            self._give_up(verdicts[-1])

    def _give_up(self, verdict: Verdict) -> None:
        """One record that the API chokes on does not keep the others from it; but where nothing
        comes through any more, it makes no sense to go on."""
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
        if self._watch.ended:
            self._end()

    def _stop(self, error: BaseException) -> None:
        self.error = self.error or error
        self._end()
        self._watch.end()

    def _end(self) -> None:
        """No request begins any more."""
        self._over = True
        self._api.credit.revoke()

    def _touch(self, parcel: Parcel) -> None:
        self._gather()
        self._touched[parcel] = None

    def _gather(self) -> None:
        """What comes from now on is written down before long, however little it is."""
        if self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER_SECONDS, self._gathered)

    def _gathered(self) -> None:
        self._gathering = None
        self._due.set()

    async def _keep_books(self) -> None:
        with ThreadPoolExecutor(1, "snapshots-books") as writer:
            while True:
                await self._due.wait()
                self._due.clear()
                self._settle()
                if self._touched and self._remote:
                    await self._write_aside(writer)
                elif self._touched:
                    self._write()
                elif self._sent_all:
                    return
                if self._sent_all:
                    self._due.set()

    def _write(self) -> None:
        parcels, heard = list(self._touched), self._heard
        self._record([parcel.account() for parcel in parcels], self._rejects)
        self._take_account()
        self._wrote(parcels, heard, [parcel.news() for parcel in parcels])

    async def _write_aside(self, writer: ThreadPoolExecutor) -> None:
        """Answers that come meanwhile are written the next time."""
        parcels, rejects, heard = list(self._touched), self._rejects, self._heard
        self._take_account()
        accounts = [parcel.account() for parcel in parcels]
        news = [parcel.news() for parcel in parcels]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(writer, self._record, accounts, rejects)
        self._wrote(parcels, heard, news)

    def _take_account(self) -> None:
        """What was heard so far is written down, or is about to be."""
        self._touched, self._rejects, self._heard = {}, [], 0
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None

    def _wrote(self, parcels: Sequence[Parcel], heard: int, news: Sequence[Counts]) -> None:
        self.counts = sum(news, self.counts)
        self._unwritten -= heard
        self._written.set()
        self._settle()
        for parcel in parcels:
            parcel.written = True
            if not parcel.unheard and parcel not in self._touched:
                del self._sending[parcel]
                self._inbox.done()
                self._finished(parcel)


def _answer(verdict: Verdict) -> str:
    return f"HTTP {verdict.status}: {verdict.body}" if verdict.status else verdict.body
