"""A member of an archive as an input, which is known by its own content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots import inner_names
from snapshots._native import Hasher
from snapshots.ports import Identity
from snapshots.sources import kinds
from snapshots.sources.base import StoredSource, empty, fingerprint, format_of
from snapshots.sources.compression import PIECE
from snapshots.sources.peekable import Peekable, up_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.sources.containers.zip_archive import ZipArchive
    from snapshots.sources.files import FileSource
    from snapshots.sources.remote.source import UrlSource
    from snapshots.sources.unpacked_limit import UnpackedLimit


class MemberSource(StoredSource):
    """See `ports.Source`. The stored bytes are those of the member, without the archive's own
    compression: a member and a file with the same bytes are the same input."""

    def __init__(
        self,
        outer: FileSource | UrlSource,
        archive: ZipArchive,
        inner: str,
        unpacking: UnpackedLimit,
    ) -> None:
        """Takes over the archive and what it is read from.

        A local member is read once: its checksum is compared before anything is loaded. Raises
        InputError if it cannot be read, is larger than the limits allow, is empty or no CSV.
        """
        super().__init__(inner_names.joined(outer.identity.name, inner), unpacking)
        self._outer = outer
        self._archive = archive
        self._peeked: Peekable | None = None
        try:
            self._member = archive.member(inner)
            size = self._member.file_size
            unpacking.require(size, self._member.compress_size, self._name)
            if not size:
                raise empty(self._name)
            raw = Peekable(self._counted())
            head = raw.head(kinds.HEAD)
            self._codec = kinds.codec(head)
            self._peeked = Peekable(self._decoded(raw))
            self.is_container = kinds.is_container(head)
            if not self.is_container:
                start = head if self._codec is None else self.head(kinds.HEAD)
                self.format = format_of(start, self._name)
            known = outer.identity
            mark = None if outer.remote else self._read_through()
            self._identity = Identity(
                self._name, size, known.mtime_ns, known.inode, mark, known.etag
            )
        except BaseException:
            self.close()
            raise

    @property
    def seekable(self) -> bool:
        """Always False: a member is unpacked from its first byte on."""
        return False

    @property
    def remote(self) -> bool:
        """Whether the archive is."""
        return self._outer.remote

    def head(self, size: int) -> bytes:
        """See `ports.Source`."""
        if self._peeked is None:
            self._peeked = Peekable(self._decoded())
        return self._peeked.head(size)

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ports.Source`. The bytes that `head` has looked at are not unpacked again."""
        peeked, self._peeked = self._peeked, None
        unpacked = (peeked or Peekable(self._decoded())).read(offset)
        return up_to(unpacked, None if end is None else end - offset)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`."""
        if self.remote and self._codec is None:
            return self.read(offset)
        return self._fetch(offset, None)

    def unchanged(self) -> bool:
        """See `ports.Source`. It is the archive that may have changed."""
        return self._outer.unchanged()

    def close(self) -> None:
        """See `ports.Source`."""
        self._archive.close()
        self._outer.close()

    def _decoded(self, raw: Peekable | None = None) -> Iterator[bytes]:
        """The bytes without compression; `raw` has the first bytes of the first reading."""
        if self._codec is None:
            return (raw or Peekable(self._counted())).read()
        begun = [raw] if raw else []

        def read() -> Iterator[bytes]:
            return (begun.pop() if begun else Peekable(self._counted())).read()

        return self._unpacked(self._codec, read)

    def _fetch(self, offset: int, end: int | None) -> Iterator[bytes]:
        stored = Peekable(self._archive.read(self._member)).read(offset)
        return up_to(stored, None if end is None else end - offset)

    def _read_through(self) -> str:
        """The fingerprint that a file of the same bytes has. Its hash is kept, too."""
        hasher = Hasher()
        first = last = b""
        for piece in self._fetch(0, None):
            hasher.update(piece)
            if len(first) < PIECE:
                first += piece[: PIECE - len(first)]
            last = (last + piece)[-PIECE:]
        self.content_hash = hasher.hexdigest()
        return fingerprint(hasher.length, first, last)
