"""The log lines of `snapshots sync`, for its own events beside those of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.events import Failed, ThreadFailed
from snapshots.plain import plain
from snapshots.sync import events
from snapshots.telemetry.log_lines import LogLine, line, of_error

if TYPE_CHECKING:
    from snapshots.model import ImportRecord
    from snapshots.sync.events import SyncEvent


def logged(event: SyncEvent) -> LogLine | None:
    """The log line for an event; None: it is not logged."""
    match event:
        case (
            events.FileEnded()
            | events.FileSettled()
            | events.RowsMissing()
            | events.FileRefused()
            | events.FileDeferred()
        ):
            return _of_file(event)
        case (
            events.WatchStarted()
            | events.DatabaseAway()
            | events.DatabaseBack()
            | events.SyncEnded()
            | events.FileIgnored()
        ):
            return _of_service(event)
        case ThreadFailed() | events.SyncProblem():
            return _unwanted(event)
        case _:
            # A failure without a number the service says itself, once it has decided what it means:
            # with the number under which the file is refused, or when it is tried again.
            unnumbered = isinstance(event, Failed) and event.import_id is None
            return None if unnumbered else line(event)


def _of_service(
    event: events.WatchStarted
    | events.DatabaseAway
    | events.DatabaseBack
    | events.SyncEnded
    | events.FileIgnored,
) -> LogLine:
    match event:
        case events.WatchStarted(folder, database, by):
            return LogLine("info", "watching", {"folder": folder, "database": database, "by": by})
        case events.DatabaseAway(error, seconds):
            return LogLine("warning", "database_away", {**of_error(error), "seconds": seconds})
        case events.DatabaseBack():
            return LogLine("info", "database_back", {})
        case events.SyncEnded():
            return LogLine("info", "sync_ended", plain(event))
        case events.FileIgnored(path, reason):
            return LogLine("info", "file_ignored", {"input": path, "reason": reason})


def _unwanted(event: ThreadFailed | events.SyncProblem) -> LogLine:
    if isinstance(event, ThreadFailed):
        known = {"thread": event.thread, "input": event.input}
        return LogLine("error", "thread_broken", {**known, **of_error(event.error)})
    return LogLine("warning", "problem", of_error(event.error))


def _of_file(
    event: events.FileEnded
    | events.FileSettled
    | events.RowsMissing
    | events.FileRefused
    | events.FileDeferred,
) -> LogLine | None:
    match event:
        case events.FileDeferred(path, error, seconds):
            fields = {"input": path, **of_error(error), "seconds": seconds}
            return LogLine("warning", "import_deferred", fields)
        case events.FileRefused(path, record, error):
            known = {"import_id": _number(record), "input": path}
            return LogLine("error", "file_refused", {**known, "message": error})
        case events.RowsMissing(path, import_id, table):
            known = {"import_id": import_id, "input": path, "table": table}
            message = f"imported before, but {event.reason}: {event.remedy}"
            return LogLine("warning", f"{event.what}_missing", {**known, "message": message})
        case events.FileEnded(path, result, then) if then != "kept":
            known = {"import_id": _number(result.record), "input": path}
            return LogLine("info", "file_settled", {**known, "then": then})
        case events.FileSettled(path, import_id, then):
            known = {"import_id": import_id, "input": path}
            return LogLine("info", "file_settled", {**known, "then": then})
        case _:
            return None


def _number(record: ImportRecord | None) -> int | None:
    return record.import_id if record else None
