"""A parcel is one chunk on its way: its rows as JSON, and which of them are decided."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from snapshots.endpoints.http import RecordPage
from snapshots.errors import InputChanged, RefusedRows
from snapshots.ledger.chunk_account import ChunkDone
from snapshots.ledger.deliveries import ChunkSent
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block, Outbox
    from snapshots.endpoints.http import RecordVerdict
    from snapshots.engine.input.reader import Piece
    from snapshots.ledger.entry import CommittedChunk


class Parcel:
    """The rows of one chunk. One thread packs it, and then another one sends it."""

    def __init__(self, piece: Piece, position: int, block: Block, outbox: Outbox) -> None:
        self.outbox = outbox
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
        self._reported = Counts()
        self._sendable = block.loaded
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
        self.asked_first = 0
        """Rows that the last run may have sent before it was killed."""
        self._began = time.monotonic()

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
        self._restored = self._before = self._reported = begun.counts
        self._sendable = self.outbox.pending
        self._ambiguous = begun.ambiguous

    def doubt(self, most: int, asked: str = "") -> None:
        """Takes over what earlier runs may have sent without an answer: at most so many of the
        first pending rows, and others. Each of them is ambiguous once it is decided."""
        self.outbox.restore_asked(asked)
        self.asked_first = self.outbox.ask_first(most) if most else 0

    @property
    def counts(self) -> Counts:
        """The counts of the records that are decided."""
        delivered = self.outbox.delivered
        return self._before + Counts(delivered + self._refused, delivered, self._refused, 0)

    @property
    def unheard(self) -> int:
        """How many rows nothing has been heard of in this run."""
        return self._sendable - self.outbox.delivered - self._refused - self._left

    @property
    def bytes_done(self) -> int:
        """Bytes of the input whose records are decided, as an estimate. Any thread may ask."""
        done = self.counts.records
        every = done + self.outbox.pending
        return (self.end - self.start) * done // every if every else 0

    @property
    def changed(self) -> bool:
        """Whether something was decided since `news` was asked for."""
        return self.counts != self._reported

    def page(self, start: int, end: int) -> RecordPage:
        """Returns some rows, with their keys."""
        return RecordPage(self.outbox.bodies(start, end), self.outbox.keys(start, end))

    def decide(self, start: int, verdicts: Sequence[RecordVerdict]) -> list[Reject]:
        """Notes what the API said of the rows from `start` on. Returns those that it refused for
        good."""
        refused = []
        for row, verdict in enumerate(verdicts, start):
            known = self.outbox.was_asked(row, row + 1)
            if verdict.outcome == "delivered":
                self.outbox.deliver(row, row + 1)
            elif verdict.outcome == "rejected":
                self.outbox.decide(row, row + 1)
                refused.append(self._reject(row, verdict))
            else:
                self._left += 1
                if verdict.ambiguous:
                    self.outbox.ask(row, row + 1)
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
        """Returns the account of the parcel, as far as it is decided."""
        pending = self.outbox.pending
        done = ChunkDone(
            start=self.start,
            end=self.end,
            start_line=self._start_line,
            end_line=self._block.line,
            counts=self.counts,
            hash_state=self._hash_state,
            hash=self._hash,
            seconds=self.seconds,
        )
        sent = self.outbox.sent() if pending else None
        return ChunkSent(done, pending, self._ambiguous + self.outbox.asked_decided, sent)

    def new_counts(self) -> Counts:
        """Returns the counts of what was decided since this was asked for the last time."""
        before, self._reported = self._reported, self.counts
        return _difference(self._reported, before)

    def all_new_counts(self) -> Counts:
        """Returns the counts of what was decided in this run."""
        return _difference(self.counts, self._restored)

    @property
    def seconds(self) -> float:
        """Seconds since the parcel was packed."""
        return time.monotonic() - self._began

    def _reject(self, row: int, verdict: RecordVerdict) -> Reject:
        line, offset, raw = self._block.record(row)
        reason = f"HTTP {verdict.status}: {verdict.body}".rstrip(": ")
        return Reject(line, offset, None, RefusedRows.code, reason, raw)


def _difference(now: Counts, before: Counts) -> Counts:
    return Counts(
        now.records - before.records,
        now.loaded - before.loaded,
        now.rejected - before.rejected,
        now.skipped - before.skipped,
    )
