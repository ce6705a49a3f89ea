"""Streams: standard input and pipes, which can be read once and from the front alone."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots.errors import InputError
from snapshots.ports import Identity
from snapshots.sources import kinds
from snapshots.sources.compression import PIECE, decompress
from snapshots.sources.files import refuse_bad_head, unreadable
from snapshots.sources.peekable import Peekable

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReadOnce:
    """Bytes that come once, in pieces. Keeps only the head that was asked for."""

    _peeked: Peekable
    """Set by whoever inherits."""

    def __init__(self, name: str) -> None:
        self._identity = Identity(name, None, None, None, None)
        self.compressed = False
        self._consumed = 0
        self._begun = False

    @property
    def identity(self) -> Identity:
        """Only the name: what a stream holds its end will tell."""
        return self._identity

    @property
    def seekable(self) -> bool:
        """Never."""
        return False

    @property
    def remote(self) -> bool:
        """Never: it is not asked for twice."""
        return False

    @property
    def consumed(self) -> int:
        """Bytes taken so far."""
        return self._consumed

    def head(self, size: int) -> bytes:
        """See `ports.Source`; only before it is read."""
        if self._begun:
            raise self._only_once()
        return self._peeked.head(size)

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`."""
        if self._begun:
            raise self._only_once()
        self._begun = True
        return self._peeked.read(offset)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`; of what is compressed only `read` can be had."""
        return self.read(offset)

    def unchanged(self) -> bool:
        """What was read once cannot be read otherwise."""
        return True

    def _only_once(self) -> InputError:
        return InputError(
            "A stream can be read only once.",
            place=self._identity.name,
            hint="Save it as a file and give that.",
        )


class StreamSource(ReadOnce):
    """What comes out of a descriptor."""

    def __init__(self, name: str, fd: int, *, owned: bool) -> None:
        """Waits for the first bytes. Closes the descriptor in the end if it is `owned`."""
        super().__init__(name)
        self._fd = fd
        self._owned = owned
        try:
            first = self._first_bytes()
            codec = kinds.codec(first)
            rest = self._rest(first)
            self.compressed = codec is not None
            self._peeked = Peekable(decompress(rest, codec, name) if codec else rest)
            refuse_bad_head(self.head(kinds.HEAD), name)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """See `ports.Source`."""
        if self._owned and self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
        self._fd = -1

    def _first_bytes(self) -> bytes:
        """Enough to see whether it is compressed, if there is as much."""
        first = self._take(PIECE)
        while 0 < len(first) < 16 and (more := self._take(PIECE)):
            first += more
        return first

    def _rest(self, first: bytes) -> Iterator[bytes]:
        if first:
            yield first
        while piece := self._take(PIECE):
            yield piece

    def _take(self, size: int) -> bytes:
        try:
            piece = os.read(self._fd, size)
        except OSError as error:
            raise unreadable(self._identity.name, error) from error
        self._consumed += len(piece)
        return piece
