"""The chunks of an input, or of its beginning, for those who look at records before they are
loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from snapshots._native import Chunk, Splitter
from snapshots.formats.encodings import is_utf8, transcode
from snapshots.formats.kernel_json import dialect_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.model import Dialect
    from snapshots.ports import Source

_CHUNK: Final = 4 << 20
_SMALL: Final = 16 << 10


def all_chunks(source: Source, dialect: Dialect) -> Iterator[Chunk]:
    """Yields all records. Uses a stream up. Raises the InputError of the source."""
    splitter = Splitter(dialect_json(dialect), _CHUNK)
    pieces = source.read()
    if not is_utf8(dialect.encoding):
        pieces = transcode(pieces, dialect.encoding)
    for piece in pieces:
        yield from splitter.feed(piece)
    yield from splitter.finish()


def head_chunks(head: bytes, dialect: Dialect, *, complete: bool) -> Iterator[Chunk]:
    """Yields the records of a head. A last one that may go on is left out, unless the head is the
    `complete` input."""
    if not is_utf8(dialect.encoding):
        head = b"".join(transcode([head], dialect.encoding))
    if dialect.syntax != "array":
        yield Chunk.of(head if complete else head[: head.rfind(dialect.line_end) + 1])
        return
    # Small ones, so that few of the last whole records are left out.
    splitter = Splitter(dialect_json(dialect), _SMALL)
    yield from splitter.feed(head)
    if complete:
        yield from splitter.finish()
