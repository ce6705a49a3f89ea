"""What the threads of the service share, and what they report."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from snapshots.engine.events import ThreadFailed
from snapshots.engine.plan.options import Options
from snapshots.engine.support import threads
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import Defect, InputError, SnapshotsError
from snapshots.ports import Target
from snapshots.sync.after_policy import AfterPolicy
from snapshots.sync.events import SyncListener, SyncProblem
from snapshots.sync.watched import FolderFile, Watched


class FileOutcome(Struct, frozen=True):
    """What became of one file.

    `done`: nothing is to be done until it changes. `later`: another try may help. `away`: the
    database must come back first. `settled`: it was imported before, and was moved or deleted now.
    """

    file: FolderFile
    verdict: Literal["done", "later", "away", "settled"]
    exit_code: int = 0
    error: SnapshotsError | None = None


class SharedWork(Struct, frozen=True):
    """What all importer threads share."""

    target: Target
    options: Options
    folder: Watched
    after: AfterPolicy
    listener: SyncListener
    stop: threading.Event
    report: Callable[[FileOutcome], None]
    died: Callable[[BaseException], None]
    """The error that a thread died of. It ends the service: one that imports nothing would go
    unnoticed."""

    def thread(self, name: str, run: Callable[[], None]) -> threading.Thread:
        """Starts a thread whose death ends the service. Raises OutOfMemory."""

        def watched() -> None:
            try:
                run()
            except BaseException as error:
                self.died(error)

        return threads.start(name, watched)

    def broken(self, thread: str, file: FolderFile, error: Exception) -> Defect:
        """Reports that a thread met an unforeseen error, and where."""
        traceback.print_exception(error)
        message = f"{type(error).__name__}: {error}"
        defect = Defect(message, place=file.path, hint="Please report the lines above.")
        self.listener(ThreadFailed(thread, file.path, defect))
        return defect

    def settle(self, file: FolderFile) -> str:
        """Moves or deletes an imported file if the policy says so, and returns what became of it.

        It may take long: to another file system the file is copied.
        """
        fault_point("settling")
        try:
            return self.after.apply(file, self.folder)
        except InputError as error:
            self.listener(SyncProblem(error))
            return "kept"
