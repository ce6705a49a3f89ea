"""A copy of what is behind a URL, which is read while it grows."""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapshots import system
from snapshots._native import Hasher
from snapshots.errors import InputError, out_of_memory
from snapshots.sources.compression import PIECE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.sources.remote.source import UrlSource


class GrowingCopy:
    """The first and the last MiB are there at once. All bytes come in order, on a thread of their
    own, once more of them are asked for."""

    def __init__(self, outer: UrlSource, size: int) -> None:
        """The object has `size` bytes, some MiB, and its server offers ranges."""
        self._outer = outer
        self._name = outer.identity.name
        self._hasher = Hasher()
        self._changed = threading.Condition()
        self._begun = self._closed = False
        self._failure: BaseException | None = None
        self._hash: str | None = None
        self._there, self._end = 0, size
        with self._translated():
            # Who copies closes it. Nothing waits in a buffer to be written when it is closed.
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        try:
            with self._translated():
                self._file.truncate(size)
            self._append(outer.head(PIECE))
            self.fetch_end(size - PIECE)
        except BaseException:
            self._file.close()
            raise

    def fileno(self) -> int:
        """The descriptor of the copy, which has the size of the whole from the start."""
        return self._file.fileno()

    def fetch_end(self, start: int) -> None:
        """Fetches the bytes from a place on before all others. Only while nothing is copied."""
        if start < self._end:
            place = start
            for piece in self._outer.between(start, self._end):
                self._write(piece, place)
                place += len(piece)
            self._end = start

    def has(self, end: int) -> bool:
        """Whether all bytes up to a place are there."""
        return min(end, self._end) <= self._there

    def require(self, start: int, end: int) -> None:
        """Waits for the bytes between two places. Raises InputError if they do not come."""
        if start < self._end or self._closed:
            self._wait(lambda: self.has(end))

    def content_hash(self) -> str:
        """Waits for all bytes, and returns their hash. Raises InputError if they do not come."""
        self._wait(lambda: self._hash is not None)
        return self._hash or ""

    def close(self) -> None:
        """Ends the copying, once the URL is closed, too. Never raises."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if not self._begun:
                self._file.close()

    def _wait(self, there: Callable[[], bool]) -> None:
        with self._changed:
            if not (self._begun or self._closed or there()):
                self._begin()
            self._changed.wait_for(lambda: there() or self._failure or self._closed)
            if self._closed:
                raise InputError("Reading was stopped.", place=self._name)
            if not there() and self._failure is not None:
                raise self._failure

    def _begin(self) -> None:
        copying = threading.Thread(target=self._copy, name="snapshots-copy", daemon=True)
        try:
            copying.start()
        except RuntimeError as error:
            raise out_of_memory("the system has no memory for another thread") from error
        self._begun = True

    def _copy(self) -> None:
        try:
            with self._file:
                for piece in self._outer.read(self._there, self._end):
                    if self._closed:
                        return
                    self._append(piece)
                for piece in self._last():
                    self._hasher.update(piece)
            with self._changed:
                self._hash = self._hasher.hexdigest()
                self._changed.notify_all()
        except BaseException as error:  # raised again where the bytes are awaited
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _append(self, piece: bytes) -> None:
        self._hasher.update(piece)
        self._write(piece, self._there)
        with self._changed:
            self._there += len(piece)
            self._changed.notify_all()

    def _last(self) -> Iterator[bytes]:
        """The bytes that were fetched before all others."""
        with self._translated():
            self._file.seek(self._there)
            while piece := self._file.read(PIECE):
                yield piece

    def _write(self, piece: bytes, place: int) -> None:
        left = memoryview(piece)
        with self._translated():
            while left:
                written = system.write_at(self._file.fileno(), left, place)
                left, place = left[written:], place + written

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Says what cannot be done with the copy."""
        try:
            yield
        except OSError as error:
            raise InputError(
                f"The copy of the file cannot be written: {error.strerror or error}.",
                place=self._name,
                hint="Free space in the temporary folder, or set TMPDIR to another one.",
                retryable=True,
            ) from error
