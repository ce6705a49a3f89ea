"""What the threads of the service have in common, and what they report."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from snapshots.engine.plan import Options
from snapshots.errors import InputError, SnapshotsError
from snapshots.ports import Target
from snapshots.sync.after import After
from snapshots.sync.events import Listener, Problem
from snapshots.sync.folder import File, Folder


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    `done`: nothing is to be done until it changes. `later`: another try may help. `away`: the
    database must come back first. `settled`: it was imported before, and is moved or deleted now.
    """

    file: File
    verdict: Literal["done", "later", "away", "settled"]
    exit_code: int = 0
    error: SnapshotsError | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What all lanes share."""

    target: Target
    options: Options
    folder: Folder
    after: After
    listener: Listener
    stop: threading.Event
    report: Callable[[Outcome], None]

    def settle(self, file: File) -> str:
        """Moves or deletes a file that is imported, if that is to be; what became of it.

        It may take long: to another file system a file is copied.
        """
        try:
            return self.after.apply(file, self.folder)
        except InputError as error:
            self.listener(Problem(error))
            return "kept"
