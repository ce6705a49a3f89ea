"""Finds records whose values the table's columns would store as others, before they are loaded.

The kernel refuses what a type that it knows cannot keep. Of other types the database alone can tell
what they make of a text: it is asked, for all records of a chunk at once, in the chunk's own
transaction.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from snapshots._native import AlteredRecords, Converter
from snapshots.formats.kernel_json import converter_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots._native import Block, Chunk
    from snapshots.engine.limits import StopConditions
    from snapshots.engine.plan.plan import Plan
    from snapshots.ports import Session, Target
    from snapshots.table_facts import Comparison, Difference

BLOCK_BYTES = 1 << 20
SHOWN = 60
"""Characters of a value in a sentence."""


class AlteredValues:
    """Finds altered values for one plan. Thread-safe."""

    def __init__(self, target: Target, plan: Plan) -> None:
        self._target = target
        self._plan = plan
        self._compared: Comparison | None = None
        self._converter: Converter | None = None

    def any_possible(self, session: Session) -> bool:
        """Whether the table may alter a value. Where it cannot, `altered` asks it nothing."""
        return bool((self._compared or self._ask(session)).columns)

    def altered(
        self,
        session: Session,
        chunk: Chunk,
        watch: StopConditions,
        position: int,
        line: int,
        records: int | None = None,
    ) -> AlteredRecords | None:
        """Finds the altered values from `position` on; None if there are none. As a rule there can
        be none, and nothing is asked.

        Raises RefusedRows where a column cannot take some value at all.
        """
        compared, converter = self._compared or self._ask(session), self._converter
        if converter is None:
            return None
        blocks = _blocks(converter, chunk, watch, position, line, records)
        found = session.differences(compared, (block for block in blocks if block.loaded))
        return (
            AlteredRecords([(one.line, one.column, _sentence(one)) for one in found])
            if found
            else None
        )

    def _ask(self, session: Session) -> Comparison:
        plan = self._plan
        columns = plan.contract.columns
        compared = self._target.comparison(session, plan.table, columns, plan.encoding)
        if compared.columns:
            twice = [name for name in compared.columns for _ in range(2)]
            spec = converter_spec(
                plan.dialect, plan.contract, plan.header, plan.encoding.name, 0, chosen=twice
            )
            self._converter = Converter(spec)
        self._compared = compared
        return compared


def _blocks(
    converter: Converter,
    chunk: Chunk,
    watch: StopConditions,
    position: int,
    line: int,
    records: int | None,
) -> Iterator[Block]:
    while position < len(chunk) and records != 0:
        watch.check()
        block = converter.convert(chunk, position, line, BLOCK_BYTES, records)
        yield block
        position, line = block.position, block.line
        records = None if records is None else records - block.records


def _sentence(one: Difference) -> str:
    if one.text == one.other:
        return f'"{_shown(one.text, 0)}" ends in blanks, and the column adds or drops blanks there.'
    start = 0
    if one.text[:SHOWN] == one.other[:SHOWN]:
        # What differs is shown, and a little of what stands before it.
        pairs = enumerate(zip_longest(one.text, one.other))
        start = max(0, next(n for n, (a, b) in pairs if a != b) - SHOWN // 2)
    return f'"{_shown(one.text, start)}" would be stored as "{_shown(one.other, start)}".'


def _shown(text: str, start: int) -> str:
    cut = text[start : start + SHOWN]
    escaped = "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
    before, after = "…" if start else "", "…" if len(text) > start + SHOWN else ""
    return f"{before}{escaped}{after}"
