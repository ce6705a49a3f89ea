"""Sends: requests go out, answers come in, and the books are kept.

What makes a delivery exact is here. The kernel begins a request only while fewer than a window of
them have been made whose outcome is not in the ledger. Answers that come while the ledger is being
written go into it together the next time, so that the books keep up with any API. Whenever the
process is killed, only what was under way or not yet written down can be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.endpoints.http.answers import FAULT, action
from snapshots.engine.delivery.group_commit import GroupCommit, Record
from snapshots.errors import Stopped, Undeliverable
from snapshots.model import Counts
from snapshots.time_limits import LAST_ANSWERS_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from snapshots.endpoints.http import Failing, HttpEndpoint, RecordVerdict
    from snapshots.endpoints.http.transport import News
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
        finished: Callable[[Parcel], None],
    ) -> None:
        """`stop_on_error`: at a record that is not settled; `stop_at_reject`: at one that is
        refused. `finished`: see `GroupCommit`."""
        self._api = api
        self._inbox = inbox
        self._watch = watch
        self._at_once = at_once
        self._stop_on_error = stop_on_error
        self._stop_at_reject = stop_at_reject
        self._group_commit = GroupCommit(
            record, wrote=self._wrote, finished=self._settled, failed=self._break_off
        )
        self._finished = finished
        self._hungry = asyncio.Event()
        self._opened = 0
        self._sending: dict[Parcel, int] = {}
        """Parcels that were opened, and are not finished, with their places."""
        self._open_at: dict[int, Parcel] = {}
        self._held: list[tuple[int, int, Sequence[RecordVerdict]]] = []
        """What was refused first, for the address perhaps and not for the records."""
        self.asked_first = 0
        """Rows of the parcels that were opened which an earlier run may have sent."""
        self.asked: dict[int, str] = {}
        """Rows that were sent without an answer and are not decided, by the start of their
        parcel, of those that were opened; known in the end."""
        self._over = False
        self._failures = 0
        self._broken: Exception | None = None
        """What the ledger raised: nothing can be written any more."""
        self.error: BaseException | None = None
        """Why not all could be sent."""

    @property
    def counts(self) -> Counts:
        """The counts that this run has written into the ledger."""
        return self._group_commit.counts

    @property
    def unsettled(self) -> bool:
        """Whether rows of parcels that were opened are not decided."""
        return bool(self._sending)

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
        self._api.on_news(self._take_news)
        async with self._api:
            await self._send_all()
            self._api.settle()
        self._let_go()
        self._group_commit.write()
        if self._broken is not None:
            raise self._broken
        for parcel in self._sending:
            self.asked[parcel.start] = parcel.asked()

    async def _send_all(self) -> None:
        """Waits for the streams. When it is time to stop, those that hang are given up."""
        loop = asyncio.get_running_loop()
        feeding = asyncio.create_task(self._feed())
        working = {asyncio.create_task(self._work()) for _ in range(self._at_once)}
        deadline = None
        try:
            while working and self._broken is None:
                await asyncio.wait(
                    working, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                working = {task for task in working if not task.done()}
                if self._watch.ended:
                    self._end()
                    self._api.halt(Stopped("stopped"))
                    deadline = deadline or loop.time() + LAST_ANSWERS_SECONDS
                    if loop.time() > deadline:
                        self._api.give_up("the delivery was stopped before an answer came")
        finally:
            for task in (feeding, *working):
                task.cancel()
            await asyncio.gather(feeding, *working, return_exceptions=True)

    async def _feed(self) -> None:
        """Opens one parcel after the other, each once all rows of the last one are on their way."""
        try:
            while not self._over:
                await self._hungry.wait()
                parcel = None if self._over else await self._inbox.take()
                if parcel is None:
                    break
                self._open(parcel)
        except Exception as error:
            # What was read before is sent all the same.
            self.error = self.error or error
        self._api.end()

    async def _work(self) -> None:
        try:
            while (streamed := await self._api.stream()) is not None:
                place, start, verdicts = streamed
                if verdicts:
                    self._hear(place, start, verdicts)
                    self._api.check()
        except Stopped:
            return
        except Exception as error:
            self._stop(error)

    def _take_news(self, news: News) -> None:
        """Takes account of what was sent without asking."""
        if self._held and self._api.misplaced is None:
            self._let_go()
        if news.successes:
            self._failures = 0
            self._group_commit.heard(news.successes)
            for parcel in self._sending:
                if parcel.changed:
                    self._group_commit.note(parcel)
        if news.due:
            self._group_commit.write()
        # What was said before the last one was opened is out of date.
        if news.hungry == self._opened:
            self._hungry.set()

    def _wrote(self, requests: int) -> None:
        if requests and not self._over:
            self._api.allow(requests)

    def _settled(self, parcel: Parcel) -> None:
        place = self._sending.pop(parcel)
        del self._open_at[place]
        self._api.forget(place)
        self.asked[parcel.start] = parcel.asked()
        self._inbox.done()
        self._finished(parcel)

    def _break_off(self, error: Exception) -> None:
        """Stops at once: what comes now cannot be written down."""
        self._broken = self._broken or error
        self._over = True

    def _open(self, parcel: Parcel) -> None:
        """Opens a parcel. What the kernel rejected of it is written, too."""
        self._count(parcel.read)
        self._opened += 1
        self._sending[parcel] = self._opened
        self._open_at[self._opened] = parcel
        # Who was hungry while this one was waited for, is not any more: its rows come first.
        self._hungry.clear()
        self.asked_first += parcel.asked_first
        self._group_commit.note(parcel, parcel.rejects)
        self._api.open(self._opened, parcel.outbox)

    def _hear(self, place: int, start: int, verdicts: Sequence[RecordVerdict]) -> None:
        refused = any(verdict.outcome == "rejected" for verdict in verdicts)
        if refused and self._api.misplaced is not None:
            self._held.append((place, start, verdicts))
            if self._stop_at_reject:
                self._let_go()
        else:
            self._take(place, start, verdicts)

    def _let_go(self) -> None:
        """Settles what was held back: it was refused, or it was sent to a wrong address."""
        held, self._held = self._held, []
        wrong = self._api.misplaced
        if held and wrong is not None and not self._watch.ended:
            self._stop(wrong)
        for place, start, verdicts in held:
            outcomes = verdicts
            if wrong is not None:
                outcomes = [replace(verdict, outcome="unsent") for verdict in verdicts]
            self._take(place, start, outcomes)

    def _take(self, place: int, start: int, verdicts: Sequence[RecordVerdict]) -> None:
        parcel = self._open_at[place]
        failures = self._failures
        rejects = parcel.decide(start, verdicts)
        self._failures = 0
        self._group_commit.heard()
        self._group_commit.note(parcel, rejects)
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
        if not self._over:
            self._over = True
            self._hungry.set()
            self._api.stop()


def _answer(verdict: RecordVerdict) -> str:
    return f"HTTP {verdict.status}: {verdict.body}" if verdict.status else verdict.body
