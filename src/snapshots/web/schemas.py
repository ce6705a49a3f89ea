"""The JSON that describes imports to clients."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from snapshots.engine.history.progress import Status
from snapshots.ledger.entry import CommittedChunk
from snapshots.model import Counts, State
from snapshots.screen_text import plain_json


class _Shown(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Bytes(_Shown):
    """How much of the input is done, in bytes without compression."""

    done: int
    """Bytes whose rows and counts are in the database."""
    total: int | None
    percent: float | None
    why: str | None
    """Why there is no total, and so no percent."""


class Records(_Shown):
    """The account: `total` is always the sum of the other three."""

    total: int
    loaded: int
    rejected: int
    skipped: int


class Changes(_Shown):
    """What the import has done to the rows of its table. All are 0 until its rows are published."""

    inserted: int
    updated: int
    unchanged: int
    deleted: int
    """Rows of before that are gone."""
    kept: int
    """Rows of before that the input lacks, and that were not deleted."""


class Eta(_Shown):
    """An estimate of when the import is over."""

    seconds: float
    basis: str
    """What the estimate is computed from."""


class Failure(_Shown):
    """Why the import stopped."""

    code: str
    message: str


class Import(_Shown):
    """One import."""

    id: int
    state: State
    outcome: str | None
    """How the import ended, once it is over: its state, or `already_imported` if another import had
    loaded its bytes, so that there was nothing to do."""
    same_as: int | None
    """The import that had loaded the bytes."""
    waits_for: int | None
    """The import whose end this one waits for in the queue: one of the same input, or of the same
    bytes."""
    note: str | None
    """A remark on how it ended, though it has not failed."""
    input: str
    table: str
    bytes: Bytes
    records: Records
    mode: str
    """What the table holds after the import: `append` or `replace`."""
    changes: Changes
    records_per_second: float | None
    eta: Eta | None
    size: int | None
    """The size of the input in bytes, before decompression."""
    content_hash: str | None
    """BLAKE3 of those bytes, once it is known."""
    queued_at: str | None
    """The time in UTC; None for an import that a command began."""
    started_at: str
    finished_at: str | None
    seconds: float
    wanted: str | None
    """`cancel` or `undo`, as long as the worker has not done so."""
    error: Failure | None
    damage: str | None
    """What the ledger has lost of it; such an import is not resumed."""
    url: str
    """The URL of this import, at this service."""


class ImportDetail(Import):
    """One import, with all that is known of it."""

    request: dict[str, Any] | None
    """The request; None for an import that a command began."""
    plan: dict[str, Any] | None
    """How it is loaded: dialect, columns, types."""
    rejects_by_code: dict[str, int]
    skipped_by_code: dict[str, int]
    """Skipped records by code, without blank lines, comments and the like."""


class Undone(_Shown):
    """What undoing an import has done, or would do."""

    import_id: int
    table: str
    loaded: int
    """Rows that it had loaded."""
    removed: int
    """Rows that were taken out of the table, or would be."""
    dry_run: bool


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
    records: Records
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
        "id": entry.import_id,
        "state": status.state,
        "outcome": status.outcome,
        "same_as": entry.same_as if entry.duplicate else None,
        "waits_for": entry.same_as if status.state == "queued" else None,
        "note": entry.note if status.state == "finished" else None,
        "input": entry.input,
        "table": entry.table,
        "bytes": Bytes(done=entry.read, total=status.total, percent=status.percent, why=status.why),
        "records": _records(entry.counts),
        "mode": entry.mode or "append",
        "changes": Changes(**asdict(entry.changes)),
        "records_per_second": status.records_per_second,
        "eta": None if left is None or pace is None else Eta(seconds=left, basis=pace.basis),
        "size": entry.size,
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
    counts = committed.counts
    return Chunk(
        start=committed.start,
        end=committed.end,
        line=committed.start_line,
        records=_records(counts),
        seconds=committed.seconds,
        committed_at=committed.committed_at,
    )


def _records(counts: Counts) -> Records:
    return Records(
        total=counts.records,
        loaded=counts.loaded,
        rejected=counts.rejected,
        skipped=counts.skipped,
    )
