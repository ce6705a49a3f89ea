"""Writes one chunk's records as rows, all at once. `isolation.py` is for refused rows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, field

from snapshots.engine.loading.altered_values import AlteredValues
from snapshots.engine.loading.missing_parents import MissingParents
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.prefetch import prefetched
from snapshots.errors import AccountingMismatch
from snapshots.ledger import awaiting_parents
from snapshots.ledger.chunk_rejects import ChunkRejects
from snapshots.model import Counts
from snapshots.row_encoding import TEXT, RowEncoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots._native import AlteredRecords, Block, Chunk, Converter
    from snapshots.engine.limits import StopConditions
    from snapshots.engine.loading.prefetched_chunks import PrefetchedChunks
    from snapshots.engine.plan.plan import Plan
    from snapshots.model import Reject, TableName
    from snapshots.ports import Session, Target


class RowWriter(Struct, frozen=True):
    """Says how records become rows of one table."""

    table: TableName
    columns: tuple[str, ...]
    converter: Converter
    stop_at_reject: bool = False
    encoding: RowEncoding = TEXT
    """What the converter makes of the records."""
    prefetched_chunks: PrefetchedChunks | None = None
    """Has converted chunks that are loaded as they are; None: nobody has."""
    prefetch_blocks: bool = False
    """Convert on a second thread otherwise: pays where only one session may write."""
    comparing: AlteredValues | None = None
    """Finds records that the table would alter; None: there can be none."""
    waits: MissingParents | None = None
    """Knows which refused rows will be tried again; None: none of them."""


def writer_for(
    target: Target,
    plan: Plan,
    import_id: int,
    *,
    stop_at_reject: bool = False,
    prefetch_blocks: bool = False,
) -> RowWriter:
    """The writer of an import's rows, into the table or the stage of its plan."""
    table, columns = plan.loads_into(import_id)
    return RowWriter(
        table,
        columns,
        plan.converter(import_id),
        stop_at_reject=stop_at_reject,
        encoding=plan.encoding,
        prefetch_blocks=prefetch_blocks,
        comparing=AlteredValues(target, plan),
        waits=MissingParents(target, table, columns),
    )


class ChunkWrite(Struct):
    """What one attempt at a chunk has come to: the chunk's account if the attempt succeeds."""

    position: int = 0
    """Bytes of the chunk that are consumed."""
    line: int = 0
    counts: Counts = field(default_factory=Counts)
    rejects: ChunkRejects = field(default_factory=ChunkRejects)
    waiting: int = 0
    """Rejects that will be tried again, and do not count as such until then."""

    @property
    def judged(self) -> Counts:
        """The counts for which an import may have to stop."""
        return self.counts + Counts(rejected=-self.waiting)

    def add(self, block: Block) -> None:
        """Adds what the kernel says of a block."""
        self.position, self.line = block.position, block.line
        self.counts += Counts(block.records, block.loaded, block.rejected, block.skipped)
        self.rejects.add(block)

    def refuse(self, refused: list[Reject]) -> None:
        """Turns rows that the target refused into rejects."""
        n = len(refused)
        self.counts += Counts(loaded=-n, rejected=n)
        self.rejects.refused += refused
        self.waiting += sum(reject.code == awaiting_parents.CODE for reject in refused)


def write_all(session: Session, rows: RowWriter, chunk: Chunk, watch: StopConditions) -> ChunkWrite:
    """Loads a chunk's rows in one go. Raises RefusedRows if the target refuses any."""
    return write_together(session, [(rows, chunk)], watch)[0]


def write_together(
    session: Session, parts: Sequence[tuple[RowWriter, Chunk]], watch: StopConditions
) -> list[ChunkWrite]:
    """Loads chunks of several inputs in one go: their rows have the same columns of one table.

    Raises RefusedRows if the target refuses any row.
    """
    written = [ChunkWrite(line=chunk.line) for _, chunk in parts]
    each = [
        _loaded_blocks(session, rows, chunk, watch, one)
        for (rows, chunk), one in zip(parts, written, strict=True)
    ]
    blocks: Iterator[Block] = chain.from_iterable(each)
    rows, chunk = parts[0]
    if rows.prefetch_blocks and rows.prefetched_chunks is None:
        blocks = prefetched(blocks)
    first = next(blocks, None)
    if first is not None:
        loaded = session.load(rows.table, rows.columns, _with_first(first, blocks))
        sent = sum(one.counts.loaded for one in written)
        if loaded != sent:
            raise AccountingMismatch(
                f"chunk at byte {chunk.start}: {sent} rows were sent to the target, and it reports"
                f" {loaded} as loaded",
                hint="nothing of this chunk was written; this is a bug, please report it",
            )
    return written


def _loaded_blocks(
    session: Session, rows: RowWriter, chunk: Chunk, watch: StopConditions, written: ChunkWrite
) -> Iterator[Block]:
    """The blocks of a chunk that have rows, once it is known what the table would alter."""
    altered = None
    if rows.comparing is not None:
        altered = rows.comparing.altered(session, chunk, watch, 0, chunk.line)
    made = (
        rows.prefetched_chunks.blocks(chunk)
        if rows.prefetched_chunks is not None and altered is None
        else None
    )
    blocks = blocks_of(
        chunk,
        rows.converter,
        watch,
        written,
        rows.stop_at_reject,
        altered,
        encoding=rows.encoding,
        made=made,
    )
    return (block for block in blocks if block.loaded)


def blocks_of(
    chunk: Chunk,
    converter: Converter,
    watch: StopConditions,
    written: ChunkWrite,
    stop_at_reject: bool,
    altered: AlteredRecords | None = None,
    *,
    encoding: RowEncoding = TEXT,
    made: Iterator[Block] | None = None,
) -> Iterator[Block]:
    """Yields the chunk's blocks, until it is time to stop; `made` has them already."""
    while written.position < len(chunk):
        watch.check()
        block = next(made, None) if made is not None else None
        if block is None:
            limits = (watch.remaining(written.counts), encoding.block_records)
            block = converter.convert(
                chunk,
                written.position,
                written.line,
                encoding.block_bytes,
                min((limit for limit in limits if limit is not None), default=None),
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
