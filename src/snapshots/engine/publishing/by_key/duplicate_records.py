"""Makes rejects of records that share a key with another one; their bytes come from the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots._native import AlteredRecords
from snapshots.engine.publishing.refusals import changed_input, pieces_of
from snapshots.errors import InputChanged, InputError, TargetError
from snapshots.model import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from snapshots._native import Converter
    from snapshots.engine.input.cut import Piece
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import CommittedChunk
    from snapshots.ports import Source

    Wanted = Sequence[tuple[CommittedChunk, Iterable[tuple[int, int]]]]
    """Chunks in their order, each with its lines and a number that tells why."""
    Reasons = Callable[[int], str]
    """The reason of such a number."""

CODE = "duplicate_key"
_BLOCK_BYTES = 1 << 20


def rejects_of_lines(
    source: Source, plan: Plan, wanted: Wanted, code: str, reasons: Reasons
) -> Iterator[list[Reject]]:
    """The rejects of one piece of the input at a time.

    Raises TargetError for an input that can be read only once, and InputChanged.
    """
    taken: dict[int, int] = {}
    of_chunks = {chunk.start: pairs for chunk, pairs in wanted}

    def lines_of(chunk: CommittedChunk) -> list[int]:
        taken.clear()
        taken.update(of_chunks[chunk.start])
        return list(taken)

    converter = plan.converter(0)
    affected = [chunk for chunk, _ in wanted]
    try:
        for piece, lines in pieces_of(source, plan, affected, lines_of):
            found = {one: reasons(taken[one]) for one in lines}
            yield _in_the_piece(source, plan, piece, converter, code, found)
    except InputChanged:
        raise
    except InputError as error:
        if code != CODE:
            raise TargetError(
                "The table refuses rows, and the input cannot be read again for their records:"
                f" {reasons(next(iter(taken.values()), 0))}",
                hint="Nothing was published. Save the input to a file: then such records become"
                " rejects.",
            ) from error
        if code != CODE:
            raise TargetError(
                "The table refuses rows, and the input cannot be read again for its rejects.",
                hint="Nothing was published. Save the input to a file, which can be read again.",
            ) from error
        key = ", ".join(plan.key)
        raise TargetError(
            f"The input has records with the same {key}, and cannot be read again for its rejects.",
            hint="Nothing was published. Choose one record of each key with --duplicates first or"
            " last, or save the input to a file.",
        ) from error


def _in_the_piece(
    source: Source,
    plan: Plan,
    piece: Piece,
    converter: Converter,
    code: str,
    reasons: dict[int, str],
) -> list[Reject]:
    # The kernel rejects them as it does records whose values a database would alter.
    first = plan.key[0] if plan.key else ""
    marked = AlteredRecords([(line, first, reason) for line, reason in reasons.items()])
    chunk, position, line = piece.chunk, 0, piece.chunk.line
    found = []
    while position < len(chunk):
        block = converter.convert(chunk, position, line, _BLOCK_BYTES, altered=marked)
        for at, offset, column, _, _, raw in block.rejects():
            if at in reasons:
                found.append(
                    Reject(at, offset, column if code == CODE else None, code, reasons[at], raw)
                )
        position, line = block.position, block.line
    if len(found) != len(reasons):
        raise changed_input(source, f"lines {piece.chunk.line} to {line} are not those")
    return piece.as_in_the_input(found)
