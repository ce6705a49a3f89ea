"""Tells which files of a folder are meant, and what a name leads to."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from snapshots.errors import UsageError
from snapshots.sources.paths import COMPRESSED

DEFAULT_PATTERN = "*.csv"
_UNFINISHED_ENDINGS = (
    ".part",
    ".partial",
    ".tmp",
    ".temp",
    ".filepart",
    ".crdownload",
    ".swp",
    "~",
)
_UNFINISHED_BEGINNINGS = (".", "~")


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file as it was at the time of the look."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int = field(compare=False)
    """The time of the last change of its content or its rights. A change of rights alone makes no
    other file of it."""


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """The files of a folder that are to be imported."""

    path: str
    patterns: tuple[str, ...] = (DEFAULT_PATTERN,)
    recursive: bool = False
    without: str | None = None
    """A folder within it that does not count: imported files go there."""

    def wants(self, path: str) -> bool:
        """Whether a file of that name is to be imported: a pattern fits it, with or without the
        ending of its compression, and the name is not that of an unfinished file."""
        if self.without and Path(path).is_relative_to(self.without):
            return False
        parts = Path(os.path.relpath(path, self.path)).parts
        if len(parts) > 1 and not self.recursive:
            return False
        if any(part.startswith(_UNFINISHED_BEGINNINGS) for part in parts):
            return False
        name = parts[-1].lower()
        if name.endswith(_UNFINISHED_ENDINGS):
            return False
        plain = name.removesuffix(Path(name).suffix) if name.endswith(COMPRESSED) else name
        return any(
            fnmatchcase(name, pattern.lower()) or fnmatchcase(plain, pattern.lower())
            for pattern in self.patterns
        )

    def files(self) -> Iterator[FolderFile]:
        """Returns all files that are there now, in the order of their names. Raises OSError if the
        folder is gone."""
        yield from self._below(self.path)

    def _below(self, folder: str) -> Iterator[FolderFile]:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                if self.recursive and entry.path != self.without:
                    try:
                        yield from self._below(entry.path)
                    except OSError:
                        continue  # it was removed meanwhile, or may not be read
            elif self.wants(entry.path) and (file := look_at(entry.path)):
                yield file


def within(other: Path, folder: str) -> str | None:
    """Returns the path of a folder below the watched one, which may have other names as well; None
    if it is not below it. Raises UsageError if it is the watched one."""
    here, there = Path(folder).resolve(), other.resolve()
    if here == there:
        raise UsageError(
            "--after-import would move files into the folder where they already are",
            hint=f"name another folder, for example --after-import 'move {other / 'done'}'",
        )
    if there.is_relative_to(here):
        return str(Path(folder) / there.relative_to(here))
    return None


def look_at(path: str) -> FolderFile | None:
    """Returns the file of a name; None if there is none, or something else."""
    try:
        status = os.stat(path)  # noqa: PTH116 (a name may hold any bytes)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return FolderFile(path, status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
