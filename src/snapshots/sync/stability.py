"""Decides when a file that was seen is stable: nobody writes it any more."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from snapshots import system
from snapshots.sync.folder import look_at
from snapshots.sync.watched import FolderFile
from snapshots.time_limits import WRITER_SILENCE_SECONDS

LOOKS_AT_ONCE = 2000
"""How many files are checked at once, so that events need not wait."""


class _Arrival(Struct):
    file: FolderFile
    still_since: float
    closed: bool = False
    """Its writer has closed it, or it was moved in."""
    open: bool = False
    """It is being written. Its writer will close it, unless that event is lost."""


class StabilityCheck:
    """Tells which files are stable: they were closed or moved in, or did not change for a while."""

    def __init__(self, settle: float, *, reports_closing: bool) -> None:
        """`reports_closing`: the system reports when a writer closes a file."""
        self._settle = settle
        self._reports_closing = reports_closing
        self._files: dict[str, _Arrival] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def seen(self, file: FolderFile, now: float) -> None:
        """A look at the folder has found the file."""
        self._files.setdefault(file.path, _Arrival(file, now))

    def changed(self, path: str, now: float) -> None:
        """The file was written to, and is not closed yet."""
        if arrival := self._arrival(path, now):
            arrival.still_since, arrival.closed = now, False
            arrival.open = self._reports_closing

    def created(self, path: str, now: float) -> None:
        """The file is there, perhaps by a writer who has not written yet."""
        if arrival := self._arrival(path, now):
            arrival.open = arrival.open or (self._reports_closing and not arrival.file.size)

    def closed(self, path: str, now: float) -> None:
        """Its writer has closed the file, or it was moved in. It is stable unless somebody else
        writes."""
        if arrival := self._arrival(path, now):
            arrival.closed, arrival.open = True, False

    def ready(self, now: float) -> list[FolderFile]:
        """Returns the stable files as they are now, and drops them."""
        due = [
            arrival
            for arrival in self._files.values()
            if arrival.closed or now - arrival.still_since >= self._settle
        ]
        stable = []
        for arrival in due[:LOOKS_AT_ONCE]:
            file = look_at(arrival.file.path)
            if file is None:
                del self._files[arrival.file.path]
                continue
            written = system.being_written(file.path)
            if written:
                # Another than the one that closed it; he will close it too.
                arrival.still_since, arrival.closed = now, False
            elif arrival.closed or (file == arrival.file and _left(arrival, written, now)):
                del self._files[file.path]
                stable.append(file)
            elif file != arrival.file:
                arrival.file, arrival.still_since = file, now
        return stable

    def forget(self, gone: Callable[[str], bool]) -> None:
        """Drops the files that are gone."""
        for path in [path for path in self._files if gone(path)]:
            del self._files[path]

    def _arrival(self, path: str, now: float) -> _Arrival | None:
        arrival = self._files.get(path)
        if arrival is None and (file := look_at(path)):
            arrival = self._files[path] = _Arrival(file, now)
        return arrival


def _left(arrival: _Arrival, written: bool | None, now: float) -> bool:
    """Whether nobody writes it any more: as far as that can be known, or after a long silence."""
    known = not arrival.open or written is False
    return known or now - arrival.still_since >= WRITER_SILENCE_SECONDS
