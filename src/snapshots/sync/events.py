"""The events of sync: for people, for programs, and for telemetry."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct

from snapshots.engine import events
from snapshots.engine.events import ImportResult
from snapshots.errors import SnapshotsError
from snapshots.model import ImportRecord
from snapshots.redaction import scheme_of


class WatchStarted(Struct, frozen=True):
    """The service has started and is ready for files."""

    json_name: ClassVar[str] = "watching"
    folder: str
    database: str
    by: str
    """How files are noticed: `events`, `polling` or `one look`."""


class FileEnded(Struct, frozen=True):
    """The import of one file is over, or the file was recognised."""

    path: str
    result: ImportResult
    then: str
    """What became of the file: kept, deleted, or the path that it was moved to."""


class FileSettled(Struct, frozen=True):
    """A file that was imported before, perhaps by another process, is moved or deleted now."""

    json_name: ClassVar[str] = "settled"
    path: str
    import_id: int
    then: str
    """The same as in `FileEnded`, but never `kept`."""


class RowsMissing(Struct, frozen=True):
    """A file was imported before, and its rows are no longer where they were loaded. It is neither
    loaded, moved nor deleted until somebody touches it."""

    json_name: ClassVar[str] = "missing"
    path: str
    import_id: int
    table: str
    what: Literal["table", "rows", "undone"]
    """Whether the table does not exist, exists and is empty, or the import was undone."""

    @property
    def reason(self) -> str:
        """What is missing, for a sentence."""
        if self.what == "undone":
            return "that import was undone"
        return f"table {self.table} is {'gone' if self.what == 'table' else 'empty now'}"

    @property
    def remedy(self) -> str:
        """What to do if the rows are wanted."""
        if self.what != "rows" and scheme_of(self.path):
            return "to load the object again, upload it again"
        if self.what != "rows":
            return "to load the file again, touch it"
        return f"load it again with: snapshots import {quote(str(self.path))} --again"


class FileRefused(Struct, frozen=True):
    """A file is the reason that its import failed; it is tried again when it changes."""

    path: str
    record: ImportRecord | None
    error: str
    hint: str
    exit_code: int


class FileDeferred(Struct, frozen=True):
    """An import could not be done for now, by no fault of its file."""

    path: str
    error: SnapshotsError
    seconds: float


class DatabaseAway(Struct, frozen=True):
    """The database does not answer; the next try is in this many seconds."""

    error: SnapshotsError
    seconds: float


class DatabaseBack(Struct, frozen=True):
    """The database answers again."""

    json_name: ClassVar[str] = "back"


class FileIgnored(Struct, frozen=True):
    """Something in the folder is not imported. Each is named once."""

    json_name: ClassVar[str] = "ignored"
    path: str
    reason: str


class SyncEnded(Struct, frozen=True):
    """What the service has done, once it has ended."""

    json_name: ClassVar[str] = "summary"
    dry_run: bool
    """Whether files were only checked: nothing was written."""
    imported: int
    """Files that were imported, or checked in a dry run."""
    with_rejects: int
    """How many of those have rejects."""
    already_imported: int
    """Files whose content was imported before."""
    failed: int
    failed_before: int
    """Files that failed in an earlier run and have not changed since."""
    missing: int
    """Files that were imported before, and whose rows are gone."""
    unfinished: int
    """Files that were found and are neither imported nor failed."""
    ignored: int
    records: int
    """Records of the imported files, and what became of them."""
    loaded: int
    rejected: int
    skipped: int
    seconds: float
    """From the start to the end."""


class SyncProblem(Struct, frozen=True):
    """A problem that does not stop the service, and that somebody should look at."""

    error: SnapshotsError


SyncEvent: TypeAlias = (
    WatchStarted
    | FileEnded
    | FileSettled
    | RowsMissing
    | FileRefused
    | FileDeferred
    | FileIgnored
    | SyncEnded
    | DatabaseAway
    | DatabaseBack
    | SyncProblem
    | events.Event
)
SyncListener: TypeAlias = Callable[[SyncEvent], None]
"""Gets the events, from several threads: each reports its own imports, as `engine.events` says.
`InputsWaiting` counts the files that are to be imported, including those in work."""
