"""Stored bytes as a file that can be read from anywhere, for libraries that seek."""

from __future__ import annotations

import errno
import io
from typing import TYPE_CHECKING, Final

from snapshots.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import WriteableBuffer

NEAR: Final = 64 * 1024
"""Bytes that are fetched at least: a directory is read in many small steps."""
MOST_FETCHED: Final = 4 * 1024 * 1024
"""Bytes that are fetched at most where one reads on and on; each time twice as many as before. They
are held in memory."""
MOST_AT_ONCE: Final = 64 * 1024 * 1024
"""Bytes that one call may ask for. Only the directory of an archive is read so, and one with
millions of members would fill the memory."""


class RandomAccess(io.RawIOBase):
    """A readable, seekable file over ranges of bytes. For one thread at a time."""

    def __init__(self, fetch: Callable[[int, int], Iterable[bytes]], size: int, place: str) -> None:
        """`fetch` gives the bytes from a first offset to a last one, which is not included."""
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._place = place
        self._at = 0
        self._held_from = 0
        self._held = b""
        self._span = NEAR

    def readable(self) -> bool:
        """Always True."""
        return True

    def seekable(self) -> bool:
        """Always True."""
        return True

    def tell(self) -> int:
        """The offset of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset. Raises OSError for one before the first byte."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "negative offset")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Reads at least one byte, unless this is the end. Raises the InputError of the source."""
        view = memoryview(buffer).cast("B")
        size = min(len(view), max(self._size - self._at, 0))
        if size > MOST_AT_ONCE:
            raise InputError(
                "The directory of the archive is too large: it has millions of members.",
                place=self._place,
                hint="Unpack it and import the files in it.",
            )
        taken = self._taken(size) if size else b""
        view[: len(taken)] = taken
        self._at += len(taken)
        return len(taken)

    def _taken(self, size: int) -> memoryview:
        held_to = self._held_from + len(self._held)
        if not self._held_from <= self._at < held_to:
            reads_on = self._at == held_to and self._held
            self._span = min(2 * self._span, MOST_FETCHED) if reads_on else NEAR
            end = min(self._at + max(size, self._span), self._size)
            self._held = b"".join(self._fetch(self._at, end))
            self._held_from = self._at
        begin = self._at - self._held_from
        return memoryview(self._held)[begin : begin + size]
