"""Makes log lines of the events that matter: a level, a name and fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from snapshots.engine.events import Failed, ImportResult, Notice, Retrying, Started
from snapshots.errors import SnapshotsError
from snapshots.plain import plain

Level: TypeAlias = Literal["info", "warning", "error"]
Field: TypeAlias = str | int | float | bool | None


class LogLine(Struct, frozen=True):
    """One line of a log, whatever its form."""

    level: Level
    event: str
    fields: dict[str, Field]


Lines: TypeAlias = Callable[[Any], LogLine | None]
"""A function such as `line`, for callers that have events of their own."""


def line(event: object) -> LogLine | None:
    """Returns the line for an event; None for events that are only of interest while they happen.

    >>> from snapshots.engine.events import Notice
    >>> line(Notice("the ledger was migrated")).event
    'notice'
    """
    match event:
        case Started():
            name = "import_resumed" if event.resumed else "import_started"
            return LogLine("info", name, plain(event))
        case Retrying():
            return LogLine("warning", "delivery_retrying", plain(event))
        case ImportResult() if event.record:
            return _ended(event)
        case Failed():
            return _failed(event)
        # What is decided while an import is planned is kept with its plan.
        case Notice() if event.import_id or not event.input:
            return LogLine("info", "notice", {"import_id": event.import_id, "message": event.text})
        case _:
            return None


def _ended(result: ImportResult) -> LogLine | None:
    record = result.record
    if record is None:
        return None
    fields: dict[str, Field] = {
        "import_id": record.import_id,
        "input": result.given,
        "table": record.table,
        "database": record.database,
        **plain(result.counts),
        "bytes": record.bytes,
        "seconds": record.seconds,
    }
    if record.input != result.given:
        fields["imported_as"] = record.input
    for name in ("continues", "replaces", "replaced_rows"):
        if (known := getattr(record, name)) is not None:
            fields |= {name: known}
    if result.message:
        fields["message"] = result.message
    name = result.outcome if result.outcome == "already_imported" else f"import_{result.outcome}"
    level: Level = "info"
    if result.outcome == "failed":
        level = "error"
    elif result.outcome == "interrupted" or result.counts.rejected:
        level = "warning"
    return LogLine(level, name, fields)


def _failed(event: Failed) -> LogLine:
    fields: dict[str, Field] = {"import_id": event.import_id, "input": event.input}
    return LogLine("error", "import_failed", fields | of_error(event.error))


def of_error(error: BaseException) -> dict[str, Field]:
    """Returns the fields that say what went wrong."""
    if isinstance(error, SnapshotsError):
        return {"code": error.code, "message": str(error), "retryable": error.retryable}
    return {"code": "error", "message": f"{type(error).__name__}: {error}"}
