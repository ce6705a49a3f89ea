"""What `snapshots sync` logs: lines for its own events beside those for the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.report import Broken, Failed
from snapshots.sync import events
from snapshots.telemetry.lines import Line, line, of_error

if TYPE_CHECKING:
    from snapshots.model import ImportRecord
    from snapshots.sync.events import Event


def logged(event: Event) -> Line | None:
    """The line for an event, as `snapshots.telemetry.lines.line` has it."""
    match event:
        case (
            events.Ended()
            | events.Settled()
            | events.Missing()
            | events.Refused()
            | events.Deferred()
        ):
            return _of_file(event)
        case events.Watching(folder, database, by):
            return Line("info", "watching", {"folder": folder, "database": database, "by": by})
        case events.Waiting(error, seconds):
            return Line("warning", "database_away", {**of_error(error), "seconds": seconds})
        case events.Back():
            return Line("info", "database_back", {})
        case Broken() | events.Problem():
            return _unwanted(event)
        case _:
            # A failure without a number the service says itself, once it has decided what it means:
            # with the number under which the file is refused, or when it is tried again.
            unnumbered = isinstance(event, Failed) and event.import_id is None
            return None if unnumbered else line(event)


def _unwanted(event: Broken | events.Problem) -> Line:
    if isinstance(event, Broken):
        known = {"thread": event.thread, "input": event.input}
        return Line("error", "thread_broken", {**known, **of_error(event.error)})
    return Line("warning", "problem", of_error(event.error))


def _of_file(
    event: events.Ended | events.Settled | events.Missing | events.Refused | events.Deferred,
) -> Line | None:
    match event:
        case events.Deferred(path, error, seconds):
            said = {"input": path, **of_error(error), "seconds": seconds}
            return Line("warning", "import_deferred", said)
        case events.Refused(path, record, error):
            known = {"import_id": _number(record), "input": path}
            return Line("error", "file_refused", {**known, "message": error})
        case events.Missing(path, import_id, table):
            known = {"import_id": import_id, "input": path, "table": table}
            message = f"imported before, but {event.reason}: {event.remedy}"
            return Line("warning", f"{event.what}_missing", {**known, "message": message})
        case events.Ended(path, result, then) if then != "kept":
            known = {"import_id": _number(result.record), "input": path}
            return Line("info", "file_settled", {**known, "then": then})
        case events.Settled(path, import_id, then):
            known = {"import_id": import_id, "input": path}
            return Line("info", "file_settled", {**known, "then": then})
        case _:
            return None


def _number(record: ImportRecord | None) -> int | None:
    return record.import_id if record else None
