"""Sends the rejects of a finished delivery again: corrected, or as they are.

A batch is sent first, and then settled in one transaction. A record that was sent keeps its
idempotency key until its answer is in the ledger: killed in between, the same command sends it
again with the same key. After a refusal it gets another key, because some APIs repeat their answer
to a key that they know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots._native import Outbox
from snapshots.endpoints.http import HttpEndpoint, RecordPage, RecordVerdict, request_plan
from snapshots.engine.delivery.parcel import NO_ADDRESS, WHY_NO_ADDRESS
from snapshots.engine.delivery.quota import DayQuota
from snapshots.engine.delivery.settings import settings
from snapshots.engine.plan.corrected import plan_of_corrections
from snapshots.engine.repair import allowed
from snapshots.engine.repair.replay import RejectReplay, TriedRecord
from snapshots.engine.repair.report import ReplayReport
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import RefusedRows, Undeliverable
from snapshots.ledger import repairs
from snapshots.ledger.answers import Answer, keep
from snapshots.model import Reject

if TYPE_CHECKING:
    from snapshots._native import Block
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target


class Resend(RejectReplay):
    """One resending of the rejects of one delivery."""

    def _prepare(self, target: Target, read: Plan) -> None:
        day = read.request.per_day
        quota = None if day is None else DayQuota(target, read.request.url, day)
        self._settings = settings(read.request, quota=quota)
        self._seed = read.request.seed
        self._columns = [column.name for column in read.contract.columns]
        self._converters = {
            True: plan_of_corrections(read).converter(0),
            False: read.converter(0),
        }
        # The address and the secrets of the ledger's plan are no change of how records are read.
        self._read_as = None
        self._tried: Sequence[TriedRecord] = ()
        self._kept: dict[int, Answer] = {}
        """What is kept of the last answers, by line."""
        self._answered: frozenset[int] = frozenset()
        """Lines of records that the API has refused just now."""
        self._statuses: dict[int, int | None] = {}
        """The last status of each record that was sent just now, by its line."""

    def _require_allowed(self, ledger: Ledger, entry: Entry) -> None:
        allowed.require_resendable(ledger, entry)

    def _is_no_news(self, one: TriedRecord, refusal: Reject) -> bool:
        # The next key depends on how often the API has refused the record.
        return refusal.line not in self._answered and super()._is_no_news(one, refusal)

    def _try(self, ledger: Ledger, tried: Sequence[TriedRecord], found: ReplayReport) -> None:
        del ledger, found
        self._tried = tried

    def _transaction(self, step: Callable[[Ledger], ReplayReport]) -> None:
        found = self._durably(step)
        tried = self._tried
        refused, undecided = self._sent(tried)
        fault_point("resend-sent")
        decided = [one for one in tried if one.kept.reject.line not in undecided]
        super()._transaction(partial(self._account, decided, refused, found))
        if undecided:
            raise Undeliverable(
                f"the API has neither accepted nor refused {len(undecided):,} of the records; the"
                f" last answer: {next(reversed(undecided.values()))}",
                hint="the same command sends them again, with the same keys",
                retryable=True,
            )

    def _account(
        self,
        tried: Sequence[TriedRecord],
        refused: dict[int, Reject],
        found: ReplayReport,
        ledger: Ledger,
    ) -> ReplayReport:
        """Settles what was decided, unless somebody else has done so meanwhile."""
        counted = replace(found, examples=list(found.examples))
        lines = [one.kept.reject.line for one in tried]
        now = repairs.of_lines(ledger, self._entry.import_id, lines)
        left = [one for one in tried if now.get(one.kept.reject.line) == one.kept]
        self._settle(ledger, left, refused, counted)
        taken = [self._kept.get(one.kept.reject.line) for one in left]
        keep(ledger.session, self._entry.import_id, [one for one in taken if one is not None])
        self._confirm(ledger, lines, refused)
        return counted

    def _confirm(self, ledger: Ledger, lines: Sequence[int], refused: dict[int, Reject]) -> None:
        """Notes what the API has, in the transaction that settles these records."""

    def _sent(self, tried: Sequence[TriedRecord]) -> tuple[dict[int, Reject], dict[int, str]]:
        """Sends records. Returns why some stay rejects, and what is known of those that got no
        final answer, by their lines."""
        refused: dict[int, Reject] = {}
        pages: list[tuple[int, RecordPage]] = []
        for one in tried:
            line, made = one.kept.reject.line, self._made(one)
            if isinstance(made, Reject):
                refused[line] = made
            elif made is not None:
                pages.append((line, made))
        undecided: dict[int, str] = {}
        self._kept = {}
        self._answered = frozenset()
        self._statuses = {}
        if not pages:
            return refused, undecided
        each = [one for _, one in pages]
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            verdicts = runner.run(self._deliver(each))
        for (line, _), verdict in zip(pages, verdicts, strict=True):
            self._statuses[line] = verdict.status
            status = "" if verdict.status is None else f"HTTP {verdict.status}"
            answer = ": ".join(filter(None, (status, verdict.body)))
            if verdict.kept is not None:
                self._kept[line] = Answer(line, None, verdict.kept)
            if verdict.outcome == "rejected":
                refused[line] = Reject(line, 0, None, RefusedRows.code, answer, b"")
            elif verdict.outcome != "delivered":
                undecided[line] = answer or "none"
        self._answered = frozenset(line for line, _ in pages if line in refused)
        return refused, undecided

    def _made(self, one: TriedRecord) -> RecordPage | Reject | None:
        """The request of a record, or why there is none. None: the API has the row already."""
        converter = self._converters[one.correction is not None]
        block = converter.convert(one.chunk, 0, one.chunk.line, len(one.chunk))
        if block.records != 1 or block.skipped:
            return one.kept.reject
        if block.rejected:
            return Reject(*block.rejects()[0])
        return self._request(block, one.kept.reject.line, one.kept.attempts)

    def _request(self, block: Block, line: int, attempts: int) -> RecordPage | Reject | None:
        """The request of a row, or why there is none. None: the API has the row already."""
        plan = request_plan(self._settings, f"{self._seed} {attempts + 1}", self._columns)
        return self._page(Outbox(block, plan), line)

    def _page(self, outbox: Outbox, line: int) -> RecordPage | Reject:
        if outbox.incomplete():
            return Reject(line, 0, None, NO_ADDRESS, WHY_NO_ADDRESS, b"")
        paths = outbox.paths(0, 1)
        return RecordPage(outbox.bodies(0, 1), outbox.keys(0, 1), outbox.method(0), paths)

    async def _deliver(self, each: Sequence[RecordPage]) -> list[RecordVerdict]:
        async with HttpEndpoint(self._settings) as endpoint:
            return await endpoint.deliver(*each)
