"""Asks until an answer decides: waits for its turn, backs off, tries again, or halts."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from typing import TypeGuard

from msgspec.structs import replace

from snapshots.endpoints.http import answers, first_contact
from snapshots.endpoints.http.attempt import Attempt
from snapshots.endpoints.http.page import RecordPage
from snapshots.endpoints.http.response import NoAnswer, Response
from snapshots.endpoints.http.settings import HttpSettings
from snapshots.endpoints.http.stats import Failing, Stats
from snapshots.endpoints.http.transport import Streamed, Transport
from snapshots.errors import CannotConnect, ConnectionLost, SnapshotsError
from snapshots.retry import Retries, RetryPolicy
from snapshots.retry_after import retry_after
from snapshots.time_limits import FIRST_CONTACT_SECONDS, UNSURE_SECONDS

RETRY = RetryPolicy(first_pause=0.1, longest_pause=30.0)
"""How long to try is up to the user."""
FIRST_ANSWERS = 3
"""So many that are the same speak of address and method, and not of the records."""


class Exchange:
    """The requests of one delivery, with their common limits and a reason to halt."""

    def __init__(self, settings: HttpSettings) -> None:
        self.stats = Stats()
        self.transport = Transport(settings, self._count_answer, self.halt)
        self._settings = settings
        self._last_answer = 0.0
        self._error: SnapshotsError | None = None
        self._halted = asyncio.Event()
        self._meeting: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._requests = defaultdict[str, Counter[int]](Counter)
        """The number of answers by method and status."""
        self._misplaced: tuple[str, Response] | None = None
        self._wrong: SnapshotsError | None = None
        self._failure: NoAnswer | None = None
        self._failing: dict[int, tuple[float, str]] = {}

    def close(self) -> None:
        """Ends the connections."""
        if self._meeting is not None:
            self._meeting.cancel()
        self.transport.close()

    def halt(self, error: SnapshotsError) -> None:
        """Lets nothing more be sent; the first reason stays."""
        if self._error is None:
            self._error = error
            self._halted.set()
            self.transport.halt()

    @property
    def halted(self) -> bool:
        """Whether nothing is sent any more."""
        return self._error is not None

    @property
    def misplaced(self) -> SnapshotsError | None:
        """See `HttpEndpoint.misplaced`."""
        if self._misplaced is None or self._wrong is not None:
            return self._wrong
        method, answer = self._misplaced
        self.transport.take()
        if self._decided(method) != {answer.status}:
            return None
        return answers.misplaced(self._settings, answer, method)

    def check(self) -> None:
        """Raises the reason to halt, if there is one."""
        if self._error is not None:
            raise self._error

    async def stream(self) -> Streamed | None:
        """Sends opened rows until an answer is no plain success; None if there are no more.

        Raises the reason to halt.
        """
        try:
            await self.transport.auth.ready()
            self._meet_once()
            streamed = await self.transport.stream()
        except SnapshotsError as error:
            self.halt(error)
            raise
        if streamed is None:
            self.check()
        elif isinstance(streamed.answer, NoAnswer):
            self._failure = streamed.answer
        return streamed

    async def ask(
        self, page: RecordPage, attempt: Attempt, answer: Response | NoAnswer | None = None
    ) -> Response | NoAnswer | None:
        """The answer that decides, the last failure when there is no time left, or None: halted.

        `answer`: one that this page already got.
        """
        try:
            while True:
                if answer is None:
                    answer = await self._send(page)
                    if answer is None:
                        return None
                    attempt.requests += 1
                if self._refuses_us(answer, attempt) and await self._renewed(answer, page):
                    answer = None
                    continue
                if self._decides(answer, attempt, page):
                    return answer
                if self._error is not None or not await self._again(attempt, answer):
                    return None if self._error is not None else answer
                answer = None
        finally:
            self._no_longer_failing(attempt)

    def _refuses_us(self, answer: Response | NoAnswer, attempt: Attempt) -> TypeGuard[Response]:
        """Returns whether other headers may help that prove who we are. They do so once."""
        if not self.transport.auth.renewable:
            return False
        refused = isinstance(answer, Response) and answer.status == answers.UNAUTHORIZED
        attempt.renewed, before = refused, attempt.renewed
        return refused and not before

    async def _renewed(self, answer: Response, page: RecordPage) -> bool:
        """Returns whether there are other headers than those that were refused; else it halts."""
        try:
            await self.transport.renew(answer.proof)
        except SnapshotsError as error:
            self.halt(error)
        if self._error is None:
            self._count_answer(answer.status, 1, page.method)
            self.transport.client.answered()
        return self._error is None

    async def _send(self, page: RecordPage) -> Response | NoAnswer | None:
        """Sends one request; None: nothing is sent any more."""
        try:
            await self.transport.auth.ready()
            self._meet_once()
            self.expect()
            return await self.transport.send(page)
        except NoAnswer as failure:
            self._failure = failure
            return failure
        except SnapshotsError as error:
            self.halt(error)
            return None

    def expect(self) -> None:
        """Has the server's silence count from now on: there is something to send."""
        self._wanted.set()

    def _meet_once(self) -> None:
        if self._meeting is None and self._settings.wary:
            self._meeting = asyncio.create_task(self._meet())

    async def wait(self, attempt: Attempt, status: int) -> bool:
        """Waits before records are sent again whose own result was a temporary failure. Returns
        False if they may not be."""
        return await self._again(attempt, Response(status, {}, b"", complete=True))

    def action_of_answer(self, status: int, attempt: Attempt, page: RecordPage) -> answers.Action:
        """Returns what to do about an answer of this status to a page."""
        by_body = status in self._settings.body_decides
        return "results" if by_body else self.action(status, attempt, page)

    def action(self, status: int, attempt: Attempt, page: RecordPage) -> answers.Action:
        """Returns what to do about a status that concerns the records of a page."""
        if (page.method or self._settings.method) == "DELETE" and status in answers.GONE:
            # Whoever was to be deleted is not there, whatever else was lost. Of some, one is not.
            return "delivered" if len(page.bodies) == 1 else "refused"
        return answers.action(status, unsure=attempt.unsure)

    def _decides(self, answer: Response | NoAnswer, attempt: Attempt, page: RecordPage) -> bool:
        """Counts an answer, and returns whether it says what became of the records."""
        self.transport.take()
        if isinstance(answer, NoAnswer):
            self._count_failure(answer, attempt)
            return False
        self._count_answer(answer.status, 1, page.method)
        attempt.behind |= answer.status in answers.BEHIND
        if answer.status not in answers.THROTTLED:
            self.transport.client.answered()
        match self.action_of_answer(answer.status, attempt, page):
            case "delivered":
                return True
            case "refused":
                return not self._is_misplaced(answer, page.method or self._settings.method)
            case "results" if answer.status in self._settings.body_decides:
                if not answer.complete:
                    self.count_ambiguous(attempt)
                return answer.complete
            case "results" | "halt":
                self.halt(answers.misconfigured(self._settings, answer))
        return False

    def _is_misplaced(self, answer: Response, method: str) -> bool:
        """Returns whether a refusal says that nothing can be sent this way, whatever it is; then it
        halts."""
        if not self._settings.wary:
            return False
        decided = self._decided(method)
        if decided != {answer.status}:
            return False
        if error := answers.wants_tls(self._settings, answer):
            self.halt(error)
            return True
        of_record = self._settings.address is not None or method == "DELETE"
        if answer.status not in answers.MISPLACED or (of_record and answer.status in answers.GONE):
            return False
        self._misplaced = (method, answer)
        if self._requests[method][answer.status] < FIRST_ANSWERS:
            return False
        self._wrong = answers.misplaced(self._settings, answer, method)
        self.halt(self._wrong)
        return True

    def _decided(self, method: str) -> set[int]:
        """The statuses so far of this method that say what becomes of a record."""
        return {
            status
            for status in self._requests[method]
            if answers.action(status) in {"delivered", "refused", "results"}
        }

    async def _meet(self) -> None:
        """Halts if nothing that was sent is answered in HTTP, and says what is spoken there."""
        await self._wanted.wait()
        await self._sleep(FIRST_CONTACT_SECONDS - first_contact.LOOK_SECONDS)
        if self._met():
            return
        until = time.monotonic() + first_contact.LOOK_SECONDS
        spoken = await self.transport.look()
        await self._sleep(until - time.monotonic())
        if (spoken == "http" and not self._settings.http2) or self._met():
            return
        self.halt(answers.no_http(self._settings, spoken, self._failure))
        self.transport.give_up("the server has not answered in HTTP")

    def _met(self) -> bool:
        self.transport.take()
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
            self.transport.client.faulted()
            return
        self.transport.client.throttled()
        if asked:
            # It concerns whoever comes next as much as this request.
            self.transport.client.pause(asked)

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
            if answer.reached:
                self.halt(answers.no_http(self._settings, "other", answer))
                return
            hint = "Check the address, and that the server runs; then repeat the command."
            kind = ConnectionLost if self.stats.requests else CannotConnect
            text = f"The API cannot be reached: {answer}"
            self.halt(kind(text, place=place, hint=hint, retryable=True))

    def _count_answer(self, status: int, times: int, method: str | None) -> None:
        self.stats.requests[status] += times
        self._requests[method or self._settings.method][status] += times
        self._last_answer = time.monotonic()

    def _count_failure(self, failure: NoAnswer, attempt: Attempt) -> None:
        if failure.sent:
            self.count_ambiguous(attempt)
        else:
            self.stats.unreached += 1

    def count_ambiguous(self, attempt: Attempt) -> None:
        """Counts a request of which nobody knows whether its records were taken."""
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
