"""The bytes behind a URL as a source."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.ports import Identity
from snapshots.sources import kinds
from snapshots.sources.base import StoredSource, empty, fingerprint, format_of
from snapshots.sources.compression import PIECE
from snapshots.sources.peekable import Peekable, up_to
from snapshots.sources.remote import transfer
from snapshots.sources.remote.access import Attempts
from snapshots.sources.remote.protocol import RemoteFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.sources.remote.access import RemoteAccess
    from snapshots.sources.remote.protocol import Remote


class UrlSource(StoredSource):
    """Bytes that a server keeps. They can be read more than once; each time they are fetched."""

    def __init__(
        self,
        name: str,
        remote: Remote,
        access: RemoteAccess,
        sized: Callable[[int], None],
        known: Identity | None = None,
    ) -> None:
        """Waits for the first bytes. `name` is the URL as it may be shown; `sized` is called with
        the object's size as soon as the server says it. An object whose identity is `known`, and
        which offers ranges of plain bytes, is not asked for before it is read.

        Raises InputError if nothing can be read, or it is empty or no CSV.
        """
        super().__init__(name, access.unpacking)
        self._remote = remote
        self._peeked: Peekable | None = None
        self._closed = threading.Event()
        limits = access.timeouts

        def tries() -> Attempts:
            return Attempts(limits.retry, limits.cuts, self._closed)

        if known is not None:
            facts = RemoteFacts(known.size, known.etag, known.mtime_ns)
            remote.expect(facts)
            self._identity = known
            self._transfer: transfer.Transfer = transfer.RangedTransfer(
                remote, name, facts, tries, b"", access.connections
            )
            return
        try:
            self._transfer = transfer.begin(
                remote,
                name,
                access.connections,
                Attempts(limits.opening(), limits.cuts, self._closed),
                tries,
                sized,
            )
            self._open()
        except BaseException:
            self.close()
            raise

    @property
    def seekable(self) -> bool:
        """Whether the server offers ranges and the object is not compressed."""
        return self._transfer.seekable and self._codec is None

    @property
    def remote(self) -> bool:
        """Always True."""
        return True

    def head(self, size: int) -> bytes:
        """See `ports.Source`."""
        if self._peeked is None:
            self._peeked = Peekable(self._decoded())
        return self._peeked.head(size)

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ports.Source`. The bytes that `head` has looked at are not fetched again."""
        if self.seekable and (offset or end is not None):
            return self._counted(offset, end)
        peeked, self._peeked = self._peeked, None
        pieces = (peeked or Peekable(self._decoded())).read(offset)
        return up_to(pieces, None if end is None else end - offset)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`. Compressed bytes are unpacked here, too."""
        return self.read(offset)

    def unchanged(self) -> bool:
        """Always True: each answer is compared with the first one as it comes."""
        return True

    def close(self) -> None:
        """See `ports.Source`. Ends the waiting of another thread, too."""
        self._closed.set()
        self._remote.close()

    def _open(self) -> None:
        raw = Peekable(self._counted())
        first = raw.head(16)
        if not first:
            raise empty(self._name)
        self._codec = kinds.codec(first)
        self._peeked = Peekable(self._decoded(raw))
        head = self.head(kinds.HEAD)
        self.is_container = kinds.is_container(head)
        if not self.is_container:
            self.format = format_of(head, self._name)
        facts = self._transfer.facts
        mark = None if self.is_container else self._fingerprint()
        self._identity = Identity(self._name, facts.size, facts.modified_ns, None, mark, facts.etag)

    def between(self, start: int, end: int) -> Iterator[bytes]:
        """The stored bytes from an offset to another one. Only of a server that offers ranges."""
        return self._transfer.between(start, end)

    def _fingerprint(self) -> str | None:
        """The fingerprint that a file of the same bytes has; None where it cannot be known."""
        size = self._transfer.facts.size
        if size is None or not self.seekable:
            return None
        first = self.head(PIECE)
        last = first[-PIECE:]
        if size > PIECE:
            last = b"".join(self._transfer.read(size - PIECE))
        return fingerprint(size, first, last)

    def _decoded(self, raw: Peekable | None = None) -> Iterator[bytes]:
        """The bytes without compression; `raw` has the first bytes of the first reading."""
        if self._codec is None:
            return (raw or Peekable(self._counted())).read()
        begun = [raw] if raw else []

        def read() -> Iterator[bytes]:
            return (begun.pop() if begun else Peekable(self._counted())).read()

        return self._unpacked(self._codec, read)

    def _fetch(self, offset: int, end: int | None) -> Iterator[bytes]:
        return self._transfer.read(offset, end)
