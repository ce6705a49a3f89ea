"""Finds staged rows that the table refuses, by halving, and makes rejects of their records.

The database names no row. So the rows are inserted under a savepoint, or else those of the first
half of the lines and then the others, until each refused row is alone. Rows that are refused for
others which come later are tried again, as long as more are taken.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, cast

from msgspec import Struct, field

from snapshots._native import Hasher
from snapshots.engine.input.reader import Gap, Reader, Remainder
from snapshots.errors import InputChanged, InputError, RefusedAndEnded, RefusedRows, TargetError
from snapshots.model import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from snapshots._native import Chunk, Converter
    from snapshots.engine.input.cut import Piece
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ports import Session, Source

FEW_REFUSED = 500
"""Rows that are looked for one by one where the table's constraints can be asked for more."""
MOST_REFUSED = 10_000
"""Rows that are looked for one by one at all: each takes some statements."""
REFUSED_AT_ONCE = 50_000
"""Lines that are read at once."""
_BYTES_IN_MEMORY = 1 << 20
_SHOWN = 5


class TooManyRefused(TargetError):
    """The table refuses more rows than are looked for one by one."""


class RefusedLines(Exception):
    """Tells the lines of the rows that the table refuses, and why."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__(f"{len(reasons)} rows")
        self.reasons = reasons


@dataclass
class CertainRefusals(Exception):
    """Carries the lines of rows that the table is certain to refuse, in ascending order, each with
    the number of its reason.

    Whoever raises it has the surrounding savepoint rolled back.
    """

    pairs: IO[bytes]
    reasons: tuple[str, ...]


def certain_refusals(
    session: Session, limit: str, found: str, reasons: Sequence[str]
) -> CertainRefusals | None:
    """Those of a table `found`, quoted, which has lines and the numbers of their reasons; None if
    it is empty. `limit` ends a query for a page of them."""
    pairs: IO[bytes] = SpooledTemporaryFile(_BYTES_IN_MEMORY)  # noqa: SIM115 - it is raised
    after, some = -1, False
    while page := session.execute(
        f"SELECT line, reason FROM {found} WHERE line > ? ORDER BY line{limit}", (after,)
    ):
        after, some = cast("int", page[-1][0]), True
        pairs.write(array("q", (cast("int", one) for row in page for one in row)).tobytes())
    if not some:
        pairs.close()
        return None
    pairs.seek(0)
    return CertainRefusals(pairs, tuple(reasons))


class HalvedChange(Struct):
    """Gives rows of a stage to their table by a statement that takes a further condition. Use it
    once."""

    session: Session
    statement: str
    stage: str
    line: str
    """The column of lines, quoted as the stage is."""
    condition: str
    """The condition as a part of the statement, after ` WHERE ` or ` AND `: lines from the first
    mark on, before the second."""
    refused: dict[int, str] = field(default_factory=dict)
    """The lines that the table has refused so far, and why."""
    most: int = MOST_REFUSED
    """How many refused rows are looked for."""
    orphans: set[int] = field(default_factory=set)
    """Those that are refused because of a foreign key."""

    def begin(self) -> int:
        """Gives all rows; returns how many were taken. Whatever is refused is in `refused`."""
        try:
            with self.session.savepoint():
                return self.session.change(self.statement)
        except RefusedAndEnded:
            raise
        except RefusedRows:
            pass
        ((first, last),) = self.session.execute(
            f"SELECT MIN({self.line}), MAX({self.line}) FROM {self.stage}"
        )
        return self._halve(cast("int", first), cast("int", last) + 1)

    def again(self, *, backwards: bool = False, orphans: bool = False) -> int:
        """Gives the refused rows once more, or only the `orphans`; returns how many were taken."""
        lines = sorted(self.orphans if orphans else self.refused, reverse=backwards)
        for line in lines:
            del self.refused[line]
        self.orphans.clear()
        return sum(self._halve(line, line + 1) for line in lines)

    def _halve(self, start: int, end: int) -> int:
        """Gives the rows of some lines, except those that are refused; returns how many."""
        try:
            with self.session.savepoint():
                return self.session.change(self.statement + self.condition, (start, end))
        except RefusedAndEnded:
            raise
        except RefusedRows as refusal:
            if end - start == 1:
                self.refused[start] = str(refusal)
                if refusal.key is not None:
                    self.orphans.add(start)
                if len(self.refused) > self.most:
                    raise TooManyRefused(
                        f"The table refuses more than {self.most:,} rows, and SQL cannot tell which"
                        f" ones: {refusal}",
                        hint="Nothing was published. Rows that only a trigger refuses are looked"
                        " for one by one. Correct them in the input first.",
                    ) from refusal
                return 0
        middle = (start + end) // 2
        return self._halve(start, middle) + self._halve(middle, end)


def insert_all(session: Session, statement: str, stage: str, line: str, condition: str = "") -> int:
    """Inserts the rows of a stage by a statement that ends without a WHERE; returns how many have
    come into the table. `stage` and `line`, its column of lines, are quoted. `condition` is as
    `HalvedChange.condition`, if that is not to begin with WHERE.

    Raises RefusedLines if the table refuses some. Then the surrounding savepoint must be rolled
    back.
    """
    lines = condition or f" WHERE {line} >= ? AND {line} < ?"
    insert = HalvedChange(session, statement, stage, line, lines)
    inserted = insert.begin()
    backwards = True
    # The parent of a row may be a row of the input that came after it.
    while insert.orphans:
        taken = insert.again(backwards=backwards, orphans=True)
        inserted, backwards = inserted + taken, not backwards
        if not taken:
            break
    if insert.refused:
        raise RefusedLines(insert.refused)
    return inserted


def rejects_of(
    source: Source, plan: Plan, chunks: Sequence[CommittedChunk], refused: RefusedLines
) -> list[Reject]:
    """Makes rejects of refused rows, whose records are read again from the input.

    Raises TargetError for an input that can be read only once.
    """
    lines = sorted(refused.reasons)
    starts = [chunk.start_line for chunk in chunks]
    of_lines = groupby(lines, key=lambda line: bisect_right(starts, line) - 1)
    wanted = {chunks[number].start: list(some) for number, some in of_lines}
    converter = plan.converter(0)
    found: list[Reject] = []
    try:
        affected = [chunk for chunk in chunks if chunk.start in wanted]
        for piece, inside in pieces_of(source, plan, affected, lambda one: wanted[one.start]):
            found += _in_the_piece(source, piece, inside, converter, refused.reasons)
    except InputChanged:
        raise
    except InputError as error:
        shown = ", ".join(str(line) for line in lines[:_SHOWN])
        more = f" and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
        raise TargetError(
            f"The table refuses the rows of lines {shown}{more}: {refused.reasons[lines[0]]}",
            hint="Nothing was published. Save the input to a file, which can be read again: then"
            " such records become rejects.",
        ) from error
    return found


def pieces_of(
    source: Source,
    plan: Plan,
    affected: Sequence[CommittedChunk],
    lines_of: Callable[[CommittedChunk], list[int]],
) -> Iterator[tuple[Piece, list[int]]]:
    """The parts of some chunks of the input, in their order, that have lines which are asked for,
    with these lines. `lines_of` is called once for each chunk.

    Raises InputChanged, and InputError for an input that can be read only once.
    """
    gaps = [Gap(one.start, one.start_line, one.end, begun=True) for one in affected]
    rest = Gap(affected[-1].end, affected[-1].end_line, None)
    remainder = Remainder((*gaps, rest), None, ())
    pieces = iter(Reader(source, plan.dialect, plan.chunk_size, remainder, "known"))
    for chunk in affected:
        parts: list[Piece] = []
        while not parts or parts[-1].chunk.end < chunk.end:
            parts.append(next(pieces))
        hasher = Hasher()
        for part in parts:
            hasher.update(bytes(part.chunk))
        if chunk.hash is not None and hasher.hexdigest() != chunk.hash.hex():
            raise changed_input(source, f"bytes {chunk.start} to {chunk.end} are not those")
        wanted = lines_of(chunk)
        ends = [part.chunk.line for part in parts[1:]] + [chunk.end_line]
        for part, end in zip(parts, ends, strict=True):
            inside = [line for line in wanted if part.chunk.line <= line < end]
            if inside:
                yield part, inside


def _in_the_piece(
    source: Source,
    piece: Piece,
    lines: list[int],
    converter: Converter,
    reasons: Mapping[int, str],
) -> list[Reject]:
    """The records of some lines."""
    chunk, position, line = piece.chunk, 0, piece.chunk.line
    found = []
    for wanted in lines:
        position, line = _forward(converter, chunk, position, line, wanted)
        one = converter.convert(chunk, position, line, len(chunk), 1)
        while not one.loaded and one.position < len(chunk):
            # A blank line, or a reject, stands before it.
            position, line = one.position, one.line
            one = converter.convert(chunk, position, line, len(chunk), 1)
        if one.first_line != wanted or not one.loaded:
            raise changed_input(source, f"line {wanted} is not the one")
        offset = chunk.start + one.start
        found.append(Reject(wanted, offset, None, RefusedRows.code, reasons[wanted], one.raw()))
        position, line = one.position, one.line
    return piece.as_in_the_input(found)


def _forward(
    converter: Converter, chunk: Chunk, position: int, line: int, wanted: int
) -> tuple[int, int]:
    """The place behind as many records as begin before a line, and perhaps some more lines."""
    records = 1 << 16
    while records and line < wanted:
        block = converter.convert(chunk, position, line, len(chunk), records)
        if block.records and block.line <= wanted:
            position, line = block.position, block.line
        else:
            records = min(records, block.records) // 2
    return position, line


def changed_input(source: Source, what: str) -> InputChanged:
    """The error for an input of which `what`, the beginning of a sentence, was loaded."""
    return InputChanged(
        f"{what} that was loaded",
        place=source.identity.name,
        hint="nothing was published; load what the input is now with --again",
    )
