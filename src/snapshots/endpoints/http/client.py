"""Delivers pages of records: turns answers into verdicts.

Read `_settle` first: it makes one request, and makes the verdicts from its last answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from snapshots.endpoints.http import answers
from snapshots.endpoints.http.attempt import Attempt
from snapshots.endpoints.http.combocurve_results import (
    PageRefused,
    RecordResult,
    UnclearResults,
    combocurve,
)
from snapshots.endpoints.http.connection import NoAnswer, Response
from snapshots.endpoints.http.exchange import Exchange
from snapshots.endpoints.http.page import RecordOutcome, RecordPage, RecordVerdict, RequestSource
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.endpoints.http.stats import Stats
from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from snapshots._native import Credit


class HttpEndpoint:
    """An API that records are delivered to, for the pages of one event loop.

    Any number of `stream` and `deliver` calls may run at once. Together they make at most
    `concurrency` requests at a time. A record is sent again only while nobody knows whether it was
    taken, or after the API said that it was not.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._asking = Exchange(settings)

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
        """What was done so far. Requests made on credit are missing until `settle` is called."""
        return self._asking.stats

    @property
    def credit(self) -> Credit:
        """The credit by which a slot makes requests without asking; see
        `RequestSource.request_stream`."""
        return self._asking.credit

    def grant(self, requests: int) -> None:
        """Gives the slots credit for this many requests, for a moment. It replaces the credit they
        had. None is given while limits must be checked for each request."""
        self._asking.grant(requests)

    def settle(self) -> int:
        """Counts what was done on credit. Returns how many requests that were since the start."""
        return self._asking.settle()

    @property
    def limit(self) -> int:
        """How many requests may be under way now; at most `concurrency`."""
        return self._asking.limiter.limit

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

    async def stream(
        self, slot: RequestSource, asked_before: Callable[[], bool] = lambda: False
    ) -> list[RecordVerdict]:
        """Makes the requests of a slot, one after the other, as long as all succeed.

        Returns the verdicts about the first one that does not, which is the slot's page then; none
        if the slot had nothing more. `asked_before` tells whether an earlier run may have sent
        records of that page without an answer. Raises what `deliver` raises, unless records may
        have arrived.
        """
        answer = await self._asking.stream(slot)
        if answer is None:
            return []
        attempt = Attempt(requests=1, asked_before=asked_before())
        verdicts = await self._settle(slot.page, attempt, answer)
        # That they may have arrived is to be known, whatever else is wrong.
        return (
            verdicts if any(one.ambiguous for one in verdicts) else self._unless_stopped(verdicts)
        )

    async def deliver(self, page: RecordPage) -> list[RecordVerdict]:
        """Sends a page and returns one verdict for each record, in their order.

        Raises CannotConnect if the API does not let us in, redirects or cannot be reached;
        TargetError if its answers cannot be read. Both stop the whole delivery. If some records of
        the page were settled before, their verdicts are returned and the others are `unsent`.
        Giving those again raises the error.
        """
        self._asking.check()
        size, records = self._settings.batch, len(page.bodies)
        if records <= size:
            verdicts = await self._settle(page, Attempt()) if records else []
        else:
            verdicts = await self._deliver_parts(page, range(0, records, size))
        return self._unless_stopped(verdicts)

    def _unless_stopped(self, verdicts: list[RecordVerdict]) -> list[RecordVerdict]:
        """Returns the verdicts, or raises the reason to halt if none of them says anything."""
        if verdicts and all(one.outcome == "unsent" for one in verdicts):
            self._asking.check()
        return verdicts

    async def _deliver_parts(self, page: RecordPage, starts: range) -> list[RecordVerdict]:
        parts: list[list[RecordVerdict]] = [[]] * len(starts)
        rest = iter(enumerate(starts))

        async def work() -> None:
            for number, start in rest:
                parts[number] = await self._settle(page.part(start, start + starts.step), Attempt())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._settings.concurrency, len(starts))):
                group.create_task(work())
        return [verdict for part in parts for verdict in part]

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
        match answers.action(answer.status, unsure=attempt.unsure):
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
            if not answer.complete:
                raise UnclearResults("the body was cut off")
            items = combocurve(answer.body, records)
        except PageRefused:
            if not attempt.unsure:
                return await self._refused(page, attempt, "rejected", answer, divides=True)
            if await self._asking.wait(attempt, answer.status):
                return await self._settle(page, attempt)
            outcome: RecordOutcome = "unsent" if self._asking.halted else "undeliverable"
            return await self._refused(page, attempt, outcome, answer, divides=False)
        except UnclearResults as why:
            text = f"The results are not valid: {why}. {self._excerpt(answer.body)}"
            return self._all(page, attempt.verdict("undeliverable", answer.status, text))
        verdicts = [self._by_item(item, attempt) for item in items]
        actions = [answers.action(item.status, unsure=attempt.unsure) for item in items]
        again = [at for at, what in enumerate(actions) if what == "retry"]
        if "rejected" in self._settings.last:
            end = next(
                (at for at, one in enumerate(verdicts) if one.outcome == "rejected"), records
            )
            for at in filter(end.__lt__, again):
                verdicts[at] = attempt.verdict("unsent")
            again = list(filter(end.__gt__, again))
        if again and await self._asking.wait(attempt, items[again[0]].status):
            rest = RecordPage([page.bodies[at] for at in again], [page.keys[at] for at in again])
            for at, verdict in zip(again, await self._settle(rest, attempt.half()), strict=True):
                verdicts[at] = verdict
        return verdicts

    def _ends(self, verdicts: list[RecordVerdict]) -> bool:
        return any(verdict.outcome in self._settings.last for verdict in verdicts)

    def _by_item(self, item: RecordResult, attempt: Attempt) -> RecordVerdict:
        match answers.action(item.status, unsure=attempt.unsure):
            case "delivered":
                return attempt.delivered(item.status)
            case "retry":
                return attempt.verdict("undeliverable", item.status, self._excerpt(item.text))
            case _:
                return attempt.verdict("rejected", item.status, self._excerpt(item.text))

    def _excerpt(self, body: bytes | str) -> str:
        return answers.excerpt(body, self._settings.secrets())

    @staticmethod
    def _all(page: RecordPage, verdict: RecordVerdict) -> list[RecordVerdict]:
        return [verdict] * len(page.bodies)
