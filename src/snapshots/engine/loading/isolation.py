"""Loads a chunk around the rows that the target refuses: each of them becomes a reject.

The database names no record. So a block is loaded under a savepoint, or else its halves in order,
until each refused record is alone: about two loads for each level of halving and refused row. A
database that tells the lines of refused rows is given the others at once.

A row may also end the transaction that it is in, as SQLite's RAISE(ROLLBACK) does. No savepoint
outlives that, and nothing of the chunk is left. Then the chunk is begun anew. What was refused
before is left out, what was loaded before it is loaded again, and behind it the search goes on: so
every row is judged behind those, and only those, that are loaded before it. There is no other way
to be sure of that: a trigger may look for a row of the same chunk.

Another kind is a row whose parent is in the same table: that may come yet. It is a reject for now,
and tried again behind all others (see `parent_retry.py`).

The price is that all before such a row is loaded again. It is bounded: behind MOST_ENDED of these
rows, or once MOST_AGAIN bytes were loaded again, the chunk ends, commits with what is known, and
the rest is a chunk of its own. So the price grows with the number of these rows and not with its
square: each takes half a millisecond of a processor where they are close together, 5,000 among
10,000 rows 3 s, and at most two loads of its chunk where they are far apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots._native import AlteredRecords
from snapshots.engine.loading.write import ChunkWrite
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import RefusedAndEnded, RefusedRows
from snapshots.ledger import awaiting_parents
from snapshots.model import Reject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots._native import Block, Chunk
    from snapshots.engine.limits import StopConditions
    from snapshots.engine.loading.write import RowWriter
    from snapshots.ports import Session

MOST_ENDED = 16
"""A commit costs as much as about so many tries."""
MOST_AGAIN = 16 << 20
_BLOCK_BYTES = 1 << 20
_FIRST_BYTES = 4096
"""Of input behind a row that has ended a transaction: where there is one there may be more."""


class RowIsolation:
    """Loads one chunk, each try with what those before it have found. Use for one chunk."""

    def __init__(
        self, session: Session, rows: RowWriter, chunk: Chunk, watch: StopConditions
    ) -> None:
        self._session = session
        self._rows = rows
        self._chunk = chunk
        self._watch = watch
        self._refused: dict[int, Reject] = {}
        """By the position at which it is converted."""
        self._last_end: int | None = None
        """The position of the last row that has ended a transaction."""
        self._ended = 0
        self._again = 0

    @property
    def ended(self) -> int:
        """How many rows have been found so far that have ended the transaction."""
        return self._ended

    def write(self) -> ChunkWrite:
        """Makes one try. After RefusedAndEnded another one comes further, if `ended` has grown."""
        written = ChunkWrite(line=self._chunk.line)
        known = iter([*sorted(self._refused), len(self._chunk)])
        stop = next(known)
        while written.position < len(self._chunk):
            self._watch.check()
            position, line = written.position, written.line
            at_refused = position == stop
            if at_refused:
                stop = next(known)
            block = self._convert(written, stop, only_one=at_refused)
            written.add(block)
            fault_point("mid-write")
            if at_refused:
                written.refuse([self._refused[position]])
            elif block.loaded:
                written.refuse(self._halve(position, line, block))
            if self._watch.enough(written.judged) or (self._costly and position == self._last_end):
                break
        return written

    @property
    def _costly(self) -> bool:
        return self._ended >= MOST_ENDED or self._again >= MOST_AGAIN

    def _convert(self, written: ChunkWrite, stop: int, *, only_one: bool) -> Block:
        """Converts the next block: one record, or as far as `stop`."""
        position, most = written.position, _BLOCK_BYTES
        if self._last_end is not None and position > self._last_end:
            most = min(most, max(_FIRST_BYTES, position - self._last_end))
        left = self._watch.remaining(written.counts)
        return self._rows.converter.convert(
            self._chunk,
            position,
            written.line,
            min(most, stop - position),
            1 if only_one else left,
            self._rows.stop_at_reject,
        )

    def _halve(self, position: int, line: int, block: Block) -> list[Reject]:
        """Loads a block, or else its halves in order, until each refused record is alone."""
        self._watch.check()
        try:
            with self._session.savepoint():
                kept, altered = self._without_altered(position, line, block)
                if kept.loaded:
                    self._session.load(self._rows.table, self._rows.columns, [kept])
            return altered
        except RefusedAndEnded as refusal:
            self._find(position, line, block, refusal)
            raise
        except RefusedRows as refusal:
            if block.records == 1:
                return [self._keep(position, block, refusal)]
            known = self._load_without(position, line, block, refusal.lines)
            if known is not None:
                return known
        refused = []
        left = block.records // 2
        for records in (left, block.records - left):
            half = self._records(position, line, records)
            if half.loaded:
                refused += self._halve(position, line, half)
            position, line = half.position, half.line
        return refused

    def _load_without(
        self, position: int, line: int, block: Block, lines: Mapping[int, str] | None
    ) -> list[Reject] | None:
        """Loads a block without the rows of some lines, and returns these. None: nothing of it was
        loaded, because the target has not told all lines."""
        if not lines:
            return None
        chunk, known = self._chunk, {reject[0] for reject in block.rejects()}
        left_out = AlteredRecords([(one, "", why) for one, why in lines.items()])
        kept = self._rows.converter.convert(
            chunk, position, line, len(chunk), block.records, altered=left_out
        )
        try:
            if kept.loaded:
                with self._session.savepoint():
                    self._session.load(self._rows.table, self._rows.columns, [kept])
        except RefusedAndEnded:
            raise
        except RefusedRows:
            return None
        return [
            Reject(at, offset, None, RefusedRows.code, why, raw)
            for at, offset, _, _, why, raw in kept.rejects()
            if at not in known
        ]

    def _without_altered(
        self, position: int, line: int, block: Block
    ) -> tuple[Block, list[Reject]]:
        """Returns the block without the rows that the table would alter, and these."""
        if self._rows.comparing is None:
            return block, []
        chunk, records = self._chunk, block.records
        altered = self._rows.comparing.altered(
            self._session, chunk, self._watch, position, line, records
        )
        if altered is None:
            return block, []
        kept = self._rows.converter.convert(
            chunk, position, line, len(chunk), records, altered=altered
        )
        known = {reject[0] for reject in block.rejects()}
        return kept, [Reject(*reject) for reject in kept.rejects() if reject[0] not in known]

    def _find(self, position: int, line: int, block: Block, refusal: RefusedAndEnded) -> None:
        """Keeps the record of a block that has ended the transaction, if it can be told."""
        before, records = refusal.taken, block.records
        if records > 1 and (before is None or before >= block.loaded):
            return
        while records > 1:
            half = self._records(position, line, records // 2)
            if (before or 0) < half.loaded:
                records = half.records
            else:
                before = (before or 0) - half.loaded
                records -= half.records
                position, line = half.position, half.line
        self._keep(position, self._records(position, line, 1), refusal)
        self._last_end = position
        self._ended += 1
        self._again += position

    def _keep(self, position: int, block: Block, refusal: RefusedRows) -> Reject:
        offset = self._chunk.start + block.start
        code, raw = refusal.code, block.raw()
        waits = self._rows.waits
        if waits is not None and waits.for_its_parent(self._session, refusal, block):
            # It is made a row again from what is kept of it.
            code, raw = awaiting_parents.CODE, block.raw(len(self._chunk))
        reject = Reject(block.first_line, offset, None, code, str(refusal), raw)
        self._refused[position] = reject
        return reject

    def _records(self, position: int, line: int, records: int) -> Block:
        return self._rows.converter.convert(self._chunk, position, line, len(self._chunk), records)
