"""What all sources of bytes share: files, URLs, streams and queries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from snapshots._native import Hasher
from snapshots.errors import InputError
from snapshots.sources import kinds
from snapshots.sources.compression import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.ports import Identity
    from snapshots.sources.kinds import Codec
    from snapshots.sources.unpacked_limit import UnpackedLimit


class ByteSource:
    """The identity of an input, and how much of it was read so far."""

    _identity: Identity
    """Subclasses set it when they open the input."""
    _codec: Codec | None = None
    _consumed: int = 0

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

    def __init__(self, name: str, unpacking: UnpackedLimit) -> None:
        """`name` is the input's name as users may see it."""
        self._name = name
        self._unpacking = unpacking

    @abstractmethod
    def _fetch(self, offset: int) -> Iterator[bytes]:
        """The bytes as they are stored, from an offset on."""

    def _counted(self, offset: int = 0) -> Iterator[bytes]:
        """The same bytes; `consumed` follows them."""
        self._consumed = offset
        for piece in self._fetch(offset):
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


def refuse_bad_head(head: bytes, name: str) -> None:
    """Raises InputError if an input whose (unpacked) bytes begin with `head` cannot be CSV."""
    if not head:
        raise empty(name)
    kinds.refuse_what_is_no_csv(head, name)
