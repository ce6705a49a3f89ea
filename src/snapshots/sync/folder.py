"""Tells what is in a folder, and what a name leads to."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from snapshots.errors import UsageError
from snapshots.sources.folder_files import FolderFiles


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
class FolderLook:
    """What one look at a folder has found."""

    files: dict[str, FolderFile]
    """The files to import, by their paths."""
    ignored: dict[str, str]
    """The others, and why they are ignored."""


@dataclass(frozen=True, slots=True)
class WatchedFolder(FolderFiles):
    """The files of a folder that are imported as they arrive."""

    def look(self) -> FolderLook:
        """Looks at all of the folder. Raises OSError if it is gone."""
        found = FolderLook({}, {})
        for entry in self.entries():
            if entry.ignored:
                found.ignored[entry.path] = entry.ignored
            elif file := look_at(entry.path):
                found.files[file.path] = file
        return found


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
