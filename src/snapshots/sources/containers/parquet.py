"""Parquet files as inputs. The kernel reads their columns, and writes their rows as records."""

from __future__ import annotations

import os
import re
from itertools import accumulate
from typing import IO, TYPE_CHECKING, Final

from msgspec.structs import replace

from snapshots import system
from snapshots._native import Hasher, ParquetFile, TypedRows
from snapshots.errors import InputError
from snapshots.notes import DetailNote
from snapshots.sources import kinds
from snapshots.sources.base import StoredSource
from snapshots.sources.columnar import schema_of
from snapshots.sources.containers.growing_copy import GrowingCopy
from snapshots.sources.files import FileSource
from snapshots.sources.peekable import Peekable, up_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.sources.containers.member import MemberSource
    from snapshots.sources.remote.source import UrlSource
    from snapshots.sources.unpacked_limit import UnpackedLimit

_MARK: Final = 4
"""Bytes of the mark that begins and ends a file."""
_LENGTH: Final = 4
"""Bytes before it that say how long the footer is."""
_LAYERS: Final = re.compile(r"^(?:(?:Parquet(?: argument)? error|External|Arrow|EOF): )+")
"""Which parts of a library an error has come through."""
_AGAIN: Final = "Get the file again, or check the program that writes it."


class ParquetSource(FileSource):
    """See `ports.Source`. A record's line is the number of its row; its bytes are stored in another
    form, so that they are always read from the first row on."""

    format = "parquet"
    _growing: GrowingCopy | None = None
    """The file, if its bytes are still coming."""

    def __init__(
        self,
        outer: FileSource | UrlSource | MemberSource,
        file: IO[bytes] | GrowingCopy,
        unpacking: UnpackedLimit,
    ) -> None:
        """Takes over what the file is read from, and its bytes.

        Raises InputError, saying why, if it cannot be read.
        """
        StoredSource.__init__(self, outer.identity.name, unpacking)
        self._outer = outer
        self.typed_rows = TypedRows()
        self._fd = os.dup(file.fileno())
        if isinstance(file, GrowingCopy):
            self._growing = file
        else:
            file.close()
        try:
            status = os.fstat(self._fd)
            known = outer.identity
            self._identity = replace(
                known, size=status.st_size, fingerprint=self._fingerprint(status)
            )
            self._require_ends(status.st_size)
            if self._growing is not None:
                self._growing.fetch_end(self._footer(status.st_size))
            elif not isinstance(outer, FileSource):
                self.content_hash = self._hash()
            try:
                self._file = ParquetFile(system.handle_of(self._fd))
                schema = schema_of(self._file.columns())
            except ValueError as error:
                raise self._refusal(str(error)) from error
            groups = self._file.row_groups()
            rows = [rows for rows, _ in groups]
            ends = (end for _, end in groups)
            self._borders = list(zip(accumulate(rows), accumulate(ends, max), strict=True))
            note = DetailNote(f"the file has {sum(rows)} rows in {len(groups)} row groups")
            self.schema = replace(schema, notes=(note, *schema.notes))
            if not self.schema.columns:
                raise InputError("The Parquet file has no columns.", place=self._name, hint=_AGAIN)
        except BaseException:
            self.close()
            raise

    @property
    def seekable(self) -> bool:
        """Always False: rows are written as records from the first one on."""
        return False

    @property
    def remote(self) -> bool:
        """Whether the file is behind a URL. It is copied once, and read meanwhile."""
        return self._outer.remote

    @property
    def compressed(self) -> bool:
        """Always True: the records have other bytes than the file."""
        return True

    def head(self, size: int) -> bytes:
        """See `ports.Source`."""
        return Peekable(self._records(threads=1)).head(size)

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ports.Source`."""
        pieces = self._read_on(0)
        return up_to(Peekable(pieces).read(offset), None if end is None else end - offset)

    def read_from_line(self, line: int) -> Iterator[bytes]:
        """See `ports.Numbered`. Row groups before the row are not read."""
        return self._read_on(line - 1)

    def unchanged(self) -> bool:
        """See `ports.Source`."""
        return self._outer.unchanged()

    def close(self) -> None:
        """See `ports.Source`."""
        if self._growing is not None:
            self._growing.close()
        super().close()
        self._outer.close()

    def _read_on(self, first: int) -> Iterator[bytes]:
        records = self._records(first, typed=self.typed_rows)
        yield from self._unpacking.bounded(records, lambda: self._consumed, self._name)
        if self._growing is not None:
            self.content_hash = self._growing.content_hash()

    def _pread(self, size: int, offset: int) -> bytes:
        if self._growing is not None:
            self._growing.require(offset, offset + size)
        return super()._pread(size, offset)

    def _records(
        self, first: int = 0, *, threads: int | None = None, typed: TypedRows | None = None
    ) -> Iterator[bytes]:
        """The records from a row on, counted from 0."""
        self._consumed = 0
        try:
            for row, groups in self._stretches(first):
                stream = self._file.records(row, threads, typed, groups)
                for piece in stream:
                    self._consumed = stream.consumed
                    yield piece
        except ValueError as error:
            raise self._refusal(str(error)) from error

    def _stretches(self, first: int) -> Iterator[tuple[int, int]]:
        """What to read at a time, from a row on: the first row, and how many row groups there are
        up to its end. Each has all row groups whose bytes are there; the first is waited for."""
        growing = self._growing
        for number, (row, end) in enumerate(self._borders, 1):
            if row <= first:
                continue
            if growing is not None:
                growing.require(0, end)
            following = self._borders[number : number + 1]
            if following and (growing is None or growing.has(following[0][1])):
                continue
            yield first, number
            first = row

    def _footer(self, size: int) -> int:
        """Where the footer begins, as its own length says; the end, if that cannot be."""
        end = size - _MARK - _LENGTH
        length = int.from_bytes(self._pread(_LENGTH, end), "little")
        return end - length if length < end else size

    def _require_ends(self, size: int) -> None:
        marks = (self._pread(_MARK, 0), self._pread(_MARK, max(size - _MARK, 0)))
        if kinds.ENCRYPTED_PARQUET in marks:
            raise self._encrypted()
        if size < 3 * _MARK or not kinds.is_parquet(marks[1]):
            raise InputError(
                "The Parquet file is cut short: its end is missing.", place=self._name, hint=_AGAIN
            )

    def _hash(self) -> str:
        hasher = Hasher()
        for piece in self.raw():
            hasher.update(piece)
        return hasher.hexdigest()

    def _encrypted(self) -> InputError:
        return InputError(
            "The Parquet file is encrypted.",
            place=self._name,
            hint="Write it without encryption.",
        )

    def _refusal(self, what: str) -> InputError:
        """The error for what the kernel says."""
        if what.startswith(("Column ", "Row ")):
            return InputError(
                f"{what}.",
                place=self._name,
                hint="Convert or leave out these values where the file is written.",
            )
        if "ncrypt" in what:
            return self._encrypted()
        what = _LAYERS.sub("", what)
        missing = what.startswith("Required field")
        if not missing and ("codec" in what or "compression" in what or "feature" in what):
            return InputError(
                f"The Parquet file is compressed in a way that is not supported: {what}.",
                place=self._name,
                hint="Write it with Snappy, Zstandard, gzip, Brotli, LZ4 or no compression.",
            )
        # What a column lacks whose description is encrypted, while the footer is not.
        encrypted = missing and "type_" in what
        where = "damaged, or encrypted in part" if encrypted else "damaged"
        return InputError(f"The Parquet file is {where}: {what}.", place=self._name, hint=_AGAIN)
