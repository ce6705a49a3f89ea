"""Turns the arguments of a command into the names of inputs."""

from __future__ import annotations

import os
from difflib import get_close_matches
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots import inner_names
from snapshots.errors import InputError, UsageError
from snapshots.redaction import scheme_of
from snapshots.sources.folder_files import FolderFiles
from snapshots.sources.remote.urls import SFTP, STORES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def expand(arguments: Sequence[str]) -> list[str]:
    """The inputs that arguments stand for, each once, in order.

    A folder stands for its files with names of CSV files, compressed or not. A pattern that the
    shell has left alone stands for the files that it matches, also for objects of a store and files
    of a server. `-` stands for standard input, and any other URL for itself.

    Raises InputError for an argument that stands for nothing, and UsageError for an empty one.
    """
    names: dict[str, str] = {}
    for argument in arguments:
        for name in _inputs(argument):
            names.setdefault(name if _no_path(name) else _real(name), name)
    return list(names.values())


def _real(name: str) -> str:
    """The path without links. What stands behind the name of an archive is no path."""
    file, inner = inner_names.split(name)
    return inner_names.joined(os.path.realpath(file), inner) if inner else os.path.realpath(name)


def _no_path(name: str) -> bool:
    return name == "-" or scheme_of(name) is not None


def _inputs(argument: str) -> Iterator[str]:
    if _no_path(argument):
        yield from _objects(argument)
        return
    if not argument:
        # Most often a variable that is not set; for Path it is the current folder.
        raise UsageError("An argument is empty.", hint="For the current folder, write a dot.")
    path = Path(argument)
    try:
        folder, there = path.is_dir(), path.exists()
    except OSError as error:
        raise InputError(
            f"This user cannot access it: {error.strerror}.",
            place=argument,
            hint="Give this user the permission to enter its folder.",
        ) from error
    if folder:
        yield from _folder(path)
    elif there or _is_inner(argument):
        yield argument
    elif has_magic(argument):
        yield from _matches(argument)
    else:
        raise InputError("The file does not exist.", place=argument, hint=_near(path))


def _objects(argument: str) -> list[str]:
    if scheme_of(argument) not in (*STORES, SFTP):
        return [argument]
    from snapshots.sources.remote.listing import is_pattern, matching

    return matching(argument) if is_pattern(argument) else [argument]


def _is_inner(argument: str) -> bool:
    file, inner = inner_names.split(argument)
    return bool(inner) and Path(file).is_file()


def _folder(path: Path) -> Iterator[str]:
    try:
        files = [entry.path for entry in FolderFiles(str(path)).entries() if not entry.ignored]
    except OSError as error:
        raise InputError(
            f"The folder cannot be read: {error.strerror}.",
            place=str(path),
            hint="Give this user the permission to read it.",
        ) from error
    if not files:
        json = any(name.lower().endswith(".json") for name in map(str, path.iterdir()))
        but = " Files that end in .json are none of them: many are settings." if json else ""
        raise InputError(
            "The folder has no files to import.",
            place=str(path),
            hint="These are *.csv, *.tsv, *.txt, *.jsonl and *.ndjson, also with .gz, .zst, .bz2 or"
            f" .xz, Parquet files, archives and workbooks. Name other files one by one.{but}",
        )
    # Without the ./ of the current folder, which the user may not have written.
    yield from (str(Path(file)) for file in files)


def _matches(pattern: str) -> Iterator[str]:
    # Path.glob would drop a leading ./ that the user wrote.
    names = glob(pattern, recursive=True)  # noqa: PTH207
    files = sorted(name for name in names if not Path(name).is_dir())
    if not files:
        raise InputError(
            "No file matches the pattern.",
            place=pattern,
            hint="Try the pattern with ls, without quotes.",
        )
    yield from files


def _near(path: Path) -> str:
    try:
        if not path.parent.is_dir():
            return f"The folder {str(path.parent)!r} does not exist either."
        others = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        others = []
    near = get_close_matches(path.name, others, 3)
    if near:
        return "Did you mean " + " or ".join(str(path.parent / name) for name in near) + "?"
    return "Check the name and the current folder."
