"""What a surveying task does: it cuts one range of an input, and keeps its bytes on this host.

The bytes are loaded from there once it is known that the cuts are right. Where that is another
host, or they are gone, they are fetched again.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from uuid import uuid4

from msgspec import Struct

from snapshots import system
from snapshots._native import Chunk, PartHasher, Survey
from snapshots.engine.input.cut import Cut
from snapshots.engine.input.reader import PassedBy
from snapshots.errors import InputChanged
from snapshots.formats.kernel_json import dialect_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.ledger.entry import CommittedChunk
    from snapshots.model import Dialect
    from snapshots.ports import Source

LOOK_FURTHER: Final = 64 << 10
"""Bytes that are fetched at a time behind the end of a range."""
_FORGOTTEN_SECONDS: Final = 3600.0


_name: list[str] = []
"""What the pool calls this host."""


def this_host() -> str:
    """The name by which the driver tells this host from all others."""
    return _name[0] if _name else socket.gethostname()


def name_host(name: str) -> None:
    """Says what the pool calls this host, where the host's own name may be that of others, too."""
    _name[:] = [name]


class KeptBytes(Struct, frozen=True):
    """Bytes of an input in a file of one host."""

    host: str
    path: str
    begin: int
    end: int

    def read(self, begin: int, end: int) -> Iterator[bytes] | None:
        """The bytes from `begin` to `end`; None: they are not here."""
        if begin < self.begin or end > self.end:
            return None
        # Opened at once: a copy of the task may remove the file at any time.
        try:
            file = Path(self.path).open("rb")  # noqa: SIM115 - `_pieces` closes it
        except OSError:
            return None
        if os.fstat(file.fileno()).st_size != self.end - self.begin:
            file.close()
            return None
        return _pieces(file, begin - self.begin, end - begin)

    def drop(self) -> None:
        """Removes the file if it is here."""
        with suppress(OSError):
            Path(self.path).unlink()


class Range(Struct, frozen=True):
    """What is to be surveyed: the records that start behind `begin`, at `end` at the latest."""

    begin: int
    end: int
    size: int
    """Bytes of the whole input."""
    start: int | None = None
    """Where its first record starts, if that is known. Bytes before it are not needed."""
    hashed: bool = False
    """Whether its bytes are hashed, all of them; `begin` is a multiple of 1 MiB then."""
    keep: bool = False
    """Whether its bytes are kept until they are loaded."""
    kept: KeptBytes | None = None
    """What an earlier survey of the range has kept."""


class CommittedRange(Struct, frozen=True):
    """A range with committed chunks: it is hashed, and the chunks that begin in it are compared."""

    begin: int
    end: int
    chunks: tuple[CommittedChunk, ...]


class Surveyed(Struct, frozen=True):
    """What the survey of a range has found. Lines count from 1 at `start`."""

    start: int | None
    """None: no record starts in the range, whatever stands before it."""
    exit: int
    line_ends: int
    cuts: tuple[Cut, ...]
    part: bytes | None
    """For `Hasher.append`."""
    kept: KeptBytes | None
    read: int
    """Bytes that were fetched."""


def survey(source: Source, dialect: Dialect, chunk_size: int, asked: Range) -> Surveyed:
    """Surveys a range. Raises InputChanged if the input is shorter than it was."""
    work = Survey(dialect_json(dialect), chunk_size, asked.begin, asked.end, asked.start)
    part = PartHasher(asked.begin) if asked.hashed else None
    cuts: list[Cut] = []
    at, fetched = asked.begin if asked.start is None else asked.start, 0
    keeping = _Keeping(at) if asked.keep else None
    try:
        while at < asked.end or work.wanted is not None:
            end = asked.end if at < asked.end else min(at + LOOK_FURTHER, asked.size)
            before = asked.kept.read(at, end) if asked.kept else None
            fetched += 0 if before else end - at
            for piece in before or source.read(at, end):
                if part is not None and at < asked.end:
                    part.update(piece)
                if keeping is not None:
                    keeping.write(piece)
                cuts += _fed(work, at, piece)
                at += len(piece)
            if at < end:
                raise _shorter(source, at)
            if at == asked.size:
                cuts += map(_cut, work.finish())
                break
        kept = keeping.finish() if keeping is not None else None
    except BaseException:
        if keeping is not None:
            keeping.give_up()
        raise
    found = part.finish() if part is not None else None
    exit_, line_ends = work.exit or (asked.end, 0)
    return Surveyed(work.start, exit_, line_ends, tuple(cuts), found, kept, fetched)


def compare(source: Source, asked: CommittedRange) -> Surveyed:
    """Hashes a range. Raises InputChanged where a chunk is other than it was when it was loaded."""
    part = PartHasher(asked.begin)
    passed = PassedBy(source.identity.name, asked.chunks)
    last = max([asked.end, *(chunk.end for chunk in asked.chunks)])
    at = asked.begin
    for piece in source.read(at, last):
        view = memoryview(piece)
        part.update(view[: max(0, asked.end - at)])
        passed.check(at, view)
        at += len(piece)
    if at < last:
        raise _shorter(source, at)
    return Surveyed(None, asked.end, 0, (), part.finish(), None, last - asked.begin)


def _fed(work: Survey, at: int, piece: bytes) -> Iterator[Cut]:
    wanted = work.wanted
    if wanted is not None and wanted < at + len(piece):
        yield from map(_cut, work.feed(memoryview(piece)[wanted - at :] if wanted > at else piece))


def _cut(chunk: Chunk) -> Cut:
    return Cut(chunk.start, chunk.end, chunk.line, digest=chunk.digest(len(chunk)))


def _shorter(source: Source, at: int) -> InputChanged:
    return InputChanged(
        f"the input ends at byte {at}, and was longer when it was opened",
        place=source.identity.name,
        hint="load the current input as a new one with --again",
    )


class _Keeping:
    """Writes bytes into a new file. A full disk ends the keeping, not the survey."""

    def __init__(self, begin: int) -> None:
        self._begin = self._end = begin
        self._file: BinaryIO | None = None
        with suppress(OSError):
            folder = system.private_folder("snapshots-kept")
            _forget_old(folder)
            self._path = folder / uuid4().hex
            self._file = self._path.open("xb")

    def write(self, piece: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(piece)
            self._end += len(piece)
        except OSError:
            self.give_up()

    def finish(self) -> KeptBytes | None:
        if self._file is None:
            return None
        try:
            self._file.close()
        except OSError:
            self.give_up()
            return None
        return KeptBytes(this_host(), str(self._path), self._begin, self._end)

    def give_up(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            with suppress(OSError):
                self._path.unlink()
            self._file = None


def _forget_old(folder: Path) -> None:
    """Removes what tasks of imports that have ended could not load."""
    oldest = time.time() - _FORGOTTEN_SECONDS
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _pieces(file: BinaryIO, offset: int, size: int) -> Iterator[bytes]:
    with file:
        file.seek(offset)
        while size > 0 and (piece := file.read(min(size, 1 << 20))):
            yield piece
            size -= len(piece)
