"""Converts chunks before the transactions that load them, where one session loads all of them.

While the database commits one chunk, the next one is converted on another thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.support.prefetch import prefetched

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from snapshots._native import Block, Chunk, Converter
    from snapshots.engine.input.cut import Piece
    from snapshots.row_encoding import RowEncoding


class _Part(Struct, frozen=True):
    """A block of the piece before it, or what came instead of one; neither: no other follows."""

    block: Block | None = None
    error: Exception | None = None


class PrefetchedChunks:
    """Pieces and their blocks, for one thread that loads them one after the other.

    Not for imports that a limit or the first reject ends: the kernel must know of those.
    """

    def __init__(
        self, pieces: Iterable[Piece], converter: Converter, encoding: RowEncoding
    ) -> None:
        """`pieces` is drawn from on another thread, which may still wait there after the end."""
        self._made = prefetched(_make(pieces, converter, encoding), wait=False)
        self._begun: Chunk | None = None

    def pieces(self) -> Generator[Piece]:
        """Yields the pieces. Raises what drawing them raises."""
        try:
            for made in self._made:
                # What nobody has asked for are blocks of a chunk that was converted otherwise.
                if not isinstance(made, _Part):
                    self._begun = made.chunk
                    yield made
        finally:
            self._made.close()

    def blocks(self, chunk: Chunk) -> Iterator[Block] | None:
        """Gives the blocks of the last piece once. None: the chunk is to be converted by others,
        because it is another one, or is loaded again."""
        if chunk is not self._begun:
            return None
        self._begun = None
        return self._blocks()

    def _blocks(self) -> Iterator[Block]:
        for made in self._made:
            if not isinstance(made, _Part) or made == _Part():
                return
            if made.error is not None:
                raise made.error
            if made.block is not None:
                yield made.block


def converted(chunk: Chunk, converter: Converter, encoding: RowEncoding) -> Iterator[Block]:
    """Converts a whole chunk, block after block."""
    position, line = 0, chunk.line
    while position < len(chunk):
        block = converter.convert(
            chunk, position, line, encoding.block_bytes, encoding.block_records
        )
        position, line = block.position, block.line
        yield block


def _make(
    pieces: Iterable[Piece], converter: Converter, encoding: RowEncoding
) -> Iterator[Piece | _Part]:
    for piece in pieces:
        yield piece
        try:
            for block in converted(piece.chunk, converter, encoding):
                yield _Part(block)
        except Exception as error:  # raised where the block is awaited, in its transaction
            yield _Part(error=error)
        yield _Part()
