"""What the service says of itself: for people, for programs, and for whoever counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote
from typing import Literal, TypeAlias

from snapshots.engine import events
from snapshots.engine.events import ImportResult
from snapshots.errors import SnapshotsError
from snapshots.model import ImportRecord


@dataclass(frozen=True, slots=True)
class WatchStarted:
    """The service has begun; it is ready for files."""

    folder: str
    database: str
    by: str
    """events, polling or one look."""


@dataclass(frozen=True, slots=True)
class FileEnded:
    """The import of one file is over, or the file was recognised."""

    path: str
    result: ImportResult
    then: str
    """What became of the file: kept, deleted, or the path that it was moved to."""


@dataclass(frozen=True, slots=True)
class FileSettled:
    """A file that was imported before, perhaps by another process, is moved or deleted now."""

    path: str
    import_id: int
    then: str
    """As of `FileEnded`, and never `kept`."""


@dataclass(frozen=True, slots=True)
class RowsMissing:
    """A file was imported before, and its rows are not where they were loaded: it is left alone
    until it is touched, and neither moved nor deleted."""

    path: str
    import_id: int
    table: str
    what: Literal["table", "rows"]
    """The table does not exist, or it exists and is empty."""

    @property
    def reason(self) -> str:
        """Of people's sentences: what is missing."""
        return f"table {self.table} is {'gone' if self.what == 'table' else 'empty now'}"

    @property
    def remedy(self) -> str:
        """What to do if the rows are wanted."""
        if self.what == "table":
            return "touch the file to load it anew"
        return f"snapshots import {quote(str(self.path))} --again loads it once more"


@dataclass(frozen=True, slots=True)
class FileRefused:
    """A file is the reason that its import failed; it is tried again when it changes."""

    path: str
    record: ImportRecord | None
    error: str
    hint: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class FileDeferred:
    """An import could not be done for now, by no fault of its file."""

    path: str
    error: SnapshotsError
    seconds: float


@dataclass(frozen=True, slots=True)
class DatabaseAway:
    """The database is away; the next try is in so many seconds."""

    error: SnapshotsError
    seconds: float


@dataclass(frozen=True, slots=True)
class DatabaseBack:
    """The database is there again."""


@dataclass(frozen=True, slots=True)
class SyncProblem:
    """Something that does not stop the service and that somebody should look at."""

    error: SnapshotsError


SyncEvent: TypeAlias = (
    WatchStarted
    | FileEnded
    | FileSettled
    | RowsMissing
    | FileRefused
    | FileDeferred
    | DatabaseAway
    | DatabaseBack
    | SyncProblem
    | events.Event
)
SyncListener: TypeAlias = Callable[[SyncEvent], None]
"""Called from several threads: each reports the imports that it does, as `engine.events` says;
`report.Backlog` is how many files are to be imported, those in work among them."""
