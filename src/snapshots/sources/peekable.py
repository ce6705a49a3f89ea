"""Pieces of bytes whose beginning can be looked at before they are read."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from snapshots.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


def up_to(pieces: Iterator[bytes], size: int | None) -> Iterator[bytes]:
    """The first `size` bytes of the pieces, or all; no piece is asked for that is not needed."""
    if size is None:
        yield from pieces
        return
    while size > 0 and (piece := next(pieces, b"")):
        yield piece[:size]
        size -= len(piece)


class Peekable:
    """Keeps the head that was asked for until it is read, and nothing else."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held: deque[bytes] = deque()
        self._ended: InputError | None = None

    def head(self, size: int) -> bytes:
        """The first bytes, at most `size`. Raises InputError if not one byte can be read."""
        held = sum(map(len, self._held))
        try:
            while held < size and self._ended is None and (piece := next(self._pieces, b"")):
                self._held.append(piece)
                held += len(piece)
        except InputError as error:
            # Whoever reads on gets the bytes before the damage first, then this.
            if not held:
                raise
            self._ended = error
        return b"".join(self._held)[:size]

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """All bytes from an offset on. May be called once."""
        while self._held:
            piece = self._held.popleft()
            if offset < len(piece):
                yield piece[offset:]
            offset = max(offset - len(piece), 0)
        if self._ended:
            raise self._ended
        for piece in self._pieces:
            if offset < len(piece):
                yield piece[offset:]
            offset = max(offset - len(piece), 0)
