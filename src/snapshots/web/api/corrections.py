"""Files of rejects to correct, and what becomes of the corrections."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import IO, Annotated, Any, Final, cast

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from snapshots.engine.plan.plan import Plan
from snapshots.engine.queue import commands
from snapshots.engine.repair import allowed
from snapshots.engine.repair.dismiss import MOST_CHARACTERS, DismissReport, dismiss_in
from snapshots.engine.repair.export import ExportForm, ExportReport, exportable, pieces
from snapshots.engine.repair.mended import MendedReading
from snapshots.engine.repair.records import RejectedRecords
from snapshots.engine.repair.replay import replay_import
from snapshots.engine.repair.report import ReplayOptions, ReplayReport
from snapshots.engine.verify.located import VerifyOptions
from snapshots.errors import ForbiddenTable, Forbids, UsageError
from snapshots.formats.options import DialectOptions, by_name
from snapshots.ledger import repairs
from snapshots.ledger.entry import Entry
from snapshots.ledger.history import History
from snapshots.ledger.repairs import KeptReject
from snapshots.web import schemas
from snapshots.web.api.imports import Id
from snapshots.web.api.json_bodies import JsonRoute
from snapshots.web.api.rejects_download import CSV, JSON_LINES
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.problems import answers
from snapshots.web.uploads.multipart import MultipartFile
from snapshots.web.verifying import input_options

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS: Final[dict[ExportForm, str]] = {"csv": CSV, "jsonl": JSON_LINES, "xlsx": XLSX}
_PAGE: Final = 200
"""Rejects that are read at a time; each has up to 64 KiB of its record."""
_IN_MEMORY: Final = 1 << 20
_Code = Annotated[str, Field(max_length=60)]

routes = APIRouter(
    prefix="/v1/imports", tags=["imports"], responses=answers(503), route_class=JsonRoute
)


class Replayed(BaseModel):
    """What replaying rejects has come to."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    import_id: int
    table: str
    loaded: int
    """Rejects that are rows now."""
    refused: int
    """Corrections that are still wrong: they stay rejects, with their new reason."""
    unchanged: int
    """Records that nobody has edited, or whose reason is still the same."""
    already: int
    """Corrections that were loaded before."""
    open: int
    """Rejects that are left, without dismissed ones."""
    dismissed: int
    open_by_code: dict[str, int]
    examples: list[str]
    """Sentences about the first records that were refused."""


class Dismiss(BaseModel):
    """Which rejects are to stay as they are, and why."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    because: str = Field(min_length=1, max_length=MOST_CHARACTERS)
    """The reason, which the ledger keeps."""
    line: int | None = Field(None, ge=1, le=1 << 62)
    """The reject in this line of the input."""
    codes: list[_Code] = Field(default_factory=list, max_length=100)
    """The rejects with these codes. Without a line or codes: all open rejects."""


class Dismissed(BaseModel):
    """What was dismissed."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    import_id: int
    dismissed: int
    """Rejects that this request has dismissed."""
    open: int
    because: str


@routes.post(
    "/{import_id}/replay",
    response_model=Replayed,
    responses=answers(400, 403, 404, 408, 409, 413, 422, 429),
    openapi_extra={
        "requestBody": {
            "content": {
                CSV: {"schema": {"type": "string"}},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": {"type": "string", "format": "binary"}},
                        "required": ["file"],
                    }
                },
            }
        }
    },
    summary="Load rejects that were corrected",
)
async def replay(
    here: Here,
    client: Client,
    import_id: Id,
    request: Request,
    code: Annotated[list[_Code] | None, Query(max_length=100)] = None,
    null_value: Annotated[list[str] | None, Query(max_length=100)] = None,
    delimiter: Annotated[str | None, Query(max_length=8)] = None,
    encoding: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """Loads the corrections in the body, a file of `format=fix.csv` that was edited. Without a body
    it tries the rejects again as they are, read with the options given."""
    dialect = DialectOptions(
        delimiter=None if delimiter is None else by_name(delimiter), encoding=encoding
    )
    reading = MendedReading(None, tuple(null_value or ()), dialect)
    report = await replayed(here, client, import_id, request, tuple(code or ()), reading)
    fields = report.to_object()
    return schemas.answer(Replayed(**{name: fields[name] for name in Replayed.model_fields}))


async def replayed(
    here: ServiceContext,
    client: str,
    import_id: int,
    request: Request,
    codes: tuple[str, ...] = (),
    reading: MendedReading | None = None,
    *,
    with_body: bool = True,
) -> ReplayReport:
    """Replays the corrections in a request's body. Raises SnapshotsError."""
    with here.uploading.turn(client), tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        size, name = 0, ""
        if with_body:
            size, name = await _take(request, cast("IO[bytes]", file))
        return await to_thread.run_sync(
            replay_file,
            here,
            import_id,
            ReplayOptions(
                cast("Any", file) if size else None,
                name,
                codes,
                reading or MendedReading(),
                None,
                client,
            ),
        )


async def _take(request: Request, file: IO[bytes]) -> tuple[int, str]:
    """Keeps the body, or the file of a form; returns its size and its name."""
    kind = request.headers.get("content-type", "")
    form = MultipartFile(kind) if kind.startswith("multipart/") else None
    size = 0
    body: AsyncIterator[bytes] = request.stream()
    try:
        async for piece in body:
            data = form.feed(piece) if form else piece
            if data:
                await to_thread.run_sync(file.write, data)
            size += len(data)
    except ClientDisconnect:
        # Nobody reads this answer.
        raise HTTPException(400) from None
    if form:
        form.finish()
        if not size:
            raise UsageError("the file is empty")
    return size, (form.name if form else None) or "the corrections"


def replay_file(here: ServiceContext, import_id: int, options: ReplayOptions) -> ReplayReport:
    """Replays corrections on this thread. Raises SnapshotsError."""
    with here.pool.ledger(write=True) as ledger:
        entry = commands.find(ledger, import_id)
        plan = allowed.require_replayable(ledger, entry)
        here.settings.tables.require_takes(ledger, plan.table)
        require_shown(here, ledger, entry)
        options = replace(options, input=input_of(here, entry))
    return replay_import(
        import_id, here.settings.target, options, lambda _: None, here.verifying.stop
    )


@routes.post(
    "/{import_id}/dismiss",
    response_model=Dismissed,
    responses=answers(400, 403, 404, 409, 422),
    summary="Say of rejects that they are to stay as they are",
)
def dismiss(here: Here, import_id: Id, wanted: Dismiss) -> Response:
    """Dismisses open rejects. They stay in `rejected`, and are not open any more."""
    fields = dismissed(here, import_id, wanted).to_object()
    return schemas.answer(Dismissed(**{name: fields[name] for name in Dismissed.model_fields}))


def dismissed(here: ServiceContext, import_id: int, wanted: Dismiss) -> DismissReport:
    """Dismisses them. Raises SnapshotsError."""
    if wanted.line is not None and wanted.codes:
        raise UsageError("line and codes exclude each other")
    with here.pool.ledger(write=True) as ledger:
        require_shown(here, ledger, commands.find(ledger, import_id))
        return dismiss_in(
            ledger,
            import_id,
            because=wanted.because,
            line=wanted.line,
            codes=tuple(wanted.codes),
        )


def require_shown(here: ServiceContext, ledger: History, entry: Entry) -> None:
    """Raises ForbiddenTable where clients may not see the records of an import."""
    if here.settings.tables.shows_rejects(ledger, entry):
        return
    if entry.kind == "import":
        raise ForbiddenTable(
            f"the table of these records, {entry.table}, is not open to clients of the service",
            hint="a command imported them: see them with snapshots rejects",
        )
    raise ForbiddenTable(
        f"the records of delivery {entry.import_id} are not open to clients of the service",
        hint="a command sent them: see them with snapshots rejects and snapshots answers, or open"
        " all tables with snapshots serve --tables '*'",
    )


def to_correct(
    here: ServiceContext, entry: Entry, form: ExportForm, codes: tuple[str, ...]
) -> Iterator[bytes]:
    """Returns the pieces of a file of rejects to correct. Raises Forbids."""
    return _pieces(here, entry, exportable(entry), form, codes)


def _pieces(
    here: ServiceContext, entry: Entry, plan: Plan, form: ExportForm, codes: tuple[str, ...]
) -> Iterator[bytes]:
    with closing(RejectedRecords(entry, plan, input_of(here, entry))) as records:
        rejects = open_rejects(here, entry.import_id, codes)
        yield from pieces(rejects, records, plan, form, ExportReport())


def open_rejects(
    here: ServiceContext, import_id: int, codes: tuple[str, ...]
) -> Iterator[KeptReject]:
    """Reads the open rejects of an import: no session is held while a client reads slowly."""
    offset = -1
    while True:
        with here.pool.ledger() as ledger:
            page = repairs.after(ledger, import_id, offset, codes, _PAGE)
        if not page:
            return
        yield from page
        offset = page[-1].reject.byte_offset


def input_of(here: ServiceContext, entry: Entry) -> VerifyOptions | None:
    """Where the service may read the input again; None: it may not."""
    try:
        return input_options(here.settings, entry)
    except Forbids:
        return None
