"""Stores uploads in a folder: a file is there completely, or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots import system
from snapshots._native import Hasher
from snapshots.errors import DiskFull, SnapshotsError

if TYPE_CHECKING:
    from pathlib import Path

_LOOK_BYTES = 16 << 20
"""Bytes that are written between two looks at the free space."""
_PART = re.compile(r"\..+\.[0-9a-f]{16}\.part")
_TRIES = 10


class Upload:
    """A file that is being uploaded. Call it from threads, one at a time; end with `keep` or
    `abandon`."""

    def __init__(self, folder: Path, name: str, min_free: int) -> None:
        """Raises DiskFull, and SnapshotsError if the folder cannot be written."""
        self.size = 0
        self._final = folder / name
        self._min_free = min_free
        self._looked_at = 0
        self._hasher = Hasher()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            require_free_space(folder, min_free)
            self._path, handle = _created(folder, name)
        except OSError as error:
            raise unwritable(error) from error
        self._file = os.fdopen(handle, "wb", buffering=1 << 20)

    def write(self, piece: bytes) -> None:
        """Writes the next bytes. Raises DiskFull."""
        if self.size - self._looked_at >= _LOOK_BYTES:
            self._looked_at = self.size
            require_free_space(self._path.parent, self._min_free)
        try:
            self._file.write(piece)
        except OSError as error:
            raise unwritable(error) from error
        self._hasher.update(piece)
        self.size += len(piece)

    def keep(self) -> str:
        """Puts the file in its place, durably, and returns the hash of its bytes."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._path.replace(self._final)
        except OSError as error:
            raise unwritable(error) from error
        return self._hasher.hexdigest()

    def abandon(self) -> None:
        """Removes what was written. Does nothing to a file that was kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _created(folder: Path, name: str) -> tuple[Path, int]:
    """Creates a file that stays locked while this process lives, so that `sweep` leaves it
    alone."""
    for _ in range(_TRIES):
        # Its name begins with a dot: nobody can ask for it to be imported.
        path = folder / f".{name}.{secrets.token_hex(8)}.part"
        handle = system.open_bytes(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        # Where a file system has no locks, `sweep` has none either and removes nothing.
        with suppress(OSError):
            system.lock(handle)
        if os.fstat(handle).st_nlink:
            return path, handle
        # A service that has just begun was faster than the lock.
        os.close(handle)
    raise OSError(f"files in {folder} disappear while they are written")


def sweep(folder: Path) -> int:
    """Removes unfinished uploads of services that are gone, and returns how many. Those of a
    service that still runs, here or elsewhere, are locked. Never raises."""
    removed = 0
    with suppress(OSError):
        for path in folder.iterdir():
            if _PART.fullmatch(path.name):
                with suppress(OSError):
                    removed += system.remove_unlocked(path)
    return removed


def require_free_space(folder: Path, min_free: int) -> None:
    """Raises DiskFull if less than `min_free` bytes are free."""
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    free = shutil.disk_usage(there).free
    if free < min_free:
        raise DiskFull(
            f"the disk has only {free >> 20} MB free, and {min_free >> 20} MB must stay free",
            hint="delete files that are already loaded: DELETE /v1/files/NAME",
            retryable=True,
        )


def unwritable(error: OSError) -> SnapshotsError:
    """The error for a file that the folder of uploads does not take."""
    return SnapshotsError(f"cannot store the file: {error.strerror or error}", retryable=True)
