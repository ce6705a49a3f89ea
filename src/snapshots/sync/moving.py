"""Moves a file so that it is never lost and never takes the place of another.

Several processes may be about to move the same file, and each may be killed at any moment.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from snapshots.sync.folder import look_at
from snapshots.sync.open_writers import being_written
from snapshots.sync.watched import FolderFile

_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}
_PIECE = 1 << 20


def changed(file: FolderFile) -> bool:
    """Whether the file has changed since the look, or is about to."""
    return look_at(file.path) != file or bool(being_written(file.path))


def move(file: FolderFile, wanted: Path) -> str | None:
    """Moves the file and returns its new path. A name that is taken gets a number. Returns None if
    another process moves it.

    Raises OSError.
    """
    wanted.parent.mkdir(parents=True, exist_ok=True)
    here = Path(file.path)
    for number in itertools.count():
        target = _numbered(wanted, number)
        try:
            # Unlike a rename, a link never takes the place of another file.
            target.hardlink_to(here)
        except FileExistsError:
            # It may be this very file: whoever linked it has not come to take its old name away.
            if not target.samefile(here):
                continue
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if target.exists():
                continue
            if not _copy(file, target):
                return None
        here.unlink()
        return str(target)
    return None


def _copy(file: FolderFile, target: Path) -> bool:
    """Copies to another file system. The copy gets its name once it is complete and on the disk."""
    part = target.with_name(f"{target.name}.part")
    with part.open("ab") as out:
        if not _ours(out, part):
            return False
        try:
            out.truncate(0)
            with Path(file.path).open("rb") as source:
                shutil.copyfileobj(source, out, _PIECE)
            out.flush()
            shutil.copystat(file.path, part)
            os.fsync(out.fileno())
            if changed(file):
                part.unlink()
                return False
            part.rename(target)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
    _sync(target.parent)
    return True


def _ours(out: IO[bytes], part: Path) -> bool:
    """Whether nobody else writes a partial copy: one that a killed process left may be taken."""
    try:
        fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(out.fileno()), part.stat())
    except (BlockingIOError, FileNotFoundError):
        return False  # another has it in hand, or has just given it its name


def _sync(folder: Path) -> None:
    """Writes the folder to the disk, so that the new name is durable before the old one goes."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems know no such thing
            raise
    finally:
        os.close(opened)


def _numbered(path: Path, number: int) -> Path:
    if not number:
        return path
    stem, dot, endings = path.name.partition(".")
    return path.with_name(f"{stem}.{number}{dot}{endings}")
