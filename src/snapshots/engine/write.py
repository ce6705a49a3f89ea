"""One chunk's records become rows, all at once; `around.py` is for rows that the target refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snapshots.engine.ahead import ahead
from snapshots.engine.faults import fault_point
from snapshots.errors import AccountingMismatch
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots._native import Altered, Block, Chunk, Converter
    from snapshots.engine.compare import Comparing
    from snapshots.engine.watch import Watch
    from snapshots.model import TableName
    from snapshots.ports import Session

BLOCK_BYTES = 1 << 20
"""Of input that the kernel converts at a time."""


@dataclass(frozen=True, slots=True)
class Rows:
    """How records become rows of one table."""

    table: TableName
    columns: tuple[str, ...]
    converter: Converter
    stop_at_reject: bool = False
    parse_ahead: bool = False
    """Convert on a second thread: pays where only one session may write."""
    comparing: Comparing | None = None
    """Finds records that the table would alter; None: there can be none."""


@dataclass(slots=True)
class Written:
    """What one attempt at a chunk has come to; the account of it when the attempt succeeds."""

    position: int = 0
    """Bytes of the chunk that are consumed."""
    line: int = 0
    counts: Counts = field(default_factory=Counts)
    rejects: list[Reject] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Adds what the kernel says of a block."""
        self.position, self.line = block.position, block.line
        self.counts += Counts(block.records, block.loaded, block.rejected, block.skipped)
        if block.rejected:
            self.rejects.extend(Reject(*reject) for reject in block.rejects())

    def refuse(self, refused: list[Reject]) -> None:
        """Turns rows that the target refused into rejects."""
        n = len(refused)
        self.counts += Counts(loaded=-n, rejected=n)
        self.rejects.extend(refused)


def write_all(session: Session, rows: Rows, chunk: Chunk, watch: Watch) -> Written:
    """Loads a chunk's rows in one go. Raises RefusedRows if the target refuses any."""
    written = Written(line=chunk.line)
    altered = None
    if rows.comparing is not None:
        altered = rows.comparing.altered(session, chunk, watch, 0, chunk.line)
    blocks: Iterator[Block] = (
        block
        for block in blocks_of(chunk, rows.converter, watch, written, rows.stop_at_reject, altered)
        if block.loaded
    )
    if rows.parse_ahead:
        blocks = ahead(blocks)
    first = next(blocks, None)
    if first is not None:
        loaded = session.load(rows.table, rows.columns, _with_first(first, blocks))
        if loaded != written.counts.loaded:
            raise AccountingMismatch(
                f"chunk at byte {chunk.start}: {written.counts.loaded} rows were given to the"
                f" target, and it says it loaded {loaded}",
                hint="nothing of this chunk was written; this is a defect, please report it",
            )
    return written


def blocks_of(
    chunk: Chunk,
    converter: Converter,
    watch: Watch,
    written: Written,
    stop_at_reject: bool,
    altered: Altered | None = None,
) -> Iterator[Block]:
    """The chunk's blocks, until it is time to stop."""
    while written.position < len(chunk):
        watch.check()
        block = converter.convert(
            chunk,
            written.position,
            written.line,
            BLOCK_BYTES,
            watch.remaining(written.counts),
            stop_at_reject,
            altered,
        )
        written.add(block)
        yield block
        fault_point("mid-write")
        if watch.enough(written.counts):
            return


def _with_first(first: Block, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    yield from rest
