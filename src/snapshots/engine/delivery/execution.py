"""Carries out one delivery: one thread reads, one sends, and the main thread watches."""

from __future__ import annotations

import asyncio
import dataclasses
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots._native import Outbox
from snapshots.endpoints.http import HttpEndpoint, request_plan
from snapshots.engine.delivery.change_finder import ChangeFinder
from snapshots.engine.delivery.change_parcel import ChangeParcel, outbox_of
from snapshots.engine.delivery.group_commit import unwritten
from snapshots.engine.delivery.ledger_writer import LedgerWriter
from snapshots.engine.delivery.packing import Packer
from snapshots.engine.delivery.parcel import Parcel
from snapshots.engine.delivery.parcel_queue import MOST_COMPARED, MOST_READY, ParcelQueue
from snapshots.engine.delivery.quota import DayQuota
from snapshots.engine.delivery.sender import Sender
from snapshots.engine.delivery.settings import settings
from snapshots.engine.delivery.vanished_keys import VanishedKeys
from snapshots.engine.events import Committed, Notice, Progress, Retrying
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.job import JobOutcome
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.limits import StopConditions
from snapshots.engine.plan.plan import UnansweredRows
from snapshots.engine.support import threads
from snapshots.errors import LedgerError
from snapshots.ledger.destinations import find
from snapshots.model import Counts, Reject
from snapshots.time_limits import HEARTBEAT_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from snapshots._native import Block
    from snapshots.endpoints.http import Failing
    from snapshots.engine.input.cut import Piece
    from snapshots.engine.job import JobContext
    from snapshots.engine.plan.endpoint import Endpoint
    from snapshots.ports import Target

FAILING_SECONDS = 2.0
"""Failures are reported once they have lasted this long."""
AGAIN_SECONDS = 15.0
"""Seconds between two reports of the same failure."""


class DeliveryExecution:
    """Runs the threads of one delivery. Use an instance once."""

    def __init__(self, home: Target, task: JobContext, request: Endpoint) -> None:
        self._home = home
        self._task = task
        self._request = request
        stop_on_error = task.options.stop_on_error
        quota = None if request.per_day is None else DayQuota(home, request.url, request.per_day)
        self._settings = dataclasses.replace(
            settings(request, stop_on_error=stop_on_error, quota=quota), first=task.options.first
        )
        # A plan says from the start what its first run may send.
        self._before = task.plan.unheard if task.lease.fence > 1 else UnansweredRows()
        chunks = tuple(task.chunks())
        pending = sum(chunk.pending for chunk in chunks)
        taken = task.committed + Counts(records=pending)
        # What the limit leaves is for the packer to take; here every record is on its way.
        self._watch = StopConditions(
            task.options.allowed, committed=taken, limit=None, stop=task.stop
        )
        limit = task.options.limit
        plan = task.plan
        self._reader = Reader(
            task.source,
            plan.dialect,
            plan.chunk_size,
            Remainder.after(chunks),
            task.content_hash,
        )
        columns = [column.name for column in plan.contract.columns]
        self._requests = request_plan(self._settings, plan.request.seed, columns)
        self._finder = _finder(home, task, request, self._require_no_stop)
        self._packer = Packer(
            self._reader,
            plan.converter(0),
            self._parcel,
            begun=chunks,
            left=None if limit is None else max(0, limit - taken.records),
            stop_at_reject=stop_on_error,
            unheard=self._before,
        )
        self._recorder = LedgerWriter(home, task.lease)
        self._noted = task.plan
        self._sender: Sender | None = None
        self._unreported: queue.SimpleQueue[Committed] = queue.SimpleQueue()
        self._bytes = sum(chunk.end - chunk.start for chunk in chunks if not chunk.pending)
        self._done = 0
        """Bytes reported as done. The number never falls."""
        self._gone = 0
        self._error: BaseException | None = None
        self._enough = False
        """As many records were sent as were asked for, and there are more."""
        self._failing_reported_at = 0.0

    def run(self) -> JobOutcome:
        """Works until every record is settled, or until there is a reason to stop."""
        if self._watch.enough(Counts()):
            return self._ended()
        began = time.monotonic()
        sending = threads.start("sender", self._send)
        next_heartbeat = began + HEARTBEAT_SECONDS
        while sending.is_alive():
            try:
                sending.join(TICK_SECONDS)
                self._tell(began)
                if time.monotonic() >= next_heartbeat:
                    next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
                    self._task.heartbeat()
            except BaseException as error:
                # Whatever it is, a listener's error or Ctrl-C: nobody goes on sending behind it.
                if isinstance(self._error, KeyboardInterrupt):
                    raise
                self._fail(error)
        self._tell(began)
        if self._gone:
            text = f"{self._gone:,} of the rows to be deleted were not there any more"
            self._task.listener(Notice(text))
        return self._ended()

    def _send(self) -> None:
        try:
            # The usual loop of Windows cannot wait for the kernel's socket.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._send_all())
        except BaseException as error:
            self._fail(error)
        finally:
            self._recorder.close()

    async def _send_all(self) -> None:
        rows = max(self._before.rows, unwritten(self._request))
        self._note(UnansweredRows(rows, self._before.asked))
        most = MOST_READY if self._finder is None else MOST_COMPARED
        inbox = ParcelQueue(self._packed(), lambda: self._watch.ended, most)
        self._sender = Sender(
            HttpEndpoint(self._settings),
            inbox,
            self._recorder.write,
            self._watch,
            at_once=self._request.at_once,
            stop_on_error="undeliverable" in self._settings.last,
            stop_at_reject="rejected" in self._settings.last,
            finished=self._finished,
        )
        await self._sender.run()
        if self._sender.error is not None:
            self._fail(self._sender.error)
        elif self._settings.first is not None and not self._watch.ended:
            self._enough = self._sender.unsettled or await inbox.take() is not None
            if self._enough:
                self._watch.end()
        # All that was heard is in the ledger now.
        asked = {**self._before.asked, **self._sender.asked}
        left = self._before.rows - self._sender.asked_first
        self._note(UnansweredRows(left, {start: rows for start, rows in asked.items() if rows}))

    def _note(self, unheard: UnansweredRows) -> None:
        """Writes down what a next run, should there be one, must know of unanswered rows."""
        if unheard != self._noted.unheard:
            self._noted = replace(self._noted, unheard=unheard)
            self._recorder.replan(self._noted.to_json())

    def _parcel(self, piece: Piece, position: int, block: Block) -> Parcel:
        if self._finder is None:
            outbox = Outbox(block, self._requests, self._request.method)
            return Parcel(piece, position, block, outbox)
        rejects = [Reject(*reject) for reject in block.rejects()]
        changes = self._finder.find(block, rejects)
        outbox = outbox_of(block, self._requests, changes)
        return ChangeParcel(piece, position, block, outbox, changes)

    def _packed(self) -> Iterator[Parcel]:
        try:
            yield from self._packer
        finally:
            if self._finder is not None:
                self._finder.close()

    def _require_no_stop(self) -> None:
        self._watch.check()

    def _finished(self, parcel: Parcel) -> None:
        self._gone += parcel.gone
        self._bytes += parcel.end - parcel.start
        self._unreported.put(
            Committed(
                import_id=self._task.lease.import_id,
                start=parcel.start,
                end=parcel.end,
                counts=parcel.all_new_counts(),
                rejects_by_code=dict(parcel.codes),
                seconds=parcel.seconds,
                at=time.time(),
            )
        )

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self._watch.end()

    @property
    def _counts(self) -> Counts:
        """The counts that the ledger holds."""
        sent = self._sender.counts if self._sender else Counts()
        return self._task.committed + sent

    def _tell(self, began: float) -> None:
        listener, source = self._task.listener, self._task.source
        while not self._unreported.empty():
            listener(self._unreported.get())
        under_way = self._sender.bytes_under_way if self._sender else 0
        self._done = max(self._done, self._bytes + under_way)
        read = max(self._reader.end, 1)
        failing = self._sender.failing if self._sender else None
        listener(
            Progress(
                import_id=self._task.lease.import_id,
                input=source.identity.name,
                counts=self._counts,
                bytes_done=int(source.consumed * min(1.0, self._done / read)),
                bytes_total=source.identity.size,
                seconds=time.monotonic() - began,
                failure=failing.last if failing else None,
            )
        )
        if failing is not None:
            self._tell_failing(failing)

    def _tell_failing(self, failing: Failing) -> None:
        """Tells the listener of a failure that lasts, and not too often."""
        now = time.monotonic()
        lasts = now - failing.since
        if lasts < FAILING_SECONDS or now - self._failing_reported_at < AGAIN_SECONDS:
            return
        self._failing_reported_at = now
        self._task.listener(
            Retrying(
                import_id=self._task.lease.import_id,
                input=self._task.source.identity.name,
                failure=failing.last,
                requests=failing.requests,
                seconds=lasts,
            )
        )

    def _ended(self) -> JobOutcome:
        error = self._error
        taken = self._watch.committed
        complete = self._packer.complete and error is None and not self._watch.ended
        limit = self._task.options.limit
        return JobOutcome(
            counts=taken,
            complete=complete,
            over_budget=self._watch.over_budget(),
            limited=not complete
            and (self._enough or (limit is not None and taken.records >= limit)),
            error=error,
            end=self._reader.end,
            content_hash=self._reader.content_hash,
            size=self._reader.size,
        )


def _finder(
    home: Target, task: JobContext, request: Endpoint, stop: Callable[[], None]
) -> ChangeFinder | VanishedKeys | None:
    """What tells which rows are to be sent; None: all of them."""
    if not request.remembers:
        return None
    with closing(LedgerSession(home, create=False)) as session:
        destination = find(session.ledger, request.url)
    if destination is None:
        raise LedgerError("the ledger has lost what was sent to this address", place=request.url)
    if request.method == "DELETE":
        return VanishedKeys(home, task.lease, destination, stop)
    return ChangeFinder(home, task.lease, task.plan, destination, stop)
