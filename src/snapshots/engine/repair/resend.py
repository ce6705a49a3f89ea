"""Sends the rejects of a finished delivery again: corrected, or as they are.

A batch is sent first, and then settled in one transaction. A record that was sent keeps its
idempotency key until its answer is in the ledger: killed in between, the same command sends it
again with the same key. After a refusal it gets another key, because some APIs repeat their answer
to a key that they know.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from snapshots._native import Outbox
from snapshots.endpoints.http import HttpEndpoint, RecordPage, RecordVerdict, run
from snapshots.engine.delivery.settings import settings
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.plan.corrected import plan_of_corrections
from snapshots.engine.repair import allowed
from snapshots.engine.repair.replay import RejectReplay, TriedRecord
from snapshots.engine.repair.report import ReplayOptions, ReplayReport
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import RefusedRows, Undeliverable
from snapshots.ledger import repairs
from snapshots.model import Reject

if TYPE_CHECKING:
    from snapshots._native import Block
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Target


def resend_rejects(
    import_id: int,
    target: Target,
    options: ReplayOptions,
    say: Callable[[str], None],
    given: Endpoint | None = None,
    url: str | None = None,
    stop: threading.Event | None = None,
) -> ReplayReport:
    """Sends rejects of one delivery again. `say` gets sentences about the ledger. `given` has the
    values of headers, which the ledger does not store; `url` is where the API is now.

    Raises NoSuchImport, Forbids or ImportBusy where that cannot be done; UsageError, also for a
    file that is no file of corrections; Undeliverable where some have got no final answer, and
    CannotConnect where the API lets nobody in: then the same command sends them again.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as session:
        ledger = session.ledger
        entry = allowed.find(ledger, import_id)
        plan = allowed.require_resendable(ledger, entry)
        request = plan.request.with_secrets_of(given)
        if url is not None:
            request = replace(request, url=url)
        with closing(_Resend(session, entry, replace(plan, into=request), options, stop)) as one:
            return one.run()


class _Resend(RejectReplay):
    """One resending of the rejects of one delivery."""

    def _prepare(self, target: Target, read: Plan) -> None:
        del target
        self._settings = settings(read.request)
        self._seed = read.request.seed
        self._converters = {
            True: plan_of_corrections(read).converter(0),
            False: read.converter(0),
        }
        # The address and the secrets of the ledger's plan are no change of how records are read.
        self._read_as = None
        self._tried: Sequence[TriedRecord] = ()
        self._answered: frozenset[int] = frozenset()
        """Lines of records that the API has refused just now."""

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
        return counted

    def _sent(self, tried: Sequence[TriedRecord]) -> tuple[dict[int, Reject], dict[int, str]]:
        """Sends records. Returns why some stay rejects, and what is known of those that got no
        final answer, by their lines."""
        refused: dict[int, Reject] = {}
        pages: list[tuple[int, str, bytes]] = []
        for one in tried:
            line = one.kept.reject.line
            converter = self._converters[one.correction is not None]
            block = converter.convert(one.chunk, 0, one.chunk.line, len(one.chunk))
            if block.records != 1 or block.skipped:
                refused[line] = one.kept.reject
            elif block.rejected:
                refused[line] = Reject(*block.rejects()[0])
            else:
                pages.append((line, *self._request(block, one.kept.attempts)))
        undecided: dict[int, str] = {}
        self._answered = frozenset()
        if not pages:
            return refused, undecided
        page = RecordPage([body for _, _, body in pages], [key for _, key, _ in pages])
        verdicts = run(self._deliver(page))
        for (line, _, _), verdict in zip(pages, verdicts, strict=True):
            answer = f"HTTP {verdict.status}: {verdict.body}".rstrip(": ")
            if verdict.outcome == "rejected":
                refused[line] = Reject(line, 0, None, RefusedRows.code, answer, b"")
            elif verdict.outcome != "delivered":
                undecided[line] = answer if verdict.status else verdict.body or "none"
        self._answered = frozenset(line for line, _, _ in pages if line in refused)
        return refused, undecided

    def _request(self, block: Block, attempts: int) -> tuple[str, bytes]:
        """The key and the body of a row."""
        secret = f"{self._seed} {attempts + 1}".encode()
        outbox = Outbox(block, secret, self._settings.key_header, 1, self._settings.arrays)
        return outbox.keys(0, 1)[0], outbox.bodies(0, 1)[0]

    async def _deliver(self, page: RecordPage) -> list[RecordVerdict]:
        async with HttpEndpoint(self._settings) as endpoint:
            return await endpoint.deliver(page)
