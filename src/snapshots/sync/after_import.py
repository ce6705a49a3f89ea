"""Files that were imported before, and not yet moved or deleted as they should be.

A thread of its own: a large one may take minutes, in which others are to be imported.
"""

from __future__ import annotations

import queue

from snapshots.sync.events import FileSettled
from snapshots.sync.folder import FolderFile
from snapshots.sync.shared_work import FileOutcome, SharedWork


class AfterImport:
    """One thread; `stop` in its work ends it after the file that it has in hand."""

    def __init__(self, work: SharedWork) -> None:
        self._work = work
        self._files: queue.SimpleQueue[tuple[FolderFile, int] | None] = queue.SimpleQueue()
        self._thread = work.thread("settler", self._run)

    def give(self, file: FolderFile, import_id: int) -> None:
        """A file, and by which import it is in the ledger; it comes back `settled`."""
        self._files.put((file, import_id))

    def end(self) -> None:
        """No file will come any more."""
        self._files.put(None)

    def join(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
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
        """An error that nobody has foreseen leaves this file where it is, and no other."""
        try:
            return self._work.settle(file)
        except Exception as error:
            self._work.broken("mover", file, error)
            return "kept"
