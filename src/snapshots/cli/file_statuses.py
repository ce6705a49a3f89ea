"""Prints whether files were imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.cli.say import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.engine.history.file_status import FileStatus
    from snapshots.model import ImportRecord


def print_statuses(statuses: Iterable[FileStatus], unasked: Sequence[str]) -> None:
    """Prints for each file whether it is imported; `unasked` are databases that did not answer."""
    for status in statuses:
        say(f"{status.input}: {_presence(status, unasked)}")


def _presence(status: FileStatus, unasked: Sequence[str]) -> str:
    if status.presence in {"unknown", "unclear"}:
        silent = f"unclear; it may be in a database that did not answer: {', '.join(unasked)}"
        return "not imported" if status.presence == "unknown" else silent
    if status.presence == "gone" and status.imports:
        last = status.imports[-1]
        was = _done(last) if last.state == "finished" else last.state
        return f"the file no longer exists; it was {was}: {_which(last)}, as {last.input}"
    if status.error is not None:
        known = [f"; {record.state}: {_which(record)}" for record in status.imports[-1:]]
        return f"not read: {status.error.message}{''.join(known)}"
    if status.presence == "changed":
        last = status.imports[-1]
        return f"not {_done(last)}; a file of this name is, with other content: {_which(last)}"
    finished = [record for record in status.imports if record.state == "finished"]
    if status.presence == "unfinished":
        last = [record for record in status.imports if record.state != "finished"][-1]
        return f"{last.state}: {_which(last)}"
    # The last of each kind: a file may be both.
    last_of = {record.kind: record for record in finished}
    parts = []
    for record in sorted(last_of.values(), key=lambda record: record.kind, reverse=True):
        renamed = "" if record.input == status.input else f", as {record.input}"
        parts.append(f"{_done(record)}: {_which(record)}{renamed}")
    return "; ".join(parts)


def _done(record: ImportRecord) -> str:
    return "imported" if record.kind == "import" else "delivered"


def _which(record: ImportRecord) -> str:
    into = "into" if record.kind == "import" else "to"
    day = record.started_at[:10]
    return f"{record.kind} {record.import_id} ({day}) {into} {record.table}, {record.database}"
