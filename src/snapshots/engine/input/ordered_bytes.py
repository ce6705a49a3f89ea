"""Takes bytes that come in pieces in other pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class OrderedBytes:
    """Bytes in order, as many at a time as are asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._view = memoryview(b"")

    def take(self, size: int) -> Iterator[memoryview]:
        """The next bytes; fewer at the end of the input."""
        while size > 0 and self._fill():
            part = self._view[:size]
            self._view = self._view[len(part) :]
            size -= len(part)
            yield part

    def following(self) -> bytes:
        """The next byte, which is not taken; empty at the end."""
        return bytes(self._view[:1]) if self._fill() else b""

    def _fill(self) -> bool:
        while not self._view:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._view = memoryview(piece)
        return True
