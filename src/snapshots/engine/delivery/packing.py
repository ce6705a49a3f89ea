"""Packs the pieces of an input into parcels of rows that can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from snapshots._native import Block, Converter
    from snapshots.engine.delivery.parcel import Parcel
    from snapshots.engine.input.cut import Piece
    from snapshots.engine.plan.plan import UnansweredRows
    from snapshots.ledger.entry import CommittedChunk


class Packer:
    """Makes parcels. Iterate once; then `whole` is known."""

    def __init__(
        self,
        pieces: Iterable[Piece],
        converter: Converter,
        parcel: Callable[[Piece, int, Block], Parcel],
        *,
        begun: Iterable[CommittedChunk],
        left: int | None,
        stop_at_reject: bool,
        unheard: UnansweredRows,
    ) -> None:
        """`parcel`: makes a parcel of a piece, a position in it, and the rows from there on.
        `left`: records that may still be taken; None: all there are. `unheard`: what earlier runs
        may have sent: rows are always sent in their order, so that those are the first of the
        pending ones."""
        self._pieces = pieces
        self._converter = converter
        self._parcel = parcel
        self._begun = {chunk.start: chunk for chunk in begun if chunk.pending}
        self._left = left
        self._stop_at_reject = stop_at_reject
        self._unheard = unheard
        self._asked_first = unheard.rows
        self._cut = False
        self.complete = False
        """The input has been read to its end."""

    def __iter__(self) -> Iterator[Parcel]:
        for parcel in self._parcels():
            asked = self._unheard.asked.get(parcel.start, "")
            self._asked_first -= parcel.doubt(self._asked_first, asked)
            yield parcel
        self.complete = not self._cut

    def _parcels(self) -> Iterator[Parcel]:
        for piece in self._pieces:
            begun = self._begun.get(piece.chunk.start)
            if begun is not None:
                yield self._pack_again(piece, begun)
            elif self._left == 0:
                self._cut = True
                return
            else:
                yield from self._pack(piece)

    def _pack_again(self, piece: Piece, begun: CommittedChunk) -> Parcel:
        block = self._converter.convert(piece.chunk, 0, piece.chunk.line, len(piece.chunk))
        parcel = self._parcel(piece, 0, block)
        parcel.restore(begun)
        return parcel

    def _pack(self, piece: Piece) -> Iterator[Parcel]:
        chunk, position, line = piece.chunk, 0, piece.chunk.line
        while position < len(chunk):
            if self._left == 0:
                self._cut = True
                return
            block = self._converter.convert(
                chunk, position, line, len(chunk), self._left, self._stop_at_reject
            )
            if self._stop_at_reject and block.rejected and block.records > 1:
                # What lies before the bad record is sent before it is looked at.
                block = self._converter.convert(
                    chunk, position, line, len(chunk), block.records - 1
                )
            if self._left is not None:
                self._left -= block.records
            yield self._parcel(piece, position, block)
            position, line = block.position, block.line
