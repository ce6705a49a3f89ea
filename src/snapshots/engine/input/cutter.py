"""Cutters decide where chunks begin and end, and group them for who carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from snapshots.engine.input.cut import Batch, Cut, Piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.input.reader import Reader


class Cutter(Protocol):
    """Yields the batches of an input's gaps, in order. Iterate once; what it says of the input is
    known then, and `end` follows what was read."""

    @property
    def end(self) -> int:
        """Bytes of the input as the kernel sees them, as far as it was read."""

    @property
    def consumed(self) -> int:
        """Stored bytes of the input that were read, here or elsewhere."""

    @property
    def content_hash(self) -> str | None:
        """The hash of the whole input."""

    @property
    def size(self) -> int | None:
        """Stored bytes of the input."""

    def __iter__(self) -> Iterator[Batch]:
        """The batches. Raises what reading raises, and InputChanged."""


class ReadingCutter:
    """Cuts by reading the input from first to last byte, in one thread."""

    def __init__(self, reader: Reader, batch_size: int = 0, *, by_value: bool = True) -> None:
        """A batch has at least one cut, and no more once it has `batch_size` bytes. Without
        `by_value`, their bytes are to be read again."""
        self._reader = reader
        self._batch_size = batch_size
        self._by_value = by_value

    @property
    def end(self) -> int:
        """See `Cutter`."""
        return self._reader.end

    @property
    def consumed(self) -> int:
        """See `Cutter`."""
        return self._reader.consumed

    @property
    def content_hash(self) -> str | None:
        """See `Cutter`."""
        return self._reader.content_hash

    @property
    def size(self) -> int | None:
        """See `Cutter`."""
        return self._reader.size

    def __iter__(self) -> Iterator[Batch]:
        if self._by_value:
            return (Batch((), tuple(few)) for few in self._grouped(iter(self._reader)))
        return self._cuts()

    def _cuts(self) -> Iterator[Batch]:
        cuts: list[Cut] = []
        for piece in self._reader:
            cut = piece.cut(digested=True)
            if cuts and (
                cut.start != cuts[-1].end or cut.start - cuts[0].start >= self._batch_size
            ):
                yield Batch(tuple(cuts))
                cuts = []
            cuts.append(cut)
        if cuts:
            yield Batch(tuple(cuts))

    def _grouped(self, pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
        few: list[Piece] = []
        held = 0
        for piece in pieces:
            few.append(piece)
            held += len(piece.chunk)
            if held >= self._batch_size:
                yield few
                few, held = [], 0
        if few:
            yield few
