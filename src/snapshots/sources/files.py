"""Local files, compressed or not."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots._native import Hasher
from snapshots.errors import InputError
from snapshots.ports import Identity
from snapshots.sources import kinds
from snapshots.sources.compression import PIECE, restored
from snapshots.sources.unpacked_limit import UnpackedLimit

if TYPE_CHECKING:
    from collections.abc import Iterator


_FREELY = UnpackedLimit()


class FileSource:
    """A file whose bytes are its records. It may be read from anywhere, and often."""

    def __init__(self, name: str, fd: int, unpacking: UnpackedLimit = _FREELY) -> None:
        """Takes the descriptor over; InputError if the file is empty or no CSV."""
        self._unpacking = unpacking
        self._name = name
        self._fd = fd
        self._consumed = 0
        try:
            status = os.fstat(fd)
            if status.st_size == 0:
                raise empty(name)
            self._codec = kinds.codec(self._pread(16, 0))
            self._identity = Identity(
                name, status.st_size, status.st_mtime_ns, status.st_ino, self._fingerprint(status)
            )
            refuse_bad_head(self.head(kinds.HEAD), name)
        except BaseException:
            self.close()
            raise

    @property
    def identity(self) -> Identity:
        """As it was when the file was opened."""
        return self._identity

    @property
    def seekable(self) -> bool:
        """Compressed bytes can only be read from the first on."""
        return self._codec is None

    @property
    def remote(self) -> bool:
        """Never."""
        return False

    @property
    def compressed(self) -> bool:
        """By its first bytes."""
        return self._codec is not None

    @property
    def consumed(self) -> int:
        """The position in the file up to which `read` has come."""
        return self._consumed

    def head(self, size: int) -> bytes:
        """See `ports.Source`."""
        if self._codec is None:
            return self._pread(size, 0)
        head = bytearray()
        try:
            for piece in restored(self.raw, self._codec, self._name):
                head += piece
                if len(head) >= size:
                    break
        except InputError:
            # Whoever reads on meets the damage again; there is no file in none at all.
            if not head:
                raise
        return bytes(memoryview(head)[:size])

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`."""
        if self._codec is None:
            yield from self._counted(offset)
            return
        unpacked = restored(self._counted, self._codec, self._name)
        for piece in self._unpacking.bounded(unpacked, lambda: self._consumed, self._name):
            if offset < len(piece):
                yield piece[offset:] if offset else piece
            offset = max(offset - len(piece), 0)

    def raw(self, offset: int = 0) -> Iterator[bytes]:
        """See `ports.Source`."""
        while piece := self._pread(PIECE, offset):
            yield piece
            offset += len(piece)

    def unchanged(self) -> bool:
        """The open file, and the one of that name now, are what was opened."""
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

    def _counted(self, offset: int = 0) -> Iterator[bytes]:
        self._consumed = offset
        for piece in self.raw(offset):
            self._consumed += len(piece)
            yield piece

    def _pread(self, size: int, offset: int) -> bytes:
        """The bytes there, fewer only at the end of the file."""
        try:
            data = os.pread(self._fd, size, offset)
            while len(data) < size and (
                more := os.pread(self._fd, size - len(data), offset + len(data))
            ):
                data += more
        except OSError as error:
            raise unreadable(self._name, error) from error
        return data

    def _fingerprint(self, status: os.stat_result) -> str:
        size = status.st_size
        return fingerprint(size, self._pread(PIECE, 0), self._pread(PIECE, max(size - PIECE, 0)))


def fingerprint(size: int, first: bytes, last: bytes) -> str:
    """What tells most inputs apart without reading all of them, from their first and last MiB."""
    hasher = Hasher()
    for part in (size.to_bytes(8, "little"), first, last):
        hasher.update(part)
    return hasher.hexdigest()


def open_descriptor(name: str) -> int:
    """An open regular file or pipe. InputError, saying why, for anything else."""
    try:
        # A pipe without a writer would block, and a device may do anything when opened.
        mode = os.stat(name).st_mode  # noqa: PTH116 (a name may hold any bytes)
        if stat.S_ISDIR(mode):
            raise InputError(
                "This is a folder.",
                place=name,
                hint=f"Give the files in it, for instance '{os.path.join(name, '*.csv')}'.",  # noqa: PTH118
            )
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            what = "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "a socket"
            raise InputError(
                f"This is {what}, not a file.", place=name, hint="Give a file, or - for stdin."
            )
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unreadable(name, error) from error
    except ValueError as error:
        raise InputError(
            f"This cannot be a file's name: {error}.", place=repr(name), hint="Check the name."
        ) from error


def unreadable(name: str, error: OSError) -> InputError:
    """The system's refusal as an error of ours."""
    if isinstance(error, FileNotFoundError):
        return InputError(
            "There is no such file.", place=name, hint="Check the name and the current folder."
        )
    if isinstance(error, PermissionError):
        return InputError(
            "The file may not be read.", place=name, hint="Ask for the permission to read it."
        )
    return InputError(
        f"The file cannot be read: {error.strerror or error}.", place=name, retryable=True
    )


def empty(name: str) -> InputError:
    """There is not even a header."""
    return InputError(
        "The input is empty (0 bytes).", place=name, hint="Check whatever should have written it."
    )


def refuse_bad_head(head: bytes, name: str) -> None:
    """InputError if what begins so (decompressed) is nothing, or no CSV."""
    if not head:
        raise empty(name)
    kinds.refuse_what_is_no_csv(head, name)
