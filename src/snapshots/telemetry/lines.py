"""The events that matter in a log, each as one line: a level, a name, and fields."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from snapshots.engine.report import Failed, ImportResult, Notice, Started
from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from snapshots.engine.report import Event

Level: TypeAlias = Literal["info", "warning", "error"]
Field: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log, whatever its form."""

    level: Level
    event: str
    fields: dict[str, Field]


def line(event: Event) -> Line | None:
    """The line for an event; None for those that are only of interest while they happen."""
    match event:
        case Started():
            name = "import_resumed" if event.resumed else "import_started"
            return Line("info", name, asdict(event))
        case ImportResult() if event.record:
            return _ended(event)
        case Failed():
            return _failed(event)
        # What is decided while an import is planned is kept with its plan.
        case Notice() if event.import_id or not event.input:
            return Line("info", "notice", {"import_id": event.import_id, "message": event.text})
        case _:
            return None


def _ended(result: ImportResult) -> Line | None:
    record = result.record
    if record is None:
        return None
    fields: dict[str, Field] = {
        "import_id": record.import_id,
        "input": record.input,
        "table": record.table,
        "database": record.database,
        **asdict(result.counts),
        "bytes": record.bytes,
        "seconds": record.seconds,
    }
    if result.message:
        fields["message"] = result.message
    name = result.outcome if result.outcome == "already_imported" else f"import_{result.outcome}"
    level: Level = "info"
    if result.outcome == "failed":
        level = "error"
    elif result.outcome == "interrupted" or result.counts.rejected:
        level = "warning"
    return Line(level, name, fields)


def _failed(event: Failed) -> Line:
    error = event.error
    fields: dict[str, Field] = {"import_id": event.import_id, "input": event.input}
    if isinstance(error, SnapshotsError):
        fields |= {"code": error.code, "message": str(error), "retryable": error.retryable}
    else:
        fields |= {"code": "error", "message": f"{type(error).__name__}: {error}"}
    return Line("error", "import_failed", fields)
