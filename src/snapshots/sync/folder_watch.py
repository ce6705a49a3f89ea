"""Reports changes in a folder as they happen, through the watchdog library."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import InputError
from snapshots.sync.watched import FolderHint

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

REPORTS_CLOSING = sys.platform == "linux"
"""Whether the system reports that a writer closes a file: inotify does, other systems do not."""


class FolderWatch:
    """Reports what happens in a folder, from a thread of its own, until it is ended."""

    def __init__(self, folder: str, *, recursive: bool, tell: Callable[[FolderHint], None]) -> None:
        """Raises InputError if the system cannot watch the folder."""
        self._folder = folder
        self._recursive = recursive
        self._tell = tell
        self._watched = _identity(folder)
        self._observer = self._begun()

    def lost(self) -> bool:
        """See `Reports`."""
        now = _identity(self._folder)
        alive = all(emitter.is_alive() for emitter in self._observer.emitters)
        return now is not None and not (alive and now == self._watched)

    def folder_replaced(self) -> bool:
        """See `Reports`."""
        return _identity(self._folder) != self._watched

    def renew(self) -> None:
        """See `Reports`."""
        self.end()
        self._watched = _identity(self._folder)
        self._observer = self._begun()

    def end(self) -> None:
        """See `Reports`."""
        self._observer.stop()
        self._observer.join()

    def _begun(self) -> BaseObserver:
        from watchdog import events
        from watchdog.events import FileSystemEventHandler

        folder, tell = self._folder, self._tell

        class Handler(FileSystemEventHandler):
            def dispatch(self, event: FileSystemEvent) -> None:
                if hint := _hint(event, folder):
                    tell(hint)

        observer = _observer()
        try:
            observer.schedule(
                Handler(),
                self._folder,
                recursive=self._recursive,
                event_filter=[
                    events.FileCreatedEvent,
                    events.FileModifiedEvent,
                    events.FileClosedEvent,
                    events.FileMovedEvent,
                    events.DirCreatedEvent,
                    events.DirMovedEvent,
                    events.DirDeletedEvent,
                ],
            )
            observer.start()
        except OSError as error:
            raise InputError(
                f"The folder cannot be watched: {error.strerror or error}.",
                place=self._folder,
                hint="Poll the folder instead: --poll 5. On Linux, fs.inotify.max_user_watches"
                " limits the number of watched folders.",
            ) from error
        return observer


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = Path(folder).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _observer() -> BaseObserver:
    if sys.platform == "linux":
        from watchdog.observers.inotify import InotifyObserver

        # Otherwise a file that is moved in looks like one that a writer has just begun.
        return InotifyObserver(generate_full_events=True)
    from watchdog.observers import Observer

    return Observer()


def _hint(event: FileSystemEvent, folder: str) -> FolderHint | None:
    source, target = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
    match event.event_type:
        case _ if event.is_directory:
            gone_elsewhere = event.event_type == "deleted" and source != folder
            return None if gone_elsewhere else FolderHint("look", target or source)
        case "created":
            return FolderHint("created", source)
        case "modified":
            return FolderHint("changed", source)
        case "closed":
            return FolderHint("closed", source)
        case "moved" if target:
            return FolderHint("closed", target)
        case _:
            return None
