"""Decides which files of a folder are inputs: `import FOLDER` and `sync` see the same ones."""

from __future__ import annotations

import os
import stat
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMPRESSED: Final = (".gz", ".zst", ".bz2", ".xz")
DEFAULT_PATTERNS: Final = (
    "*.csv",
    "*.tsv",
    "*.txt",
    "*.jsonl",
    "*.ndjson",
    "*.zip",
    "*.xlsx",
    "*.xlsm",
    "*.xlsb",
    "*.xls",
    "*.ods",
    "*.parquet",
)
"""Names of inputs, whatever their case, each also with the ending of a compression."""

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
_HIDDEN, _TEMPORARY = ".", "~"

HIDDEN: Final = "hidden"
TEMPORARY: Final = "a temporary name"
SUBFOLDER: Final = "a subfolder, and --recursive is not given"
LINK_TO_FOLDER: Final = "a link to a folder"
LINK_TO_NOTHING: Final = "a link to nothing"
NO_FILE: Final = "not a regular file"


class FolderEntry(Struct, frozen=True):
    """Something in a folder."""

    path: str
    ignored: str = ""
    """Why it is not an input; empty: it is one."""


class FolderFiles(Struct, frozen=True):
    """The files of a folder that are inputs."""

    path: str
    patterns: Sequence[str] = DEFAULT_PATTERNS
    recursive: bool = False
    without: str | None = None
    """A folder within it that does not count: imported files go there."""

    def wants(self, path: str) -> bool:
        """Whether a file of that name is an input: a pattern fits it, with or without the ending of
        its compression, and the name is not that of a hidden or unfinished file."""
        if self.without and Path(path).is_relative_to(self.without):
            return False
        parts = Path(os.path.relpath(path, self.path)).parts
        if len(parts) > 1 and not self.recursive:
            return False
        return not any(map(_unfinished, parts)) and self._fits(parts[-1])

    def entries(self) -> Iterator[FolderEntry]:
        """Yields all that is there now, in the order of the names. A folder whose files are inputs
        is not an entry itself. Raises OSError if the folder is gone or may not be read."""
        yield from self._below(self.path)

    def named(self, name: str) -> FolderEntry:
        """What a name below this folder is by the same rules, for instance `2024/a.csv`; one that
        ends with a slash is that of a folder. The entry's path is the name, or the folder in it
        that does not count."""
        parts = name.split("/")
        for depth, part in enumerate(parts, 1):
            here = "/".join(parts[:depth])
            if reason := _unfinished(part):
                return FolderEntry(here, reason)
            if depth < len(parts) and not self.recursive:
                return FolderEntry(here, SUBFOLDER)
        return FolderEntry(name, self._why_unfit(parts[-1]))

    def _below(self, folder: str) -> Iterator[FolderEntry]:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if entry.path == self.without:
                continue
            if reason := _unfinished(entry.name):
                yield FolderEntry(entry.path, reason)
            elif entry.is_dir(follow_symlinks=False):
                yield from self._subfolder(entry.path)
            else:
                yield FolderEntry(entry.path, self._why_ignored(entry))

    def _subfolder(self, path: str) -> Iterator[FolderEntry]:
        if not self.recursive:
            yield FolderEntry(path, SUBFOLDER)
            return
        try:
            yield from self._below(path)
        except FileNotFoundError:
            return  # it was removed meanwhile
        except OSError as error:
            yield FolderEntry(path, f"it cannot be read: {error.strerror}")

    def _why_ignored(self, entry: os.DirEntry[str]) -> str:
        if not entry.is_file(follow_symlinks=False) and (reason := _why_no_file(entry)):
            return reason
        return self._why_unfit(entry.name)

    def _why_unfit(self, name: str) -> str:
        return "" if self._fits(name) else f"its name does not match {', '.join(self.patterns)}"

    def _fits(self, name: str) -> bool:
        lowered = name.lower()
        names = {lowered}
        if lowered.endswith(COMPRESSED):
            names.add(lowered.removesuffix(Path(lowered).suffix))
        return any(fnmatchcase(one, pattern.lower()) for one in names for pattern in self.patterns)


def is_usual(path: str) -> bool:
    """Whether a file of that name within an archive is an input, as it would be in a folder.

    >>> is_usual("2024/a.csv.gz"), is_usual("__MACOSX/._a.csv"), is_usual("read.me")
    (True, False, False)
    """
    return FolderFiles("", recursive=True).wants(path.replace("\\", "/").lstrip("/"))


def _why_no_file(entry: os.DirEntry[str]) -> str:
    """Why a link, or what is neither file nor folder, is no input; empty: it leads to a file."""
    if not entry.is_symlink():
        return NO_FILE
    try:
        mode = entry.stat().st_mode
    except OSError:
        return LINK_TO_NOTHING
    return "" if stat.S_ISREG(mode) else LINK_TO_FOLDER if stat.S_ISDIR(mode) else NO_FILE


def _unfinished(name: str) -> str:
    """Why a name is that of no finished file; empty: it may be one."""
    if name.startswith(_HIDDEN):
        return HIDDEN
    if name.startswith(_TEMPORARY) or name.lower().endswith(_UNFINISHED_ENDINGS):
        return TEMPORARY
    return ""
