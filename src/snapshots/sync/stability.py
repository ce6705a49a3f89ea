"""Files that have been seen and are not yet known to be whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from snapshots.sync.folder import FolderFile, look_at
from snapshots.sync.open_writers import being_written

LOOKS_AT_ONCE = 2000
"""Of files that may be ready, so that events are not kept waiting."""

SILENCE_SECONDS = 60.0
"""A file whose writer was not heard of for so long is whole, where nobody can tell who has it
open."""


@dataclass(slots=True)
class _Arrival:
    file: FolderFile
    still_since: float
    closed: bool = False
    """Its writer has closed it, or it was moved in."""
    open: bool = False
    """It is being written; its writer will close it, unless that goes unheard: events get lost."""


class StabilityCheck:
    """Decides when a file is whole: closed or moved in, or still for a while."""

    def __init__(self, settle: float, *, reports_closing: bool) -> None:
        """`closing_is_told`: whoever writes a file is heard of again when he closes it."""
        self._settle = settle
        self._reports_closing = reports_closing
        self._files: dict[str, _Arrival] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def seen(self, file: FolderFile, now: float) -> None:
        """A look at the folder found it."""
        self._files.setdefault(file.path, _Arrival(file, now))

    def changed(self, path: str, now: float) -> None:
        """It was written to, and not closed yet."""
        if arrival := self._arrival(path, now):
            arrival.still_since, arrival.closed = now, False
            arrival.open = self._reports_closing

    def created(self, path: str, now: float) -> None:
        """It is there, perhaps by a writer who has not written yet."""
        if arrival := self._arrival(path, now):
            arrival.open = arrival.open or (self._reports_closing and not arrival.file.size)

    def closed(self, path: str, now: float) -> None:
        """Its writer has closed it, or it was moved in: it is whole unless somebody else writes."""
        if arrival := self._arrival(path, now):
            arrival.closed, arrival.open = True, False

    def ready(self, now: float) -> list[FolderFile]:
        """Those that are whole, as they are now; they leave."""
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
            written = being_written(file.path)
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
        """Drops the files that are not there any more."""
        for path in [path for path in self._files if gone(path)]:
            del self._files[path]

    def _arrival(self, path: str, now: float) -> _Arrival | None:
        arrival = self._files.get(path)
        if arrival is None and (file := look_at(path)):
            arrival = self._files[path] = _Arrival(file, now)
        return arrival


def _left(arrival: _Arrival, written: bool | None, now: float) -> bool:
    """Nobody writes it any more: as far as that can be known, or after a long silence."""
    known = not arrival.open or written is False
    return known or now - arrival.still_since >= SILENCE_SECONDS
