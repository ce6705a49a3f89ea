"""What becomes of a file that is imported: it stays, is moved, or is deleted."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from snapshots.errors import InputError, UsageError
from snapshots.sync.folder import File, Folder, look_at
from snapshots.sync.writing import being_written


@dataclass(frozen=True, slots=True)
class After:
    """`delete`, or the folder to move to; neither: files are kept."""

    delete: bool = False
    to: str | None = None

    @classmethod
    def parse(cls, text: str) -> After:
        """Reads `keep`, `move DIR` or `delete`. Raises UsageError."""
        word, _, folder = text.strip().partition(" ")
        if word == "move" and folder.strip():
            return cls(to=os.path.abspath(folder.strip()))  # noqa: PTH100 (as the folder's is)
        if text.strip() in {"keep", "delete"}:
            return cls(delete=text.strip() == "delete")
        raise UsageError(
            f"--after-import {text!r} is none of keep, delete and 'move DIR'",
            hint="for instance --after-import 'move data/done'",
        )

    def apply(self, file: File, folder: Folder) -> str:
        """Does it with a file all of whose bytes are accounted for; what became of it.

        A file that is not any more what was imported is left alone. Raises InputError.
        """
        if (not self.delete and self.to is None) or _changed(file):
            return "kept"
        try:
            if self.to is None:
                os.unlink(file.path)  # noqa: PTH108 (a name may hold any bytes)
                return "deleted"
            return _move(file, os.path.join(self.to, os.path.relpath(file.path, folder.path)))  # noqa: PTH118
        except FileNotFoundError:
            return "kept"  # another process has moved it
        except OSError as error:
            what = "deleted" if self.to is None else "moved"
            raise InputError(
                f"The file is imported, and cannot be {what}: {error.strerror or error}.",
                place=file.path,
                hint="Give the service the right to do it, or say --after-import keep.",
            ) from error


def _changed(file: File) -> bool:
    return look_at(file.path) != file or bool(being_written(file.path))


def _move(file: File, wanted: str) -> str:
    Path(wanted).parent.mkdir(parents=True, exist_ok=True)
    number = 0
    while True:
        target = _numbered(wanted, number)
        try:
            # Unlike a rename, a link never takes the place of another file.
            os.link(file.path, target)
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}:
                raise
            if os.path.exists(target):  # noqa: PTH110
                number += 1
                continue
            _copy(file.path, target)
        os.unlink(file.path)  # noqa: PTH108
        return target


def _copy(path: str, target: str) -> None:
    """To another file system: whole and on the disk before it has its name."""
    part = f"{target}.part"
    try:
        shutil.copy2(path, part)
        with open(part, "rb") as copied:  # noqa: PTH123
            os.fsync(copied.fileno())
        os.replace(part, target)  # noqa: PTH105
    except OSError:
        with suppress(OSError):
            os.unlink(part)  # noqa: PTH108
        raise


def _numbered(path: str, number: int) -> str:
    if not number:
        return path
    parent, name = os.path.split(path)
    stem, dot, endings = name.partition(".")
    return os.path.join(parent, f"{stem}.{number}{dot}{endings}")  # noqa: PTH118
