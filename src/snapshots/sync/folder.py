"""Tells what is in a folder, and what a name leads to."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from shlex import quote

from snapshots import home
from snapshots.errors import InputError, UsageError
from snapshots.file_hints import missing_folder
from snapshots.sources.folder_files import FolderFiles
from snapshots.sync.folder_watch import FolderWatch
from snapshots.sync.watched import FolderFile, FolderHint, FolderLook


class WatchedFolder(FolderFiles, frozen=True):
    """The files of a folder that are imported as they arrive."""

    @property
    def remote(self) -> bool:
        """See `Watched`."""
        return False

    def reports(self, tell: Callable[[FolderHint], None]) -> FolderWatch:
        """See `Watched`."""

        def wanted(hint: FolderHint) -> None:
            if hint.kind == "look" or self.wants(hint.path):
                tell(hint)

        return FolderWatch(self.path, recursive=self.recursive, tell=wanted)

    def look(self) -> FolderLook:
        """See `Watched`."""
        found = FolderLook()
        try:
            for entry in self.entries():
                if entry.ignored:
                    found.ignored[entry.path] = entry.ignored
                elif file := look_at(entry.path):
                    found.files[file.path] = file
        except OSError as error:
            raise InputError(
                f"The folder cannot be read: {error.strerror}.",
                place=self.path,
                hint="Trying again until it can be read.",
            ) from error
        return found

    def now(self, path: str) -> FolderFile | None:
        """See `Watched`."""
        return look_at(path)


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


def absolute(folder: str) -> str:
    """Returns the folder from the root, so that the ledger has the same names wherever the service
    starts. Raises InputError if there is none."""
    path = home.absolute(folder)
    try:
        there, is_file = Path(path).is_dir(), Path(path).is_file()
    except OSError as error:
        raise InputError(
            f"The folder cannot be accessed: {error.strerror}.",
            place=folder,
            hint="Give this user the permission to enter its parent folder.",
        ) from error
    if is_file:
        raise InputError(
            "This is a file, and sync watches a folder.",
            place=folder,
            hint=f"To load it once: snapshots import {quote(folder)}",
        )
    if not there:
        raise InputError("There is no such folder.", place=folder, hint=missing_folder(folder))
    return path
