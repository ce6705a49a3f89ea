"""Asks until an answer decides: waits for its turn, backs off, tries again, or halts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from snapshots._native import Credit
from snapshots.endpoints.http import answers, first_contact
from snapshots.endpoints.http.attempt import Attempt
from snapshots.endpoints.http.concurrency_limit import ConcurrencyLimit
from snapshots.endpoints.http.connection import NoAnswer, Response
from snapshots.endpoints.http.page import RecordPage, RequestSource
from snapshots.endpoints.http.rate_limit import RequestRate
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.endpoints.http.stats import Failing, Stats
from snapshots.endpoints.http.transport import Transport
from snapshots.errors import CannotConnect, ConnectionLost, SnapshotsError
from snapshots.retry import Retries, RetryPolicy
from snapshots.retry_after import retry_after
from snapshots.time_limits import FIRST_CONTACT_SECONDS, UNSURE_SECONDS

RETRY = RetryPolicy(first_pause=0.1, longest_pause=30.0)
"""How long to try is up to the user."""
FIRST_ANSWERS = 3
"""So many that are the same speak of address and method, and not of the records."""
CREDIT_SECONDS = 0.02
"""Seconds that requests may follow each other without asking."""


class Exchange:
    """The requests of one delivery, with their common limits and a reason to halt."""

    def __init__(self, settings: HttpSettings) -> None:
        self.stats = Stats()
        self.limiter = ConcurrencyLimit(settings.concurrency)
        self.credit = Credit()
        self._settings = settings
        self._transport = Transport(settings)
        self._rate = RequestRate(settings.rate) if settings.rate else None
        self._last_answer = 0.0
        self._error: SnapshotsError | None = None
        self._halted = asyncio.Event()
        self._meeting: asyncio.Task[None] | None = None
        self._misplaced: Response | None = None
        self._wrong: SnapshotsError | None = None
        self._failure: NoAnswer | None = None
        self._failing: dict[int, tuple[float, str]] = {}

    def close(self) -> None:
        """Ends the connections."""
        if self._meeting is not None:
            self._meeting.cancel()
        self._transport.close()

    def halt(self, error: SnapshotsError) -> None:
        """Lets nothing more be sent; the first reason stays."""
        if self._error is None:
            self._error = error
            self._halted.set()
            self.credit.revoke()
            self.limiter.open()

    @property
    def halted(self) -> bool:
        """Whether nothing is sent any more."""
        return self._error is not None

    @property
    def misplaced(self) -> SnapshotsError | None:
        """See `HttpEndpoint.misplaced`."""
        answer = self._misplaced
        if answer is None or self._wrong is not None:
            return self._wrong
        self.settle()
        if self._decided() != {answer.status}:
            return None
        return answers.misplaced(self._settings, answer)

    def check(self) -> None:
        """Raises the reason to halt, if there is one."""
        if self._error is not None:
            raise self._error

    async def stream(self, slot: RequestSource) -> Response | NoAnswer | None:
        """Makes the requests of a slot as long as all succeed.

        Returns the first answer that is no plain success, or None when there is nothing to be sent
        for now. Raises the reason to halt.
        """

        def onward(status: int) -> bytes | None:
            self._count_answer(status)
            self.limiter.answered()
            slot.delivered()
            return slot.next() if self._free() else None

        async def streamed() -> Response | None:
            return await self._transport.stream(slot.request, onward, slot.request_stream)

        return await self._in_turn(streamed)

    def grant(self, requests: int) -> None:
        """Allows this many requests to follow plain successes by `RequestSource.request_stream`, if
        the limits allow it."""
        if requests > 0 and self._free():
            self.credit.grant(requests, CREDIT_SECONDS, self._transport.head())
        else:
            # What was granted before may be more than there is room for now.
            self.credit.revoke()

    def settle(self) -> int:
        """Counts what was done on credit. Returns how many requests that were since the start."""
        for status, times in self.credit.answers():
            self._count_answer(status, times)
            self.limiter.answered(times)
        if not self._free():
            self.credit.revoke()
        return self.credit.used

    def _free(self) -> bool:
        """Whether the owner of a slot may go on at once."""
        return self._rate is None and self._error is None and not self.limiter.crowded

    async def ask(
        self, page: RecordPage, attempt: Attempt, answer: Response | NoAnswer | None = None
    ) -> Response | NoAnswer | None:
        """The answer that decides, the last failure when there is no time left, or None: halted.

        `answer`: one that this page already got.
        """

        async def sent() -> Response:
            attempt.requests += 1
            return await self._transport.send(page)

        try:
            while True:
                try:
                    answer = answer or await self._in_turn(sent)
                except SnapshotsError:
                    return None
                assert answer is not None  # noqa: S101 - a single request has an answer
                if self._decides(answer, attempt):
                    return answer
                if self._error is not None or not await self._again(attempt, answer):
                    return None if self._error is not None else answer
                answer = None
        finally:
            self._no_longer_failing(attempt)

    async def _in_turn(
        self, work: Callable[[], Awaitable[Response | None]]
    ) -> Response | NoAnswer | None:
        """Waits until a request may be made, and makes it. Raises the reason to halt."""
        if self._meeting is None and self._settings.wary:
            self._meeting = asyncio.create_task(self._meet())
        if not self.limiter.take():
            # Slots are given back, one after the other, until whoever waits has one.
            self.credit.revoke()
            await self.limiter.enter()
        try:
            if self._rate is not None:
                await self._sleep(self._rate.take())
            self.check()
            return await work()
        except NoAnswer as failure:
            self._failure = failure
            return failure
        except SnapshotsError as error:
            self.halt(error)
            raise
        finally:
            self.limiter.leave()

    async def wait(self, attempt: Attempt, status: int) -> bool:
        """Waits before records are sent again whose own result was a temporary failure. Returns
        False if they may not be."""
        return await self._again(attempt, Response(status, {}, b"", complete=True))

    def _decides(self, answer: Response | NoAnswer, attempt: Attempt) -> bool:
        """Counts an answer, and returns whether it says what became of the records."""
        self.settle()
        if isinstance(answer, NoAnswer):
            self._count_failure(answer, attempt)
            return False
        self._count_answer(answer.status)
        attempt.behind |= answer.status in answers.BEHIND
        if answer.status not in answers.THROTTLED:
            self.limiter.answered()
        match answers.action(answer.status, unsure=attempt.unsure):
            case "delivered":
                return True
            case "refused":
                return not self._is_misplaced(answer)
            case "results" if self._settings.results != "none":
                if not answer.complete:
                    self._count_ambiguous(attempt)
                return answer.complete
            case "results" | "halt":
                self.halt(answers.misconfigured(self._settings, answer))
        return False

    def _is_misplaced(self, answer: Response) -> bool:
        """Returns whether a refusal says that nothing can be sent this way, whatever it is; then it
        halts."""
        if not self._settings.wary:
            return False
        decided = self._decided()
        if decided != {answer.status}:
            return False
        if error := answers.wants_tls(self._settings, answer):
            self.halt(error)
            return True
        if answer.status not in answers.MISPLACED:
            return False
        self._misplaced = answer
        if self.stats.requests[answer.status] < FIRST_ANSWERS:
            return False
        self._wrong = answers.misplaced(self._settings, answer)
        self.halt(self._wrong)
        return True

    def _decided(self) -> set[int]:
        """Counts the statuses so far that say what becomes of a record."""
        return {
            status
            for status in self.stats.requests
            if answers.action(status) in {"delivered", "refused", "results"}
        }

    async def _meet(self) -> None:
        """Halts if nothing that was sent is answered in HTTP, and says what is spoken there."""
        await self._sleep(FIRST_CONTACT_SECONDS - first_contact.LOOK_SECONDS)
        if self._met():
            return
        until = time.monotonic() + first_contact.LOOK_SECONDS
        spoken = await self._transport.look()
        await self._sleep(until - time.monotonic())
        if spoken == "http" or self._met():
            return
        self.halt(answers.no_http(self._settings, spoken, self._failure))
        self._transport.give_up("the server has not answered in HTTP")

    def _met(self) -> bool:
        self.settle()
        return bool(self.stats.requests) or self.halted

    async def _again(self, attempt: Attempt, answer: Response | NoAnswer) -> bool:
        """Sleeps until the request may be made again; False when it may not."""
        asked = None
        if isinstance(answer, Response):
            asked = retry_after(answer.headers.get("retry-after"))
        if attempt.retries is None:
            attempt.retries = Retries(replace(RETRY, seconds=self._patience(answer)))
        retries = attempt.retries
        retries.failed()
        if isinstance(answer, Response) and answers.action(answer.status) == "refused":
            if not attempt.narrowed:
                retries.narrow(UNSURE_SECONDS)
            attempt.narrowed = True
        self._fails(attempt, answer)
        wait = retries.pause(asked)
        again = retries.may_go_on(wait)
        if not again:
            self._give_up(retries, answer, asked)
        if isinstance(answer, Response) and answer.status in answers.THROTTLED:
            self._slow_down(answer, asked)
        if not again:
            return False
        await self._sleep(wait)
        self.stats.retries += self._error is None
        return self._error is None

    def _fails(self, attempt: Attempt, answer: Response | NoAnswer) -> None:
        assert attempt.retries is not None  # noqa: S101 - something has failed
        failure = answers.describe(self._settings, answer)
        self._failing[id(attempt)] = (_began(attempt.retries), failure)
        self._tell_failing(failure)

    def _no_longer_failing(self, attempt: Attempt) -> None:
        if self._failing.pop(id(attempt), None) is not None:
            self._tell_failing()

    def _tell_failing(self, last: str | None = None) -> None:
        if not self._failing:
            self.stats.failing = None
            return
        since = min(began for began, _ in self._failing.values())
        last = last or next(reversed(self._failing.values()))[1]
        self.stats.failing = Failing(last, since, len(self._failing))

    def _slow_down(self, answer: Response, asked: float | None) -> None:
        self.stats.throttled += 1
        if asked is None and answer.status != answers.TOO_MANY:
            self.limiter.faulted()
            return
        self.limiter.throttled()
        if asked:
            # It concerns whoever comes next as much as this request.
            self.limiter.pause(asked)
        self.credit.revoke()

    def _patience(self, answer: Response | NoAnswer) -> float:
        seconds = self._settings.retry_seconds
        known = self.stats.requests or isinstance(answer, Response) or answer.sent
        # Of first contact another task takes care then.
        known = known or self._settings.wary
        return seconds if known else min(seconds, FIRST_CONTACT_SECONDS)

    def _give_up(self, retries: Retries, answer: Response | NoAnswer, asked: float | None) -> None:
        """Halts where it is no fault of the records and the others would fare no better."""
        place = self._settings.display()
        if isinstance(answer, Response):
            if (
                asked
                and asked > self._settings.retry_seconds
                and answer.status in answers.THROTTLED
            ):
                self.halt(answers.wait_longer(self._settings, answer.status, asked))
        elif not answer.sent and self._last_answer < _began(retries):
            # Nobody was answered for all that time, and now the server cannot be reached.
            hint = "Check the address, and that the server runs; then repeat the command."
            kind = ConnectionLost if self.stats.requests else CannotConnect
            text = f"The API cannot be reached: {answer}"
            self.halt(kind(text, place=place, hint=hint, retryable=True))

    def _count_answer(self, status: int, times: int = 1) -> None:
        self.stats.requests[status] += times
        self._last_answer = time.monotonic()

    def _count_failure(self, failure: NoAnswer, attempt: Attempt) -> None:
        if failure.sent:
            self._count_ambiguous(attempt)
        else:
            self.stats.unreached += 1

    def _count_ambiguous(self, attempt: Attempt) -> None:
        self.stats.ambiguous += 1
        attempt.ambiguous += 1

    async def _sleep(self, seconds: float) -> None:
        """Sleeps, and wakes early when the delivery is halted."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._halted.wait(), seconds)
        except TimeoutError:
            return


def _began(retries: Retries) -> float:
    """When the first failure was, of something that has failed."""
    assert retries.began is not None  # noqa: S101 - for the type checker
    return retries.began
