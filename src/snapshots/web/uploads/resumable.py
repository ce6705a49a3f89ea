"""Uploads that come in several requests: what has arrived stays, also if the service restarts.

An unfinished upload is one file in the folder of uploads. Its name holds all that must be known of
it: the name that it will have, its number and its size. How much has arrived is its length.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from starlette.exceptions import HTTPException

from snapshots import system
from snapshots.errors import NoSuchFile, QueueFull
from snapshots.web.uploads.store import require_free_space, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEPT_SECONDS: Final = 24 * 3600.0
"""After so long without a byte, an unfinished upload is removed."""
MOST_UNFINISHED: Final = 1000
"""Unfinished uploads of one service: each takes a file."""
_LOOK_BYTES: Final = 16 << 20
_NAME: Final = re.compile(r"\.(.+)\.([0-9a-f]{16})\.([0-9]{1,16})\.(upload|done)")


class ResumableUpload(Struct, frozen=True):
    """An upload, and how much of it has arrived."""

    path: Path
    name: str
    """That the file will have."""
    number: str
    size: int
    """Bytes of the whole file."""
    offset: int
    """Bytes that have arrived."""
    done: bool = False
    """All has arrived, and the file has its name."""


def begin(folder: Path, name: str, size: int, min_free: int) -> ResumableUpload:
    """Begins an upload of `size` bytes.

    Raises DiskFull if less than `min_free` bytes would be left, QueueFull if there are too many
    unfinished uploads, and SnapshotsError if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_free_space(folder, min_free + size)
        if sum(1 for _ in _all(folder)) >= MOST_UNFINISHED:
            raise QueueFull(
                f"there are {MOST_UNFINISHED:,} unfinished uploads",
                hint="delete some, or wait: after a day without a byte they are removed",
            )
        number = secrets.token_hex(8)
        path = folder / f".{name}.{number}.{size}.upload"
        os.close(system.open_bytes(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise unwritable(error) from error
    return ResumableUpload(path, name, number, size, 0)


def find(folder: Path, number: str) -> ResumableUpload:
    """Returns the upload of that number. Raises NoSuchFile."""
    for one in _all(folder):
        if one.number == number:
            return one
    raise NoSuchFile(
        f"the upload {number} does not exist", hint="it may have been removed: begin another one"
    )


@contextmanager
def appending(upload: ResumableUpload, min_free: int) -> Iterator[PartWriter]:
    """Lets one request at a time write to an upload.

    Raises HTTPException while another process does, NoSuchFile and SnapshotsError.
    """
    try:
        handle = system.open_no_link(upload.path, os.O_WRONLY | os.O_APPEND)
    except OSError as error:
        raise NoSuchFile(f"the upload {upload.number} does not exist") from error
    try:
        try:
            system.lock(handle)
        except BlockingIOError:
            raise HTTPException(423, "Another process is writing to this upload.") from None
        except OSError:
            # The file system has no locks; O_APPEND and the offset still keep bytes in order.
            pass
        yield PartWriter(handle, upload, min_free)
    finally:
        os.close(handle)


class PartWriter:
    """Writes the next bytes of an upload. Call it from threads, one at a time."""

    def __init__(self, handle: int, upload: ResumableUpload, min_free: int) -> None:
        self.offset = os.fstat(handle).st_size
        """Where the next byte goes."""
        self._handle, self._upload, self._min_free = handle, upload, min_free
        self._looked_at = self.offset

    @property
    def left(self) -> int:
        """Bytes that have not arrived."""
        return self._upload.size - self.offset

    def write(self, piece: bytes) -> None:
        """Appends bytes. Raises DiskFull, or SnapshotsError if they cannot be written."""
        if self.offset - self._looked_at >= _LOOK_BYTES:
            self._looked_at = self.offset
            require_free_space(self._upload.path.parent, self._min_free)
        view = memoryview(piece)
        try:
            while view:
                written = os.write(self._handle, view)
                self.offset += written
                view = view[written:]
        except OSError as error:
            raise unwritable(error) from error

    def sync(self) -> None:
        """Makes durable what has arrived. Raises SnapshotsError."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise unwritable(error) from error

    def keep(self) -> None:
        """Gives the complete file its name, durably. A mark stays for who did not hear of it."""
        path = self._upload.path
        try:
            path.replace(path.with_name(self._upload.name))
            path.with_suffix(".done").touch(0o600)
        except OSError as error:
            raise unwritable(error) from error


def remove(upload: ResumableUpload) -> None:
    """Removes an unfinished upload. The file of a finished one stays."""
    upload.path.unlink(missing_ok=True)


def sweep_stale(folder: Path, kept_seconds: float = KEPT_SECONDS) -> int:
    """Removes uploads that have got no byte for long, and returns how many. Never raises."""
    removed = 0
    before = time.time() - kept_seconds
    with suppress(OSError):
        for one in list(_all(folder)):
            with suppress(OSError):
                if one.path.stat().st_mtime < before:
                    one.path.unlink()
                    removed += 1
    return removed


def _all(folder: Path) -> Iterator[ResumableUpload]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        found = _NAME.fullmatch(path.name)
        if found is None:
            continue
        done = found[4] == "done"
        size = int(found[3])
        try:
            offset = size if done else path.stat().st_size
        except FileNotFoundError:
            continue
        yield ResumableUpload(path, found[1], found[2], size, offset, done)
