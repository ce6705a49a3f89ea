"""Puts the corrections of records in the place of those records, where rows are compared."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from snapshots._native import Converter
from snapshots.engine.plan.corrected import (
    chunk_of_correction,
    chunk_of_lines,
    chunk_of_record,
    counted_as_lines,
    plan_of_corrections,
)
from snapshots.engine.plan.plan import Plan
from snapshots.formats.kernel_json import converter_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots._native import Block, Chunk
    from snapshots.ledger.repairs import LoadedCorrection
    from snapshots.row_encoding import EncodingName

_BYTES_EACH = 256
"""Of a record, about."""
_Form: TypeAlias = Literal["own", "lines", "correction"]


class CorrectedRows:
    """Makes the rows of records that were rejects first, and were loaded by a replay."""

    def __init__(self, plan: Plan, encoding: EncodingName, import_id: int) -> None:
        """`encoding` is that of the rows that are compared."""
        self._plan = plan
        self._encoding = encoding
        self._import_id = import_id
        self._converters: dict[tuple[str | None, _Form], tuple[Plan, Converter]] = {}

    def parts(
        self,
        converter: Converter,
        chunk: Chunk,
        block: Block,
        loaded: Mapping[int, LoadedCorrection],
    ) -> Iterator[Block]:
        """Yields the rows of a block, with those of its corrected records in their places.

        `converter` has made the block. The blocks stay in the order of their lines.
        """
        lines = sorted(line for line in loaded if block.first_line <= line < block.line)
        if not lines:
            yield block
            return
        stretch = _Stretch(converter, chunk, loaded)
        yield from self._parts(stretch, block, lines)

    def _parts(self, stretch: _Stretch, block: Block, lines: Sequence[int]) -> Iterator[Block]:
        """The same for a block with corrected records at these lines, of which there may be none.

        A record has at least one line, and mostly just that: its line then says where it is.
        """
        if not lines or block.records == 1:
            yield from self._rows(stretch, block, lines) if lines else (block,)
            return
        position, line, left, at = block.start, block.first_line, block.records, 0
        while left:
            before = lines[at] - line if at < len(lines) else left
            if before > 0:
                part = stretch.begun(position, line, min(before, left))
                until = bisect_left(lines, part.line, at)
                if until == at:
                    yield part
                else:
                    yield from self._halves(stretch, part, lines[at:until])
            else:
                records = min(_run(lines, at), left)
                part = stretch.begun(position, line, records)
                if part.line != line + part.records:
                    part = stretch.begun(position, line, 1)
                until = bisect_left(lines, part.line, at)
                yield from self._rows(stretch, part, lines[at:until])
            position, line, left, at = part.position, part.line, left - part.records, until

    def _halves(self, stretch: _Stretch, block: Block, lines: Sequence[int]) -> Iterator[Block]:
        """The same for a block whose lines do not say where its records are."""
        if block.records == 1:
            yield from self._rows(stretch, block, lines)
            return
        position, line, half = block.start, block.first_line, block.records // 2
        for records in (half, block.records - half):
            part = stretch.converted(position, line, records)
            inside = lines[bisect_left(lines, line) : bisect_left(lines, part.line)]
            yield from self._parts(stretch, part, inside)
            position, line = part.position, part.line

    def _rows(self, stretch: _Stretch, block: Block, lines: Sequence[int]) -> Iterator[Block]:
        """The rows of corrected records: all of a block, at these lines."""
        done = [stretch.loaded[line] for line in lines]
        corrections = [one.correction for one in done if one.correction is not None]
        alike = len({one.plan for one in done}) == 1 and len(corrections) in {0, len(done)}
        found = self._converted(stretch, block, lines[0], done[0].plan, corrections)
        if len(done) > 1 and not (
            alike and (found.loaded, found.line) == (len(done), lines[-1] + 1)
        ):
            yield from self._one_by_one(stretch, block, lines)
        elif found.loaded:
            yield found

    def _converted(
        self,
        stretch: _Stretch,
        block: Block,
        line: int,
        kept: str | None,
        corrections: Sequence[bytes],
    ) -> Block:
        """What the kernel makes of corrections, or, without any, of the block's own bytes."""
        if corrections:
            plan, converter = self._converter(kept, "lines")
            chunk = chunk_of_lines(corrections, line)
            if chunk is None:
                plan, converter = self._converter(kept, "correction")
                chunk = chunk_of_correction(corrections[0], line)
        else:
            plan, converter = self._converter(kept, "own")
            chunk = chunk_of_record(block.raw(len(stretch.chunk)), line, plan.dialect)
        return converter.convert(chunk, 0, line, len(chunk))

    def _one_by_one(self, stretch: _Stretch, block: Block, lines: Sequence[int]) -> Iterator[Block]:
        position, line = block.start, block.first_line
        for one in lines:
            part = stretch.begun(position, line, 1)
            yield from self._rows(stretch, part, (one,))
            position, line = part.position, part.line

    def _converter(self, kept: str | None, form: _Form) -> tuple[Plan, Converter]:
        found = self._converters.get((kept, form))
        if found is None:
            plan = self._plan if kept is None else Plan.from_json(kept)
            if form != "own":
                plan = plan_of_corrections(plan)
            if form == "lines":
                plan = counted_as_lines(plan)
            spec = converter_spec(
                plan.dialect, plan.contract, plan.header, self._encoding, self._import_id
            )
            found = self._converters[kept, form] = (plan, Converter(spec))
        return found


class _Stretch(Struct, frozen=True):
    """A chunk, with those of its records that were corrected, by their lines."""

    converter: Converter
    chunk: Chunk
    loaded: Mapping[int, LoadedCorrection]

    def converted(self, position: int, line: int, records: int) -> Block:
        """The block of some records from a byte of the chunk on."""
        return self.converter.convert(self.chunk, position, line, len(self.chunk), records)

    def begun(self, position: int, line: int, records: int) -> Block:
        """The same for at most so many, but at least one. The kernel makes room for all bytes that
        it may read, so that a few records ask for little."""
        most = min(records * _BYTES_EACH, len(self.chunk))
        return self.converter.convert(self.chunk, position, line, most, records)


def _run(lines: Sequence[int], at: int) -> int:
    """How many lines from a place on follow each other."""
    end = at + 1
    while end < len(lines) and lines[end] == lines[end - 1] + 1:
        end += 1
    return end - at
