"""Puts the corrections of records in the place of those records, where rows are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots._native import Converter
from snapshots.engine.plan.corrected import (
    chunk_of_correction,
    chunk_of_record,
    plan_of_corrections,
)
from snapshots.engine.plan.plan import Plan
from snapshots.formats.kernel_json import converter_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots._native import Block, Chunk
    from snapshots.ledger.repairs import LoadedCorrection
    from snapshots.row_encoding import EncodingName


class CorrectedRows:
    """Makes the rows of records that were rejects first, and were loaded by a replay."""

    def __init__(self, plan: Plan, encoding: EncodingName, import_id: int) -> None:
        """`encoding` is that of the rows that are compared."""
        self._plan = plan
        self._encoding = encoding
        self._import_id = import_id
        self._converters: dict[tuple[str | None, bool], tuple[Plan, Converter]] = {}

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
        inside = {n: one for n, one in loaded.items() if block.first_line <= n < block.line}
        if not inside:
            yield block
        elif block.records == 1:
            (corrected,) = inside.values()
            found = self._row(corrected, block.raw(len(chunk)))
            if found.loaded:
                yield found
        else:
            position, line, half = block.start, block.first_line, block.records // 2
            for records in (half, block.records - half):
                part = converter.convert(chunk, position, line, len(chunk), records)
                yield from self.parts(converter, chunk, part, inside)
                position, line = part.position, part.line

    def _row(self, done: LoadedCorrection, record: bytes) -> Block:
        """The row of one record. `record`: its bytes in the input, in UTF-8."""
        line, correction = done.original.line, done.correction
        plan, converter = self._converter(done.plan, own=correction is None)
        chunk = (
            chunk_of_record(record, line, plan.dialect)
            if correction is None
            else chunk_of_correction(correction, line)
        )
        return converter.convert(chunk, 0, line, len(chunk))

    def _converter(self, kept: str | None, *, own: bool) -> tuple[Plan, Converter]:
        found = self._converters.get((kept, own))
        if found is None:
            plan = self._plan if kept is None else Plan.from_json(kept)
            plan = plan if own else plan_of_corrections(plan)
            spec = converter_spec(
                plan.dialect, plan.contract, plan.header, self._encoding, self._import_id
            )
            found = self._converters[kept, own] = (plan, Converter(spec))
        return found
