"""Opens the inputs within a file, and lists their names."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, TypeAlias, cast

from snapshots import inner_names, system
from snapshots.errors import InputError
from snapshots.sources import kinds
from snapshots.sources.base import STREAM_BYTES
from snapshots.sources.containers.growing_copy import GrowingCopy
from snapshots.sources.containers.member import MemberSource
from snapshots.sources.containers.parquet import ParquetSource
from snapshots.sources.containers.random_access import RandomAccess
from snapshots.sources.containers.workbook import OpenWorkbook
from snapshots.sources.containers.zip_archive import ZipArchive
from snapshots.sources.files import FileSource

if TYPE_CHECKING:
    from snapshots.ports import Source
    from snapshots.sources.containers.zip_archive import WorkbookKind
    from snapshots.sources.remote.source import UrlSource
    from snapshots.sources.unpacked_limit import UnpackedLimit

    _Outer: TypeAlias = FileSource | UrlSource | MemberSource


def open_inner(outer: FileSource | UrlSource, inner: str, unpacking: UnpackedLimit) -> Source:
    """Opens an input within a file, which it takes over: a member of an archive, or a sheet of a
    workbook. Without a name it is the only one there.

    Raises InputError, saying why, if that cannot be read.
    """
    try:
        found = _container(outer, unpacking)
        if isinstance(found, ParquetSource):
            return _alone(found, inner)
        if isinstance(found, OpenWorkbook):
            return found.sheet(inner)
        return _open_member(outer, found, inner or found.only(), unpacking)
    except BaseException:
        outer.close()
        raise


def _open_member(
    outer: FileSource | UrlSource, archive: ZipArchive, inner: str, unpacking: UnpackedLimit
) -> Source:
    """Opens a member, or a sheet of a workbook that is a member."""
    name, sheet = (inner, "") if inner in archive.names else inner_names.split(inner)
    member = MemberSource(outer, archive, name, unpacking)
    if not member.is_container and not sheet:
        return member
    try:
        book = _container(member, unpacking) if member.is_container else None
        if isinstance(book, ParquetSource):
            return _alone(book, sheet)
        if isinstance(book, OpenWorkbook):
            return book.sheet(sheet)
        raise InputError(
            f"This is not a workbook, so that it has no sheet {sheet!r}."
            if book is None
            else "This is a zip archive within a zip archive.",
            place=member.identity.name,
            hint="Unpack the outer archive, and import what is in it.",
        )
    except BaseException:
        member.close()
        raise


def _alone(source: ParquetSource, inner: str) -> Source:
    """A Parquet file, which has no inputs within. Raises InputError if one is named."""
    if not inner:
        return source
    place = source.identity.name
    source.close()
    raise InputError(
        f"This is a Parquet file, so that it has no member {inner!r}.",
        place=place,
        hint="Name the file alone.",
    )


def inner_inputs(outer: FileSource | UrlSource, inner: str, unpacking: UnpackedLimit) -> list[str]:
    """The names of the inputs within a file that fit a pattern; without one, all members of an
    archive. For a workbook, the list is then empty: it is an input itself.

    Raises InputError if there is none.
    """
    found = _container(outer, unpacking)
    if isinstance(found, ParquetSource):
        found.close()
        return []
    if isinstance(found, OpenWorkbook):
        with found.file:
            return found.sheets(inner) if inner else []
    try:
        return found.matching(inner) if inner else found.inputs()
    finally:
        found.close()


def _container(
    outer: _Outer, unpacking: UnpackedLimit
) -> ZipArchive | OpenWorkbook | ParquetSource:
    name = outer.identity.name
    if outer.compressed:
        raise InputError(
            "This is an archive, a workbook or a Parquet file that is compressed once more.",
            place=name,
            hint="Unpack the outer compression, and import what is in it.",
        )
    if kinds.is_parquet(outer.head(len(kinds.OLD_WORKBOOK))):
        return ParquetSource(outer, _parquet_bytes(outer, unpacking), unpacking)
    if outer.head(len(kinds.OLD_WORKBOOK)) == kinds.OLD_WORKBOOK:
        return OpenWorkbook(outer, "xls", _with_descriptor(outer, unpacking), unpacking)
    archive = ZipArchive(_seekable(outer, unpacking), name)
    kind: WorkbookKind | None = archive.workbook
    if kind is None:
        return archive
    archive.close()
    return OpenWorkbook(outer, kind, _with_descriptor(outer, unpacking), unpacking)


def _parquet_bytes(outer: _Outer, unpacking: UnpackedLimit) -> IO[bytes] | GrowingCopy:
    """A large file behind a URL is read while it comes. Of a small one the hash is known first."""
    size = outer.identity.size or 0
    if not system.READ_WHILE_WRITTEN:
        return _with_descriptor(outer, unpacking)
    if isinstance(outer, FileSource | MemberSource) or not outer.seekable or size <= STREAM_BYTES:
        return _with_descriptor(outer, unpacking)
    unpacking.require(size, size, outer.identity.name)
    return GrowingCopy(outer, size)


def _seekable(outer: _Outer, unpacking: UnpackedLimit) -> IO[bytes]:
    """What an archive is read from: the file, ranges of the URL, or a copy of it if its server has
    no ranges."""
    size = outer.identity.size
    if size is not None and outer.seekable and not isinstance(outer, MemberSource):
        # zipfile needs no more of a file than this one offers.
        return cast("IO[bytes]", RandomAccess(outer.between, size, outer.identity.name))
    return _copy(outer, unpacking)


def _with_descriptor(outer: _Outer, unpacking: UnpackedLimit) -> IO[bytes]:
    """What another process can read: the file, or a copy of what is behind the URL."""
    if isinstance(outer, FileSource):
        return os.fdopen(os.dup(outer.descriptor), "rb")
    return _copy(outer, unpacking)


def _copy(outer: _Outer, unpacking: UnpackedLimit) -> IO[bytes]:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with what is read from it
    try:
        for piece in unpacking.bounded(outer.read(), lambda: outer.consumed, outer.identity.name):
            copy.write(piece)
    except BaseException:
        with suppress(OSError):
            copy.close()
        raise
    copy.seek(0)
    return copy
