"""The source that a URL names."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.ports import Identity
from snapshots.sources import kinds
from snapshots.sources.compression import PIECE, restored
from snapshots.sources.files import empty, fingerprint, refuse_bad_head
from snapshots.sources.peekable import Peekable
from snapshots.sources.remote import transfer
from snapshots.sources.remote.access import Attempts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.sources.remote.access import RemoteAccess
    from snapshots.sources.remote.protocol import Remote


class UrlSource:
    """Bytes that a server keeps. May be read often, and each time they are fetched."""

    def __init__(
        self, name: str, remote: Remote, access: RemoteAccess, sized: Callable[[int], None]
    ) -> None:
        """`name`: as it may be shown. Waits for the first bytes; `sized` hears before how many
        there are."""
        self._name = name
        self._remote = remote
        self._unpacking = access.unpacking
        self._consumed = 0
        self._peeked: Peekable | None = None
        self._closed = threading.Event()
        patience = access.patience
        try:
            self._transfer = transfer.begin(
                remote,
                name,
                access.connections,
                Attempts(patience, self._closed, patience.tries_to_open),
                lambda: Attempts(patience, self._closed, patience.tries),
                sized,
            )
            self._open()
        except BaseException:
            self.close()
            raise

    @property
    def identity(self) -> Identity:
        """As the server says; the fingerprint only where its last bytes can be had."""
        return self._identity

    @property
    def seekable(self) -> bool:
        """The server gives ranges, and nothing is compressed."""
        return self._transfer.seekable and self._codec is None

    @property
    def remote(self) -> bool:
        """Always."""
        return True

    @property
    def compressed(self) -> bool:
        """By the object's first bytes."""
        return self._codec is not None

    @property
    def consumed(self) -> int:
        """The position in the object up to which `read` has come."""
        return self._consumed

    def head(self, size: int) -> bytes:
        """See `ports.Source`."""
        if self._peeked is None:
            self._peeked = Peekable(self._decoded())
        return self._peeked.head(size)

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`. What `head` has looked at is not fetched again."""
        if offset and self.seekable:
            return self._counted(offset)
        peeked, self._peeked = self._peeked, None
        return (peeked or Peekable(self._decoded())).read(offset)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`; of a compressed object only `read` can be had, as of a stream."""
        return self.read(offset)

    def unchanged(self) -> bool:
        """Every answer was compared with the first when it came."""
        return True

    def close(self) -> None:
        """See `ports.Source`. Ends what another thread waits for."""
        self._closed.set()
        self._remote.close()

    def _open(self) -> None:
        raw = Peekable(self._counted())
        first = raw.head(16)
        if not first:
            raise empty(self._name)
        self._codec = kinds.codec(first)
        self._peeked = Peekable(self._decoded(raw))
        refuse_bad_head(self.head(kinds.HEAD), self._name)
        facts = self._transfer.facts
        self._identity = Identity(
            self._name, facts.size, facts.modified_ns, None, self._fingerprint(), facts.etag
        )

    def _fingerprint(self) -> str | None:
        """That of a file of the same bytes."""
        size = self._transfer.facts.size
        if size is None or not self.seekable:
            return None
        first = self.head(PIECE)
        last = first[-PIECE:]
        if size > PIECE:
            last = b"".join(self._transfer.read(size - PIECE))
        return fingerprint(size, first, last)

    def _decoded(self, raw: Peekable | None = None) -> Iterator[bytes]:
        """The bytes without compression; `raw` is where the first reading has begun."""
        if self._codec is None:
            return (raw or Peekable(self._counted())).read()
        begun = [raw] if raw else []

        def read() -> Iterator[bytes]:
            return (begun.pop() if begun else Peekable(self._counted())).read()

        unpacked = restored(read, self._codec, self._name)
        return self._unpacking.bounded(unpacked, lambda: self._consumed, self._name)

    def _counted(self, offset: int = 0) -> Iterator[bytes]:
        self._consumed = offset
        for piece in self._transfer.read(offset):
            self._consumed += len(piece)
            yield piece
