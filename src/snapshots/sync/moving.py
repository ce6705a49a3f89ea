"""Moves a file so that it is never lost and never takes the place of another.

Several processes may be about to move the same file, and each may be killed at any moment.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from snapshots import system
from snapshots.sync.folder import look_at
from snapshots.sync.watched import FolderFile

_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}
if not system.RENAMES_OPEN_FILES:
    _NO_LINKS.add(errno.EINVAL)  # so Windows says it of FAT
_PIECE = 1 << 20


def changed(file: FolderFile) -> bool:
    """Whether the file has changed since the look, or is about to."""
    return look_at(file.path) != file or bool(system.being_written(file.path))


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
            if not system.RENAMES_OPEN_FILES:
                out.close()
            if changed(file):
                part.unlink()
                return False
            part.rename(target)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
    # The new name is durable before the old one goes.
    system.sync_folder(target.parent)
    return True


def _ours(out: IO[bytes], part: Path) -> bool:
    """Whether nobody else writes a partial copy: one that a killed process left may be taken."""
    try:
        system.lock(out.fileno())
        return os.path.samestat(os.fstat(out.fileno()), part.stat())
    except (BlockingIOError, FileNotFoundError):
        return False  # another has it in hand, or has just given it its name


def _numbered(path: Path, number: int) -> Path:
    if not number:
        return path
    stem, dot, endings = path.name.partition(".")
    return path.with_name(f"{stem}.{number}{dot}{endings}")
