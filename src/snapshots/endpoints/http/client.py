"""Delivers pages of records: turns answers into verdicts.

Read `_settle` first: it makes one request, and makes the verdicts from its last answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.endpoints.http import answers
from snapshots.endpoints.http.attempt import Attempt
from snapshots.endpoints.http.exchange import Exchange
from snapshots.endpoints.http.page import RecordOutcome, RecordPage, RecordVerdict, joined
from snapshots.endpoints.http.response import NoAnswer, Response, excerpt
from snapshots.endpoints.http.results import (
    PageRefused,
    RecordResult,
    UnclearResults,
    results_of,
)
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.endpoints.http.stats import Stats
from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from snapshots._native import Outbox
    from snapshots.endpoints.http.transport import News


class HttpEndpoint:
    """An API that records are delivered to, for the pages of one event loop.

    Any number of `stream` and `deliver` calls may run at once. Together they make at most
    `concurrency` requests at a time. A record is sent again only while nobody knows whether it was
    taken, or after the API said that it was not.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._asking = Exchange(settings)
        self._open: dict[int, Outbox] = {}

    async def __aenter__(self) -> HttpEndpoint:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._asking.close()

    @property
    def stats(self) -> Stats:
        """What was done so far. What was streamed is missing until `settle` is called."""
        return self._asking.stats

    def on_news(self, listener: Callable[[News], None]) -> None:
        """Has a function called with what was streamed without asking; it must not raise."""
        self._asking.transport.listener = listener

    def open(self, place: int, outbox: Outbox) -> None:
        """Has streams send the rows of an outbox. `place` tells it from others."""
        self._open[place] = outbox
        self._asking.transport.client.open(place, outbox)
        if outbox.pending:
            self._asking.expect()

    def forget(self, place: int) -> None:
        """Forgets an outbox whose rows are all decided."""
        del self._open[place]

    def end(self) -> None:
        """Lets streams come to their end once all that was opened is sent: nothing more will be."""
        self._asking.transport.end()

    def stop(self) -> None:
        """Lets streams take no more rows, whatever was opened."""
        self._asking.transport.stop()

    def allow(self, requests: int) -> None:
        """Lets so many more requests be streamed, because as many outcomes are written down."""
        self._asking.transport.allow(requests)

    def settle(self) -> None:
        """Counts what was streamed until now."""
        self._asking.transport.take()

    @property
    def limit(self) -> int:
        """How many requests may be under way now; at most `concurrency`."""
        return self._asking.transport.limit

    def display(self) -> str:
        """Returns the address without its secrets."""
        return self._settings.display()

    def halt(self, error: SnapshotsError) -> None:
        """Lets no request begin any more; those under way come to their end.

        Records that nothing is known of are then `unsent`. `deliver` raises `error` as soon as it
        has no other verdict to give.
        """
        self._asking.halt(error)

    @property
    def misplaced(self) -> SnapshotsError | None:
        """Returns what is wrong with the address, method or type of the requests, if all answers so
        far say so. They are too few to stop for; but what they refuse does not count as refused
        yet."""
        return self._asking.misplaced

    def check(self) -> None:
        """Raises the reason to halt, if there is one."""
        self._asking.check()

    async def stream(self) -> tuple[int, int, list[RecordVerdict]] | None:
        """Sends opened rows, one request after the other, as long as all succeed.

        Returns the verdicts about the first request that does not: the place of its outbox, and its
        first row. None if there are no more rows. Any number of streams may run at once; each that
        is awaited makes one request at a time. Raises what `deliver` raises, unless records may
        have arrived.
        """
        streamed = await self._asking.stream()
        if streamed is None:
            return None
        place, start, end, answer = streamed
        outbox = self._open[place]
        bodies, keys = outbox.bodies(start, end), outbox.keys(start, end)
        page = RecordPage(bodies, keys, outbox.method(start), outbox.paths(start, end))
        attempt = Attempt(requests=1, asked_before=outbox.was_asked(start, end))
        verdicts = await self._settle(page, attempt, answer)
        # That they may have arrived is to be known, whatever else is wrong.
        if not any(one.ambiguous for one in verdicts):
            verdicts = self._unless_stopped(verdicts)
        return place, start, verdicts

    def give_up(self, text: str) -> None:
        """Stops waiting for answers, because of what the text says."""
        self._asking.transport.give_up(text)

    async def deliver(self, *pages: RecordPage) -> list[RecordVerdict]:
        """Sends pages and returns one verdict for each record, in their order.

        Raises CannotConnect if the API does not let us in, redirects or cannot be reached;
        TargetError if its answers cannot be read. Both stop the whole delivery. If some records of
        the page were settled before, their verdicts are returned and the others are `unsent`.
        Giving those again raises the error.
        """
        self._asking.check()
        most, most_bytes = self._settings.batch, self._settings.batch_bytes
        parts = [part for page in joined(pages) for part in page.parts(most, most_bytes)]
        return self._unless_stopped(await self._deliver_parts(parts))

    def _unless_stopped(self, verdicts: list[RecordVerdict]) -> list[RecordVerdict]:
        """Returns the verdicts, or raises the reason to halt if none of them says anything."""
        if verdicts and all(one.outcome == "unsent" for one in verdicts):
            self._asking.check()
        return verdicts

    async def _deliver_parts(self, parts: list[RecordPage]) -> list[RecordVerdict]:
        verdicts: list[list[RecordVerdict]] = [[]] * len(parts)
        rest = iter(enumerate(parts))

        async def work() -> None:
            for number, part in rest:
                verdicts[number] = await self._settle(part, Attempt())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._settings.concurrency, len(parts))):
                group.create_task(work())
        return [verdict for part in verdicts for verdict in part]

    async def _settle(
        self, page: RecordPage, attempt: Attempt, heard: Response | NoAnswer | None = None
    ) -> list[RecordVerdict]:
        """Sends records as one request, or in smaller ones if they are refused together."""
        answer = await self._asking.ask(page, attempt, heard)
        match answer:
            case None:
                return self._all(page, attempt.verdict("unsent"))
            case NoAnswer():
                return self._all(page, attempt.verdict("undeliverable", None, str(answer)))
        match self._asking.action_of_answer(answer.status, attempt, page):
            case "delivered":
                return self._all(page, attempt.delivered(answer.status))
            case "results":
                return await self._read(page, attempt, answer)
            case "refused":
                divides = answer.status not in answers.NOT_ABOUT_RECORDS
                return await self._refused(page, attempt, "rejected", answer, divides=divides)
            case _:
                # To some servers a record that they cannot digest is a fault of their own.
                divides = answer.status == answers.FAULT
                return await self._refused(page, attempt, "undeliverable", answer, divides=divides)

    async def _refused(
        self,
        page: RecordPage,
        attempt: Attempt,
        outcome: RecordOutcome,
        answer: Response,
        *,
        divides: bool,
    ) -> list[RecordVerdict]:
        """Returns the verdict of a page, or of its halves, until the culprit is alone."""
        records = len(page.bodies)
        if records == 1 or not divides:
            return self._all(
                page, attempt.verdict(outcome, answer.status, self._excerpt(answer.body))
            )
        middle = records // 2
        first = await self._settle(page.part(0, middle), attempt.half())
        if self._ends(first):
            return first + self._all(page.part(middle, records), attempt.verdict("unsent"))
        return first + await self._settle(page.part(middle, records), attempt.half())

    async def _read(
        self, page: RecordPage, attempt: Attempt, answer: Response
    ) -> list[RecordVerdict]:
        """Returns the verdicts of an answer with results; sends again what failed for now."""
        records = len(page.bodies)
        try:
            items = results_of(self._settings, answer, records)
        except PageRefused:
            if not attempt.unsure:
                return await self._refused(page, attempt, "rejected", answer, divides=True)
            if await self._asking.wait(attempt, answer.status):
                return await self._settle(page, attempt)
            outcome: RecordOutcome = "unsent" if self._asking.halted else "undeliverable"
            return await self._refused(page, attempt, outcome, answer, divides=False)
        except UnclearResults as why:
            # The API has answered, and nobody knows what it has taken.
            if answer.complete:
                self._asking.count_ambiguous(attempt)
            text = f"The results are not valid: {why}. {self._excerpt(answer.body)}"
            return self._all(page, attempt.verdict("undeliverable", answer.status, text))
        actions = [
            self._asking.action(item.status, attempt, page.part(at, at + 1))
            for at, item in enumerate(items)
        ]
        verdicts = [
            self._by_item(item, attempt, what) for item, what in zip(items, actions, strict=True)
        ]
        again = [at for at, what in enumerate(actions) if what == "retry"]
        if "rejected" in self._settings.last:
            end = next(
                (at for at, one in enumerate(verdicts) if one.outcome == "rejected"), records
            )
            for at in filter(end.__lt__, again):
                verdicts[at] = attempt.verdict("unsent")
            again = list(filter(end.__gt__, again))
        if again and await self._asking.wait(attempt, items[again[0]].status):
            rest = await self._settle(page.some(again), attempt.half())
            for at, verdict in zip(again, rest, strict=True):
                verdicts[at] = verdict
        return verdicts

    def _ends(self, verdicts: list[RecordVerdict]) -> bool:
        return any(verdict.outcome in self._settings.last for verdict in verdicts)

    def _by_item(
        self, item: RecordResult, attempt: Attempt, action: answers.Action
    ) -> RecordVerdict:
        match action:
            case "delivered" if item.kept is None:
                return attempt.delivered(item.status)
            case "delivered":
                return replace(attempt.delivered(item.status), kept=item.kept)
            case _:
                outcome: RecordOutcome = "undeliverable" if action == "retry" else "rejected"
                status = item.status if item.own else None
                return attempt.verdict(outcome, status, self._excerpt(item.text))

    def _excerpt(self, body: bytes | str) -> str:
        return excerpt(body, self._settings.secrets())

    @staticmethod
    def _all(page: RecordPage, verdict: RecordVerdict) -> list[RecordVerdict]:
        return [verdict] * len(page.bodies)
