"""The records of a frame as a source. It has no name that leads to it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots._native import Hasher, TypedRows
from snapshots.inner_names import FRAME
from snapshots.ports import Identity
from snapshots.sources.base import ByteSource, fingerprint
from snapshots.sources.compression import PIECE
from snapshots.sources.peekable import Peekable, up_to
from snapshots.sources.streams import ReadOnce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.model import InputSchema


class HeldFrame(ByteSource):
    """See `ports.Source`. A frame that can be read more than once, and is known by its rows."""

    format = "frame"

    def __init__(
        self, schema: InputSchema, records: Callable[[TypedRows | None], Iterator[bytes]]
    ) -> None:
        """Reads all rows, to know them. `records` begins another reading."""
        self.schema = schema
        self.typed_rows = TypedRows()
        self._records = records
        hasher = Hasher()
        hasher.update(repr(schema.columns).encode())
        before = hasher.length
        first = last = b""
        for piece in records(None):
            hasher.update(piece)
            if len(first) < PIECE:
                first += piece[: PIECE - len(first)]
            last = (last + piece)[-PIECE:]
        self.content_hash = hasher.hexdigest()
        size = hasher.length - before
        self._identity = Identity(FRAME, size, None, None, fingerprint(size, first, last))

    @property
    def seekable(self) -> bool:
        """Always False: rows are written as records from the first one on."""
        return False

    @property
    def remote(self) -> bool:
        """Always False."""
        return False

    def head(self, size: int) -> bytes:
        """See `ports.Source`."""
        return Peekable(self._records(None)).head(size)

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ports.Source`."""
        self._consumed = 0
        pieces = Peekable(self._counted()).read(offset)
        return up_to(pieces, None if end is None else end - offset)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`."""
        return self.read(offset)

    def unchanged(self) -> bool:
        """Always True: a program leaves its frame alone while it is loaded."""
        return True

    def close(self) -> None:
        """See `ports.Source`. The frame stays the program's."""

    def _counted(self) -> Iterator[bytes]:
        for piece in self._records(self.typed_rows):
            self._consumed += len(piece)
            yield piece


class StreamedFrame(ReadOnce):
    """See `ports.Source`. Rows that a program gives once."""

    format = "frame"

    def __init__(
        self, schema: InputSchema, records: Iterator[bytes], typed_rows: TypedRows | None = None
    ) -> None:
        """Takes the rows over."""
        super().__init__(FRAME)
        self.schema = schema
        self.typed_rows = typed_rows
        self._peeked = Peekable(self._counted(records))

    def close(self) -> None:
        """See `ports.Source`."""

    def _counted(self, records: Iterator[bytes]) -> Iterator[bytes]:
        for piece in records:
            self._consumed += len(piece)
            yield piece
