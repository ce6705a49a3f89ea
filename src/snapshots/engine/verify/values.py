"""Compares the values of a table with those of the input, chunk by chunk, in one pass over both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots._native import Hasher
from snapshots.engine.input.reader import Gap, Reader, Remainder
from snapshots.engine.publishing.by_key.duplicates import CODE
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.prefetch import prefetched
from snapshots.engine.verify.rejects import ChunkAccount, KeptRejects
from snapshots.errors import InputChanged, Stopped
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from snapshots._native import Block, Converter
    from snapshots.engine.input.cut import Piece
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.verify.corrected_rows import CorrectedRows
    from snapshots.engine.verify.report import VerifyReport
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ledger.history import History
    from snapshots.ports import Source
    from snapshots.stored_rows import StoredRows

BLOCK_BYTES = 1 << 20


class ValueComparison(Struct, frozen=True):
    """Compares the remaining chunks with the table, in one pass over both."""

    source: Source
    plan: Plan
    converter: Converter
    corrected: CorrectedRows
    chunks: Sequence[CommittedChunk]
    """The chunks to compare, in the order of the input; at least one."""
    rows: StoredRows
    stop: threading.Event
    complete: bool
    """Whether the chunks are the whole input."""
    grown: Callable[[], None]
    """Called if the input continues after them: it has grown since."""
    compared: Callable[[CommittedChunk, VerifyReport], None]
    """Called after each compared chunk."""

    def run(self, ledger: History, import_id: int, report: VerifyReport) -> None:
        """Compares all chunks, and adds the differences to the report.

        Raises InputChanged if the input is not the one that was loaded, Stopped, or TargetError.
        """
        kept = KeptRejects(ledger, import_id, self.chunks[0].start_line)
        chunks = iter(self.chunks)
        account: ChunkAccount | None = None
        refused: list[int] = []
        for chunk, piece, block in prefetched(self._blocks()):
            if self.stop.is_set():
                raise Stopped("stopped before the whole table was compared")
            if account is None or account.chunk is not chunk:
                account = ChunkAccount(next(chunks), *kept.until(chunk.end_line))
                if self.plan.duplicates != "reject":
                    skipped = ledger.skip_counts(import_id, chunk.start)
                    account.passed_over = skipped.get(CODE, 0)
                refused = account.refused()
            for part in self.corrected.parts(self.converter, piece.chunk, block, account.loaded):
                self.rows.compare(part, refused)
            account.counts += Counts(block.records, block.loaded, block.rejected, block.skipped)
            if block.rejected:
                found = [Reject(*reject) for reject in block.rejects()]
                account.found.extend(piece.as_in_the_input(found))
            if piece.chunk.start + block.position >= chunk.end:
                account.check(report)
                report.add(chunk, self.rows.take())
                self.compared(chunk, report)
                fault_point("verified-chunk")
        self.rows.pass_by()
        report.add_rows(self.rows.take())

    def _blocks(self) -> Iterator[tuple[CommittedChunk, Piece, Block]]:
        """Yields all blocks of converted rows with their chunks. Raises InputChanged."""
        pieces = iter(self._reader())
        piece = next(pieces, None)
        for chunk in self.chunks:
            end, hasher = chunk.start, Hasher()
            while end < chunk.end:
                if piece is None or piece.chunk.start != end or piece.chunk.end > chunk.end:
                    raise self._changed(chunk)
                hasher.update(bytes(piece.chunk))
                if piece.chunk.end == chunk.end and hasher.hexdigest() != _digest(chunk, hasher):
                    raise self._changed(chunk)
                yield from ((chunk, piece, block) for block in self._converted(piece))
                end, piece = piece.chunk.end, next(pieces, None)
        if piece is not None and self.complete:
            self.grown()

    def _converted(self, piece: Piece) -> Iterator[Block]:
        position, line = 0, piece.chunk.line
        while position < len(piece.chunk):
            block = self.converter.convert(piece.chunk, position, line, BLOCK_BYTES)
            position, line = block.position, block.line
            yield block

    def _reader(self) -> Reader:
        """Returns a reader that cuts the input into the chunks of the import."""
        last = self.chunks[-1]
        gaps = [Gap(one.start, one.start_line, one.end, begun=True) for one in self.chunks]
        remainder = Remainder((*gaps, Gap(last.end, last.end_line, None)))
        plan = self.plan
        # What the import has loaded is known by its hashes.
        return Reader(
            self.source, plan.dialect, plan.chunk_size, remainder, "known", may_change=True
        )

    def _changed(self, chunk: CommittedChunk) -> InputChanged:
        return InputChanged(
            f"bytes {chunk.start} to {chunk.end} have changed since they were loaded",
            place=self.source.identity.name,
            hint="name a copy of the original input with --input",
        )


def _digest(chunk: CommittedChunk, hasher: Hasher) -> str:
    """Returns the chunk's hash to compare; older ledgers do not have the hashes of all chunks."""
    return hasher.hexdigest() if chunk.hash is None else chunk.hash.hex()
