"""What all sources of bytes share: files, URLs, streams and queries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from snapshots._native import Hasher
from snapshots.errors import InputError
from snapshots.sources import kinds
from snapshots.sources.compression import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots._native import TypedRows
    from snapshots.model import FormatName, InputSchema
    from snapshots.ports import Identity
    from snapshots.sources.kinds import Codec
    from snapshots.sources.unpacked_limit import UnpackedLimit

STREAM_BYTES: Final = 16 * 1024 * 1024
"""Bytes of a stream that are read ahead to recognize it. A shorter stream is known whole, and so is
what is behind a URL."""


class ByteSource:
    """The identity of an input, and how much of it was read so far."""

    _identity: Identity
    """Subclasses set it when they open the input."""
    format: FormatName = "csv"
    """See `ports.Source`."""
    text_fields: frozenset[int] = frozenset()
    """See `ports.Source`."""
    schema: InputSchema | None = None
    """See `ports.Source`."""
    typed_rows: TypedRows | None = None
    """See `ports.Source`."""
    content_hash: str | None = None
    """The BLAKE3 hash of the stored bytes, if opening the input has computed it."""
    _codec: Codec | None = None
    _consumed: int = 0
    hides_secret: bool = False
    """See `ports.Source`."""

    @property
    def identity(self) -> Identity:
        """The input as it was when it was opened."""
        return self._identity

    @property
    def compressed(self) -> bool:
        """Whether the first bytes are those of a compressed file."""
        return self._codec is not None

    @property
    def consumed(self) -> int:
        """The bytes that `read` has taken so far, as they are stored."""
        return self._consumed


class StoredSource(ByteSource, ABC):
    """An input that can be read more than once: a file or a URL."""

    is_container = False
    """Whether its records are within, so that it is read through `containers/opening.py`."""

    def __init__(self, name: str, unpacking: UnpackedLimit) -> None:
        """`name` is the input's name as users may see it."""
        self._name = name
        self._unpacking = unpacking

    @abstractmethod
    def _fetch(self, offset: int, end: int | None) -> Iterator[bytes]:
        """The bytes as they are stored, from an offset up to `end`, or to the last one."""

    def _counted(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The same bytes; `consumed` follows them."""
        self._consumed = offset
        for piece in self._fetch(offset, end):
            self._consumed += len(piece)
            yield piece

    def _unpacked(self, codec: Codec, read: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        """The bytes without compression. `read` begins at the first stored byte each time.

        Raises InputError where the data is damaged or becomes too large.
        """
        unpacked = restored(read, codec, self._name)
        return self._unpacking.bounded(unpacked, lambda: self._consumed, self._name)


def fingerprint(size: int, first: bytes, last: bytes) -> str:
    """A hash that tells most inputs apart, made of their size and their first and last MiB."""
    hasher = Hasher()
    for part in (size.to_bytes(8, "little"), first, last):
        hasher.update(part)
    return hasher.hexdigest()


def empty(name: str) -> InputError:
    """The error for an input that has not even a header."""
    return InputError(
        "The input is empty (0 bytes).", place=name, hint="Check the program that writes it."
    )


def format_of(head: bytes, name: str) -> FormatName:
    """How an input is laid out whose (unpacked) bytes begin with `head`. Raises InputError if it is
    empty or no table."""
    if not head:
        raise empty(name)
    return kinds.format_of(head, name)
