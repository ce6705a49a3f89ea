"""The JSON that describes imports to clients."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from snapshots.engine.history.progress import Status
from snapshots.ledger.entry import CommittedChunk
from snapshots.model import State
from snapshots.plain import plain
from snapshots.screen_text import plain_json


class _Shown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class InputProgress(_Shown):
    """How much of the input is done, in uncompressed bytes of UTF-8."""

    done: int
    """Bytes whose rows and counts are in the database."""
    total: int | None
    percent: float | None
    why: str | None
    """Why the total and the percent are unknown."""


class Eta(_Shown):
    """An estimate of the time left."""

    seconds: float
    basis: str
    """What the estimate is computed from."""


class Failure(_Shown):
    """Why the import stopped."""

    code: str
    message: str


class Import(_Shown):
    """One import."""

    import_id: int
    state: State
    outcome: str | None
    """How the import ended: its state, or `already_imported` if another import had already loaded
    its bytes. null until it ends."""
    same_as: int | None
    """The import that had already loaded the bytes."""
    waits_for: int | None
    """The import that must end before this one starts. It has the same input or the same bytes."""
    note: str | None
    """A remark on how a successful import ended."""
    continues: int | None
    """The import that loaded the input before it grew: this one loads the rest."""
    replaces: int | None
    """The previous import of the same name into the same table, with other content."""
    replaced_rows: int | None
    """How many rows that import loaded: they stay in the table. null with mode `replace`."""
    input: str
    table: str
    records: int
    """The account: always `loaded` + `rejected` + `skipped`."""
    loaded: int
    rejected: int
    skipped: int
    open: int
    """Rejects that are neither corrected nor dismissed."""
    dismissed: int
    """Rejects that are to stay as they are; `rejected` counts them."""
    corrected: int
    """Records that were rejects first, and were corrected and loaded since."""
    mode: str
    """What the table holds after the import: `append` or `replace`."""
    inserted: int
    """Rows that the import has put into its table. This and the next are 0 until the rows are
    published."""
    updated: int
    unchanged: int
    deleted: int
    """Rows of before that the import has deleted."""
    kept: int
    """Rows of before that the input lacks, and that were not deleted."""
    as_of: str | None
    """The date of the version of the table that it published, with mode `replace`."""
    undone_at: str | None
    """When the import was undone; null if it was not."""
    removed: int | None
    """How many of its rows were removed then."""
    restored: int | None
    """How many rows that it had changed or deleted came back then."""
    undo_kept: int | None
    """How many rows were left as they are then."""
    publish: str | None
    """How its version became the table's: `copy` or `rename`; null where there is no choice."""
    records_per_second: float | None
    progress: InputProgress
    eta: Eta | None
    bytes: int | None
    """The size of the input in bytes, before decompression."""
    content_hash: str | None
    """The BLAKE3 hash of those bytes; null until it is known."""
    queued_at: str | None
    """When it was queued, in UTC; null for an import that a command started."""
    started_at: str
    finished_at: str | None
    seconds: float
    wanted: str | None
    """`cancel` or `undo`, until the worker has done it."""
    error: Failure | None
    damage: str | None
    """What the ledger has lost of this import. A damaged import cannot be resumed."""
    url: str
    """The URL of this import in this service."""


class ImportDetail(Import):
    """One import, with all its details."""

    request: dict[str, Any] | None
    """The request; null for an import that a command started."""
    plan: dict[str, Any] | None
    """How it is loaded: dialect, columns and types."""
    rejects_by_code: dict[str, int]
    skipped_by_code: dict[str, int]
    """Skipped records by code, without blank lines, comments and the like."""


class Page(_Shown):
    """A page of imports, newest first."""

    imports: list[Import]
    next: str | None
    """The URL of the next page."""


class Chunk(_Shown):
    """A part of the input that was committed in one transaction."""

    start: int
    end: int
    line: int
    records: int
    loaded: int
    rejected: int
    skipped: int
    seconds: float
    committed_at: str


class Chunks(_Shown):
    """Chunks in the order of the input."""

    chunks: list[Chunk]
    next: str | None


def answer(body: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Returns an answer as JSON, written at once: FastAPI would validate our own object again, on
    another thread."""
    return Response(json_of(body), status, headers, "application/json")


def json_of(body: BaseModel) -> str:
    """Returns JSON in which no character moves the cursor of a screen."""
    return plain_json(body.model_dump_json())


def path_of(import_id: int) -> str:
    """Returns the path of an import at this service."""
    return f"/v1/imports/{import_id}"


def fields(status: Status) -> dict[str, Any]:
    """Returns the fields of an `Import`."""
    entry = status.entry
    left, pace = status.seconds_left, status.pace
    return {
        "import_id": entry.import_id,
        "state": status.state,
        "outcome": status.outcome,
        "same_as": entry.same_as if entry.duplicate else None,
        "waits_for": entry.same_as if status.state == "queued" else None,
        "note": entry.note if status.state == "finished" else None,
        "continues": entry.continues,
        "replaces": entry.replaces,
        "replaced_rows": entry.replaced_rows,
        "input": entry.input,
        "table": entry.table,
        **plain(entry.counts),
        "open": entry.open,
        "dismissed": entry.dismissed,
        "corrected": entry.corrected,
        "mode": entry.mode or "append",
        **plain(entry.changes),
        "as_of": entry.as_of,
        "undone_at": entry.undone_at,
        "removed": entry.removed,
        "restored": entry.restored,
        "undo_kept": entry.undo_kept,
        "publish": entry.publish,
        "records_per_second": status.records_per_second,
        "progress": InputProgress(
            done=entry.read, total=status.total, percent=status.percent, why=status.why
        ),
        "eta": None if left is None or pace is None else Eta(seconds=left, basis=pace.basis),
        "bytes": entry.size,
        "content_hash": entry.content_hash,
        "queued_at": entry.queued_at,
        "started_at": entry.started_at,
        "finished_at": entry.finished_at,
        "seconds": status.seconds,
        "wanted": entry.wanted,
        "error": None
        if status.error is None
        else Failure(code=entry.error_code or "error", message=status.error),
        "damage": entry.damage,
        "url": path_of(entry.import_id),
    }


def shown(status: Status) -> Import:
    """Returns an import as a list shows it."""
    return Import(**fields(status))


def detail(
    status: Status, rejects_by_code: dict[str, int], skipped_by_code: dict[str, int]
) -> ImportDetail:
    """Returns an import with its details."""
    entry = status.entry
    return ImportDetail(
        **fields(status),
        request=json.loads(entry.request) if entry.request else None,
        plan=_plan(entry.plan),
        rejects_by_code=rejects_by_code,
        skipped_by_code=skipped_by_code,
    )


def _plan(text: str) -> dict[str, Any] | None:
    """Returns the plan without the path of the file on this machine."""
    if not text:
        return None
    plan = json.loads(text)
    return {name: plan[name] for name in ("dialect", "header", "schema", "compressed", "lineage")}


def chunk(committed: CommittedChunk) -> Chunk:
    """Returns a chunk as a list shows it."""
    return Chunk(
        start=committed.start,
        end=committed.end,
        line=committed.start_line,
        **plain(committed.counts),
        seconds=committed.seconds,
        committed_at=committed.committed_at,
    )
