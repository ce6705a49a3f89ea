"""What the system tells of a folder as it happens, by the watchdog library."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from snapshots.errors import InputError

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

CLOSING_IS_TOLD = sys.platform == "linux"
"""inotify says when a writer closes a file; other systems do not."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something has happened to a file; `look`: to a folder, and nobody knows what."""

    kind: Literal["created", "changed", "closed", "look"]
    path: str


@contextmanager
def watching(folder: str, *, recursive: bool, tell: Callable[[Hint], None]) -> Iterator[None]:
    """Tells what happens in the folder, from a thread of its own.

    Raises InputError where the system cannot watch it.
    """
    from watchdog import events
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def dispatch(self, event: FileSystemEvent) -> None:
            if hint := _hint(event):
                tell(hint)

    observer = _observer()
    try:
        observer.schedule(
            Handler(),
            folder,
            recursive=recursive,
            event_filter=[
                events.FileCreatedEvent,
                events.FileModifiedEvent,
                events.FileClosedEvent,
                events.FileMovedEvent,
                events.DirCreatedEvent,
                events.DirMovedEvent,
            ],
        )
        observer.start()
    except OSError as error:
        raise InputError(
            f"The folder cannot be watched: {error.strerror or error}.",
            place=folder,
            hint="Look at it now and then instead: --poll 5. On Linux, the number of folders that"
            " can be watched is fs.inotify.max_user_watches.",
        ) from error
    try:
        yield
    finally:
        observer.stop()
        observer.join()


def _observer() -> BaseObserver:
    if sys.platform == "linux":
        from watchdog.observers.inotify import InotifyObserver

        # Otherwise a file that is moved in looks like one that a writer has just begun.
        return InotifyObserver(generate_full_events=True)
    from watchdog.observers import Observer

    return Observer()


def _hint(event: FileSystemEvent) -> Hint | None:
    source, target = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
    match event.event_type:
        case _ if event.is_directory:
            return None if event.event_type == "modified" else Hint("look", target or source)
        case "created":
            return Hint("created", source)
        case "modified":
            return Hint("changed", source)
        case "closed":
            return Hint("closed", source)
        case "moved" if target:
            return Hint("closed", target)
        case _:
            return None
