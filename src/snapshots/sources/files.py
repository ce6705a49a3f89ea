"""Local files, compressed or not."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots import system
from snapshots.errors import InputError
from snapshots.ports import Identity
from snapshots.sources import kinds
from snapshots.sources.base import StoredSource, empty, fingerprint, format_of
from snapshots.sources.compression import PIECE, restored
from snapshots.sources.peekable import Peekable, up_to
from snapshots.sources.unpacked_limit import UnpackedLimit

if TYPE_CHECKING:
    from collections.abc import Iterator


_FREELY = UnpackedLimit()


class FileSource(StoredSource):
    """A regular file; its bytes can be read from anywhere, as often as needed."""

    def __init__(self, name: str, fd: int, unpacking: UnpackedLimit = _FREELY) -> None:
        """Takes over the open descriptor. Raises InputError if the file is empty or no CSV."""
        super().__init__(name, unpacking)
        self._fd = fd
        try:
            status = os.fstat(fd)
            if status.st_size == 0:
                raise empty(name)
            self._codec = kinds.codec(self._pread(16, 0))
            self._identity = Identity(
                name, status.st_size, status.st_mtime_ns, status.st_ino, self._fingerprint(status)
            )
            head = self.head(kinds.HEAD)
            self.is_container = kinds.is_container(head) or (
                b"\0" in head and self._codec is None and self._ends_as_zip(status.st_size)
            )
            if not self.is_container:
                self.format = format_of(head, name)
        except BaseException:
            self.close()
            raise

    @property
    def seekable(self) -> bool:
        """True unless the file is compressed: then it is read from the first byte on."""
        return self._codec is None

    @property
    def remote(self) -> bool:
        """Always False."""
        return False

    def head(self, size: int) -> bytes:
        """See `ports.Source`."""
        if self._codec is None:
            return self._pread(size, 0)
        return Peekable(restored(self.raw, self._codec, self._name)).head(size)

    def read(self, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See `ports.Source`."""
        if self._codec is None:
            return self._counted(offset, end)
        unpacked = Peekable(self._unpacked(self._codec, self._counted)).read(offset)
        return up_to(unpacked, None if end is None else end - offset)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`."""
        return self._fetch(offset, None)

    def _fetch(self, offset: int, end: int | None) -> Iterator[bytes]:
        while piece := self._pread(PIECE if end is None else min(PIECE, end - offset), offset):
            yield piece
            offset += len(piece)

    @property
    def descriptor(self) -> int:
        """The open descriptor, which stays its own."""
        return self._fd

    def between(self, start: int, end: int) -> Iterator[bytes]:
        """The stored bytes from an offset to another one."""
        yield self._pread(end - start, start)

    def unchanged(self) -> bool:
        """Whether the open file, and the file that has its name now, are as they were at first."""
        known = self._identity
        try:
            now = (os.fstat(self._fd), os.stat(self._name))  # noqa: PTH116 (one call less)
        except OSError:
            return False
        return all(
            (status.st_size, status.st_mtime_ns, status.st_ino)
            == (known.size, known.mtime_ns, known.inode)
            for status in now
        )

    def close(self) -> None:
        """See `ports.Source`."""
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def _pread(self, size: int, offset: int) -> bytes:
        """The bytes at an offset; fewer than `size` only at the end of the file."""
        try:
            data = system.read_at(self._fd, size, offset)
            while len(data) < size and (
                more := system.read_at(self._fd, size - len(data), offset + len(data))
            ):
                data += more
        except OSError as error:
            raise unreadable(self._name, error) from error
        return data

    def _ends_as_zip(self, size: int) -> bool:
        return kinds.ends_as_zip(self._pread(kinds.TAIL, max(size - kinds.TAIL, 0)))

    def _fingerprint(self, status: os.stat_result) -> str:
        size = status.st_size
        return fingerprint(size, self._pread(PIECE, 0), self._pread(PIECE, max(size - PIECE, 0)))


def open_descriptor(name: str) -> int:
    """Opens a regular file or a pipe. Raises InputError, saying why, for anything else."""
    try:
        # A pipe without a writer would block, and a device may do anything when opened.
        mode = os.stat(name).st_mode  # noqa: PTH116 (a name may hold any bytes)
        if stat.S_ISDIR(mode):
            raise InputError(
                "This is a folder.",
                place=name,
                hint=f"Name the files in it, for example '{os.path.join(name, '*.csv')}'.",  # noqa: PTH118
            )
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            what = "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a socket"
            raise InputError(
                f"This is {what}, not a file.",
                place=name,
                hint="Name a file, or - for standard input.",
            )
        return system.open_bytes(name, os.O_RDONLY)
    except OSError as error:
        raise unreadable(name, error) from error
    except ValueError as error:
        raise InputError(
            f"This is not a valid file name: {error}.", place=repr(name), hint="Check the name."
        ) from error


def unreadable(name: str, error: OSError) -> InputError:
    """The InputError for what the system says about a file."""
    if isinstance(error, FileNotFoundError):
        return InputError(
            "The file does not exist.", place=name, hint="Check the name and the current folder."
        )
    if isinstance(error, PermissionError):
        return InputError(
            "This user may not read the file.",
            place=name,
            hint="Give this user the permission to read it.",
        )
    return InputError(
        f"The file cannot be read: {error.strerror or error}.", place=name, retryable=True
    )
