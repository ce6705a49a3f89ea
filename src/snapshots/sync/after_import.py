"""Moves or deletes files that were imported before, and still lie in the folder.

It has a thread of its own: a large file may take minutes, in which others are to be imported.
"""

from __future__ import annotations

import queue

from snapshots.sync.events import FileSettled
from snapshots.sync.shared_work import FileOutcome, SharedWork
from snapshots.sync.watched import FolderFile


class AfterImport:
    """One thread. `stop` in its work ends it after the current file."""

    def __init__(self, work: SharedWork) -> None:
        self._work = work
        self._files: queue.SimpleQueue[tuple[FolderFile, int] | None] = queue.SimpleQueue()
        self._thread = work.thread("settler", self._run)

    def give(self, file: FolderFile, import_id: int) -> None:
        """Gives it a file and the number of its import. The file comes back as `settled`."""
        self._files.put((file, import_id))

    def end(self) -> None:
        """Tells the thread that no file will come any more."""
        self._files.put(None)

    def join(self, seconds: float) -> bool:
        """Returns whether the thread has ended within this many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (given := self._files.get()) is not None:
            if self._work.stop.is_set():
                break
            file, import_id = given
            then = self._surely(file)
            if then != "kept":
                self._work.listener(FileSettled(file.path, import_id, then))
            self._work.report(FileOutcome(file, "settled"))

    def _surely(self, file: FolderFile) -> str:
        """Handles one file. An unforeseen error leaves this file where it is, and no other."""
        try:
            return self._work.settle(file)
        except Exception as error:
            self._work.broken("mover", file, error)
            return "kept"
