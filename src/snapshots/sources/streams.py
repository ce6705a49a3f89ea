"""Streams: standard input and pipes, which can be read once, from the first byte on."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots.errors import InputError
from snapshots.ports import Identity
from snapshots.sources import kinds
from snapshots.sources.base import ByteSource, format_of
from snapshots.sources.compression import PIECE, decompress
from snapshots.sources.files import unreadable
from snapshots.sources.peekable import Peekable, up_to

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReadOnce(ByteSource):
    """Bytes that come once, in pieces. Keeps only the head that was asked for.

    Subclasses set `_peeked`, from which the bytes are read.
    """

    _peeked: Peekable

    def __init__(self, name: str) -> None:
        self._identity = Identity(name, None, None, None, None)
        self._begun = False

    @property
    def seekable(self) -> bool:
        """Always False."""
        return False

    @property
    def remote(self) -> bool:
        """Always False: nothing is fetched twice."""
        return False

    def head(self, size: int) -> bytes:
        """See `ports.Source`. Raises InputError once the stream is being read."""
        if self._begun:
            raise self._only_once()
        return self._peeked.head(size)

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ports.Source`. Raises InputError the second time."""
        if self._begun:
            raise self._only_once()
        self._begun = True
        return up_to(self._peeked.read(offset), None if end is None else end - offset)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`. Compressed bytes are unpacked here, too."""
        return self.read(offset)

    def unchanged(self) -> bool:
        """Always True: what is read once cannot differ the second time."""
        return True

    def _only_once(self) -> InputError:
        return InputError(
            "A stream can be read only once.",
            place=self._identity.name,
            hint="Save it to a file and import that.",
        )


class StreamSource(ReadOnce):
    """The bytes of an open descriptor, such as standard input or a pipe."""

    def __init__(self, name: str, fd: int, *, owned: bool) -> None:
        """Waits for the first bytes. `close` closes the descriptor only if it is `owned`."""
        super().__init__(name)
        self._fd = fd
        self._owned = owned
        try:
            first = self._first_bytes()
            codec = self._codec = kinds.codec(first)
            rest = self._rest(first)
            self._peeked = Peekable(decompress(rest, codec, name) if codec else rest)
            head = self.head(kinds.HEAD)
            if kinds.is_container(head):
                raise InputError(
                    "An archive, a workbook or a Parquet file cannot be read from a stream.",
                    place=name,
                    hint="Save it to a file and import that.",
                )
            self.format = format_of(head, name)
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
        """The first bytes: enough to see whether they are compressed, if so many come."""
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
