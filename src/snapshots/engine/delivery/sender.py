"""Sends: requests go out, answers come in, and the books are kept, all on one event loop.

What makes a delivery exact is here. A request begins only while fewer than a window of them have
been made whose outcome is not in the ledger. Answers that come while the ledger is being written
go into it together the next time, so that the books keep up with any API. Whenever the process is
killed, only what was under way or not yet written down can be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots._native import CurrentOutbox
from snapshots.endpoints.http.answers import FAULT, action
from snapshots.engine.delivery.group_commit import GroupCommit, Record
from snapshots.engine.delivery.request_slot import RequestSlot
from snapshots.errors import Stopped, Undeliverable
from snapshots.model import Counts
from snapshots.time_limits import LAST_ANSWERS_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from snapshots._native import Outbox
    from snapshots.endpoints.http import Failing, HttpEndpoint, RecordVerdict
    from snapshots.engine.delivery.parcel import Parcel
    from snapshots.engine.delivery.parcel_queue import ParcelQueue
    from snapshots.engine.limits import StopConditions


class Sender:
    """Sends what one run of a delivery has to send. Use an instance once, in an event loop."""

    def __init__(
        self,
        api: HttpEndpoint,
        inbox: ParcelQueue,
        record: Record,
        watch: StopConditions,
        *,
        at_once: int,
        stop_on_error: bool,
        stop_at_reject: bool,
        remote: bool,
        finished: Callable[[Parcel], None],
    ) -> None:
        """`stop_on_error`: at a record that is not settled; `stop_at_reject`: at one that is
        refused. `remote`, `finished`: see `GroupCommit`."""
        self._api = api
        self._inbox = inbox
        self._watch = watch
        self._at_once = at_once
        self._stop_on_error = stop_on_error
        self._stop_at_reject = stop_at_reject
        self._group_commit = GroupCommit(
            record, at_once=at_once, remote=remote, settle=self._call_in, finished=self._settled
        )
        self._finished = finished
        self._current = CurrentOutbox()
        self._parcel: Parcel | None = None
        self._opening = asyncio.Lock()
        self._sending: dict[Parcel, None] = {}
        """Parcels that were opened, and are not finished."""
        self._on_credit = 0
        """Requests that were made without asking here, as far as they are in the books."""
        self._slots: dict[asyncio.Task[None], RequestSlot] = {}
        """What each worker has under way."""
        self._held: list[tuple[Parcel, int, Sequence[RecordVerdict]]] = []
        """What was refused first, for the address perhaps and not for the records."""
        self.asked_first = 0
        """Rows of the parcels that were opened which an earlier run may have sent."""
        self.asked: dict[int, str] = {}
        """Rows that were sent without an answer and are not decided, by the start of their
        parcel, of those that were opened; known in the end."""
        self._over = False
        self._failures = 0
        self.error: BaseException | None = None
        """Why not all could be sent."""

    @property
    def counts(self) -> Counts:
        """The counts that this run has written into the ledger."""
        return self._group_commit.counts

    @property
    def bytes_under_way(self) -> int:
        """Bytes of the input that are done, of parcels under way. Any thread may ask."""
        return sum(parcel.bytes_done for parcel in list(self._sending))

    @property
    def failing(self) -> Failing | None:
        """What is being tried again now. Any thread may ask."""
        return self._api.stats.failing

    async def run(self) -> None:
        """Sends until there is nothing left, or until there is a reason to stop.

        Whatever happens, what was heard until then is written down. Raises what the ledger
        raises.
        """
        committing = asyncio.create_task(self._group_commit.keep())
        async with self._api:
            await self._send_all(committing)
        self._let_go()
        self._group_commit.close()
        await committing
        for parcel in self._sending:
            self.asked[parcel.start] = parcel.outbox.asked()

    async def _send_all(self, committing: asyncio.Task[None]) -> None:
        """Waits for the workers. Those that hang when it is time to stop are cancelled."""
        loop = asyncio.get_running_loop()
        working = {asyncio.create_task(self._work()) for _ in range(self._at_once)}
        deadline = None
        try:
            while working:
                await asyncio.wait(
                    {*working, committing},
                    timeout=TICK_SECONDS,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                working = {task for task in working if not task.done()}
                if committing.done():
                    return
                if self._watch.ended:
                    self._end()
                    self._group_commit.go_on()
                    self._api.halt(Stopped("stopped"))
                    deadline = deadline or loop.time() + LAST_ANSWERS_SECONDS
                    if loop.time() > deadline:
                        return
        finally:
            for task in working:
                task.cancel()
                self._lose(self._slots.get(task))
            await asyncio.gather(*working, return_exceptions=True)

    def _lose(self, slot: RequestSlot | None) -> None:
        """Gives up waiting for an answer to what a slot has under way."""
        if slot is not None and slot.request_stream.outbox is not None:
            slot.parcel.outbox.ask(slot.request_stream.start, slot.request_stream.end)
            self._group_commit.note(slot.parcel)

    async def _work(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a worker is one
        try:
            while not self._over:
                parcel = self._parcel
                self._slots.pop(task, None)
                slot = RequestSlot(self, self._current, self._api.credit)
                if slot.next() is not None:
                    self._slots[task] = slot
                    verdicts = await self._api.stream(slot, slot.asked_before)
                    del self._slots[task]
                    if verdicts:
                        self._hear(slot, verdicts)
                        self._api.check()
                elif self._group_commit.full:
                    await self._group_commit.until_written()
                elif not await self._open_after(parcel):
                    return
        except Stopped:
            return
        except Exception as error:
            self._stop(error)

    @property
    def closed(self) -> bool:
        """Whether no request may begin now."""
        self._settle()
        return self._over or self._group_commit.full

    def parcel_of(self, outbox: Outbox) -> Parcel:
        """Finds the parcel whose rows are under way."""
        return next(parcel for parcel in self._sending if parcel.outbox is outbox)

    def more(self) -> bool:
        """Tells whether there is another parcel to be sent, now that all of the last one was."""
        following = None if self._opening.locked() else self._inbox.take_ready()
        if following is not None:
            self._open(following)
        return following is not None

    def began(self) -> None:
        """Notes that a request is on its way. Those that follow it need not ask, until it is time
        to write, or too much is unwritten."""
        self._group_commit.begun()
        self._api.grant(self._group_commit.capacity)
        self._group_commit.gather()

    def heard(self, parcel: Parcel) -> None:
        """Notes that an answer came which settles rows of a parcel, or that none will."""
        self._settle()
        self._failures = 0
        self._group_commit.heard()
        self._group_commit.note(parcel)
        if not self._over:
            self._group_commit.write_if_many()

    def _settle(self) -> None:
        """Takes account of what was done on credit: each request of it followed an answer."""
        done = self._api.settle() - self._on_credit
        if self._held and self._api.misplaced is None:
            self._let_go()
        if not done:
            return
        self._on_credit += done
        self._group_commit.begun(done)
        self._group_commit.heard(done)
        self._failures = 0
        for parcel in self._sending:
            if parcel.changed:
                self._group_commit.note(parcel)

    def _call_in(self) -> None:
        """Does the same, and has whoever goes on ask again: what it does then is to be written
        within a while that begins then."""
        self._api.credit.revoke()
        self._settle()

    def _settled(self, parcel: Parcel) -> None:
        del self._sending[parcel]
        self.asked[parcel.start] = parcel.outbox.asked()
        self._inbox.done()
        self._finished(parcel)

    async def _open_after(self, parcel: Parcel | None) -> bool:
        """Opens the parcel that follows this one; False where there is none."""
        async with self._opening:
            if self._parcel is parcel:
                following = await self._next()
                if following is None:
                    return False
                self._open(following)
        return True

    async def _next(self) -> Parcel | None:
        try:
            return await self._inbox.take()
        except Exception as error:
            # What was read before is sent all the same.
            self.error = self.error or error
            return None

    def _open(self, parcel: Parcel) -> None:
        """Opens a parcel. What the kernel rejected of it is written before any of it is sent."""
        self._count(parcel.read)
        self._parcel = parcel
        self._current.fill(parcel.outbox)
        self._sending[parcel] = None
        self.asked_first += parcel.asked_first
        self._group_commit.note(parcel, parcel.rejects)

    def _hear(self, slot: RequestSlot, verdicts: Sequence[RecordVerdict]) -> None:
        self._settle()
        refused = any(verdict.outcome == "rejected" for verdict in verdicts)
        if refused and self._api.misplaced is not None:
            self._held.append((slot.parcel, slot.start, verdicts))
            if self._stop_at_reject:
                self._let_go()
        else:
            self._take(slot.parcel, slot.start, verdicts)

    def _let_go(self) -> None:
        """Settles what was held back: it was refused, or it was sent to a wrong address."""
        held, self._held = self._held, []
        wrong = self._api.misplaced
        if held and wrong is not None and not self._watch.ended:
            self._stop(wrong)
        for parcel, start, verdicts in held:
            outcomes = verdicts
            if wrong is not None:
                outcomes = [replace(verdict, outcome="unsent") for verdict in verdicts]
            self._take(parcel, start, outcomes)

    def _take(self, parcel: Parcel, start: int, verdicts: Sequence[RecordVerdict]) -> None:
        failures = self._failures
        rejects = parcel.decide(start, verdicts)
        self._group_commit.note(parcel, rejects)
        self.heard(parcel)
        if rejects:
            self._count(Counts(rejected=len(rejects)))
        lost = [verdict for verdict in verdicts if verdict.outcome == "undeliverable"]
        if lost:
            # What is refused and may have been taken is answered: the others may fare better.
            answered = all(action(verdict.status or FAULT) == "refused" for verdict in lost)
            self._failures = failures if answered else failures + 1
            self._give_up(lost[-1], taken=answered)

    def _give_up(self, verdict: RecordVerdict, *, taken: bool) -> None:
        """Gives up a record that the API chokes on. The others go on, unless nothing comes through
        any more."""
        self.error = self.error or Undeliverable(
            f"after {verdict.requests} requests, the API has neither accepted nor refused a"
            f" record; the last answer: {_answer(verdict)}",
            hint="undecided records stay pending; they are not rejected"
            + (
                ": an earlier request got no answer, so the API may have the record"
                if taken
                else ""
            ),
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
        """Lets no request begin any more."""
        self._over = True
        self._api.credit.revoke()


def _answer(verdict: RecordVerdict) -> str:
    return f"HTTP {verdict.status}: {verdict.body}" if verdict.status else verdict.body
