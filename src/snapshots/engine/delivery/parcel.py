"""A parcel is one chunk on its way: its rows as JSON, and which of them are decided."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import InputChanged, RefusedRows
from snapshots.ledger.answers import Answer
from snapshots.ledger.chunk_account import ChunkDone
from snapshots.ledger.deliveries import ChunkSent
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block, Outbox
    from snapshots.endpoints.http import RecordVerdict
    from snapshots.engine.input.cut import Piece
    from snapshots.ledger.destinations import Confirmed
    from snapshots.ledger.entry import CommittedChunk

NO_ADDRESS = "missing_value"
"""The code of rows without a value that their address or action line needs."""
WHY_NO_ADDRESS = (
    "The address or the action line needs values that are neither missing nor empty. In an address,"
    " dots alone are none."
)


class Parcel:
    """The rows of one chunk. One thread packs it, and then another one sends it."""

    tells_news: ClassVar[bool] = False
    """Whether an account also says which rows were decided since the last one."""

    def __init__(self, piece: Piece, position: int, block: Block, outbox: Outbox) -> None:
        self.outbox = outbox
        self._unchanged = 0
        self.gone = 0
        """Rows to be deleted that the API did not have."""
        self.read = Counts(block.records, 0, block.rejected, block.skipped)
        """What the kernel decided, and how many records there are in all."""
        self.rejects = piece.as_in_the_input([Reject(*reject) for reject in block.rejects()])
        """Those that the ledger has not got."""
        self.codes = Counter(reject.code for reject in self.rejects)
        """Of the rejects of this run."""
        self._restored = Counts()
        self._before = Counts(block.rejected + block.skipped, 0, block.rejected, block.skipped)
        self._refused = 0
        self._left = 0
        self._reported = self._accounted = Counts()
        self.all_heard = False
        """The last account has an outcome of this run for each row."""
        self._sendable = self.pending
        self._piece = piece
        self._block = block
        chunk = piece.chunk
        self.start = chunk.start + position
        """Of its first byte in the input, as the kernel sees it."""
        # Of a record that is too long only the beginning is held.
        complete = block.position == len(chunk)
        self.end = chunk.end if complete else chunk.start + block.position
        """Of the first byte after it."""
        self._start_line = block.first_line if position else chunk.line
        self._hash_state = piece.hash_state(self.end)
        self._hash = None if position else chunk.digest(block.position)
        self._ambiguous = 0
        self._answers: list[Answer] = []
        """What is kept of answers, and the ledger has not got."""
        self.asked_first = 0
        """Rows that the last run may have sent before it was killed."""
        self._began = time.monotonic()
        lost = outbox.incomplete()
        self._reject_here({row: self._reject_of(row, NO_ADDRESS, WHY_NO_ADDRESS) for row in lost})

    def restore(self, begun: CommittedChunk) -> None:
        """Takes over what an earlier run has written down of the same chunk.

        Raises InputChanged if its bytes are not what they were.
        """
        if begun.end != self.end or (begun.hash and self._hash and begun.hash != self._hash):
            raise InputChanged(
                f"bytes {begun.start} to {begun.end} have changed since a part of them was sent",
                hint="send the current input as a new one with --again",
            )
        self.outbox.restore(begun.sent or "")
        self.rejects = []
        self.read = Counts()
        self.codes.clear()
        self._restored = self._before = self._reported = self._accounted = begun.counts
        self._sendable = self.pending
        self._ambiguous = begun.ambiguous

    def doubt(self, most: int, asked: str = "") -> int:
        """Takes over what earlier runs may have sent without an answer: at most so many of the
        first pending rows, and others. Each of them is ambiguous once it is decided. Returns how
        many of the first ones there are."""
        self.outbox.restore_asked(asked)
        self.asked_first = self.outbox.ask_first(most)
        return self.asked_first

    @property
    def pending(self) -> int:
        """How many rows are not decided."""
        return self.outbox.pending

    def asked(self) -> str:
        """The rows that were sent without an answer and are not decided, such as `0-41,43`."""
        return self.outbox.asked()

    @property
    def counts(self) -> Counts:
        """The counts of the records that are decided. The kernel may go on while they are read."""
        return self._counts(self.outbox.delivered)

    def _counts(self, delivered: int) -> Counts:
        return self._before + Counts(delivered + self._refused, delivered, self._refused, 0)

    @property
    def bytes_done(self) -> int:
        """Bytes of the input whose records are decided, as an estimate. Any thread may ask."""
        done = self.counts.records
        every = done + self.pending
        return (self.end - self.start) * done // every if every else 0

    @property
    def changed(self) -> bool:
        """Whether something was decided that is not written down."""
        return self.counts != self._reported

    def decide(self, start: int, verdicts: Sequence[RecordVerdict]) -> list[Reject]:
        """Notes what the API said of the rows from `start` on. Returns those that it refused for
        good."""
        outbox, refused = self.outbox, []
        for row, verdict in enumerate(verdicts, start):
            known = outbox.was_asked(row, row + 1)
            if verdict.outcome == "delivered":
                outbox.deliver(row, row + 1)
                if verdict.kept is not None:
                    self._answers.append(self._answer(row, verdict.kept))
            elif verdict.outcome == "rejected":
                outbox.decide(row, row + 1)
                refused.append(self._reject(row, verdict))
            else:
                self._left += 1
                if verdict.ambiguous:
                    outbox.ask(row, row + 1)
                continue
            # What earlier runs have asked is counted with the rows.
            if verdict.ambiguous and not known:
                self._ambiguous += 1
        if not refused:
            return refused
        self._refused += len(refused)
        self.codes[RefusedRows.code] += len(refused)
        return self._piece.as_in_the_input(refused)

    def account(self) -> ChunkSent:
        """Returns the account of the parcel, as far as it is decided.

        The kernel goes on deciding. So all that is to be known is taken in one moment, and nothing
        that follows from it is asked for again.
        """
        delivered, pending, asked_decided, sent, news = self.outbox.account(self.tells_news)
        self._accounted = self._counts(delivered)
        self.all_heard = delivered + self._refused + self._left == self._sendable
        done = ChunkDone(
            start=self.start,
            end=self.end,
            start_line=self._start_line,
            end_line=self._block.line,
            counts=self._accounted,
            hash_state=self._hash_state,
            hash=self._hash,
            seconds=self.seconds,
        )
        ambiguous = self._ambiguous + asked_decided
        confirmed = self._confirmed(news)
        kept, self._answers = self._answers, []
        sent_ = sent if pending else None
        return ChunkSent(done, pending, ambiguous, sent_, self._unchanged, confirmed, kept)

    def _answer(self, row: int, kept: str) -> Answer:
        line, _, _ = self._block.record(row)
        return Answer(line, None, kept)

    def _confirmed(self, _news: Sequence[int]) -> Confirmed | None:
        """What the API has confirmed of rows that were decided since the last account, if that is
        kept."""
        return None

    def new_counts(self) -> Counts:
        """Returns the counts of the last `account`, less those of the one before."""
        before, self._reported = self._reported, self._accounted
        return _difference(self._reported, before)

    def all_new_counts(self) -> Counts:
        """Returns the counts of the last `account`, less those of earlier runs."""
        return _difference(self._accounted, self._restored)

    @property
    def seconds(self) -> float:
        """Seconds since the parcel was packed."""
        return time.monotonic() - self._began

    def _reject_here(self, rejects: dict[int, Reject]) -> None:
        """Rejects rows that are not to be sent."""
        for row in rejects:
            self.outbox.decide(row, row + 1)
        self.rejects += self._piece.as_in_the_input(list(rejects.values()))
        self.codes.update(reject.code for reject in rejects.values())
        more = Counts(0, 0, len(rejects), 0)
        self.read += more
        self._before += Counts(len(rejects), 0, len(rejects), 0)
        self._sendable = self.pending

    def _reject(self, row: int, verdict: RecordVerdict) -> Reject:
        status = "" if verdict.status is None else f"HTTP {verdict.status}"
        reason = ": ".join(filter(None, (status, verdict.body)))
        return self._reject_of(row, RefusedRows.code, reason)

    def _reject_of(self, row: int, code: str, reason: str) -> Reject:
        line, offset, raw = self._block.record(row)
        return Reject(line, offset, None, code, reason, raw)


def _difference(now: Counts, before: Counts) -> Counts:
    return Counts(
        now.records - before.records,
        now.loaded - before.loaded,
        now.rejected - before.rejected,
        now.skipped - before.skipped,
    )
