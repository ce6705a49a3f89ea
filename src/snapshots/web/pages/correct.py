"""The grid in which a person corrects the rejects of an import, a page at a time."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import threading
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from msgspec import Struct, field

from snapshots.engine.plan.corrected import (
    Field,
    chunk_of_correction,
    chunk_of_record,
    plan_of_corrections,
    written,
)
from snapshots.engine.plan.plan import Plan
from snapshots.engine.queue import commands
from snapshots.engine.repair.corrections_file import LINE, RECORD
from snapshots.engine.repair.export import exportable
from snapshots.engine.repair.records import RejectedRecords
from snapshots.engine.repair.report import ReplayOptions
from snapshots.engine.repair.row_loading import RowConversion
from snapshots.errors import SnapshotsError, UsageError
from snapshots.formats.kernel_json import positions
from snapshots.ledger import repairs
from snapshots.model import Reject
from snapshots.web.api.corrections import input_of, replay_file, require_shown
from snapshots.web.api.imports import Id
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.pages import render
from snapshots.web.pages.error_pages import PageRoute
from snapshots.web.problems import status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.engine.repair.records import RejectedRecord

ROWS: Final = 25
"""Rejects on one page."""
MOST_BYTES: Final = 8192
"""Of a record in the grid. A form cannot be larger than a body of the service."""
_NAME: Final = re.compile(r"([fhr])([0-9]{1,18})(?:_([0-9]{1,5}))?")
_MOST_FIELDS: Final = 25_000
_NO_FORM_CARRIES: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffd]")
"""A browser would send something else for these."""
Code = Annotated[str | None, Query(max_length=60)]
After = Annotated[int | None, Query(ge=-1, le=1 << 62)]

routes = APIRouter(include_in_schema=False, route_class=PageRoute)


class GridCell(Struct, frozen=True):
    """A field of a rejected record."""

    name: str
    column: str
    text: str
    culprit: bool

    @property
    def lines(self) -> int:
        """How many lines its text has."""
        return self.text.count("\n") + 1


class GridRow(Struct, frozen=True):
    """A rejected record. It has either cells, or one text, or neither: a file can correct it."""

    line: int
    code: str
    column: str
    reason: str
    cells: tuple[GridCell, ...]
    record: str | None
    mark: str
    """By which the service sees that nobody has changed anything."""


class GridPlace(Struct, frozen=True):
    """Where a grid stands, and for whom."""

    import_id: int
    at: str
    """Its address. What it sends goes to addresses below it."""
    shared: bool = False
    """Whether it is for somebody who has a link alone."""


class GivenRow(Struct):
    """What a form says of one record."""

    fields: dict[int, str] = field(default_factory=dict)
    record: str | None = None
    mark: str = ""

    @property
    def changed(self) -> bool:
        """Whether it differs from what the page had."""
        texts = [self.fields[at] for at in sorted(self.fields)]
        return _mark(texts if self.record is None else [self.record]) != self.mark


@routes.get("/imports/{import_id}/correct")
def grid(here: Here, import_id: Id, code: Code = None, after: After = None) -> HTMLResponse:
    """Shows open rejects: those of one code, those past a byte."""
    return HTMLResponse(grid_page(here, place_of(import_id), code, after))


@routes.post("/imports/{import_id}/correct")
async def correct(
    here: Here,
    client: Client,
    import_id: Id,
    request: Request,
    code: Code = None,
    after: After = None,
) -> Response:
    """Loads the records that were changed, and shows what is left."""
    return await corrected_page(here, client, place_of(import_id), request, code, after)


@routes.post("/imports/{import_id}/correct/check")
async def check(here: Here, client: Client, import_id: Id, request: Request) -> Response:
    """Says of records in a form what would still be wrong with each, and loads nothing."""
    return await judged(here, client, import_id, request)


def place_of(import_id: int) -> GridPlace:
    """The grid of an import in the dashboard."""
    return GridPlace(import_id, f"/imports/{import_id}/correct")


async def corrected_page(
    here: ServiceContext,
    client: str,
    place: GridPlace,
    request: Request,
    code: str | None,
    after: int | None,
) -> Response:
    """Loads the records of a form that were changed, and returns the page with what is left."""
    body = await request.body()

    def work() -> Response:
        try:
            message = _corrected(here, client, place.import_id, _given(body))
        except SnapshotsError as error:
            page = grid_page(here, place, code, after, problem=error)
            return HTMLResponse(page, status_of(error))
        return HTMLResponse(grid_page(here, place, code, after, message=message))

    with here.uploading.turn(client):
        return await to_thread.run_sync(work)


async def judged(here: ServiceContext, client: str, import_id: int, request: Request) -> Response:
    """Answers what the kernel says of the records in a form."""
    body = await request.body()
    with here.previewing.turn(client):
        return JSONResponse(await to_thread.run_sync(_wrong, here, import_id, _given(body)))


def _given(body: bytes) -> dict[int, GivenRow]:
    """The records in a form, by their lines. Raises UsageError."""
    rows: defaultdict[int, GivenRow] = defaultdict(GivenRow)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise UsageError("the form cannot be read", hint="reload the page and try again") from None
    for name, sent in pairs:
        found = _NAME.fullmatch(name)
        if found is None:
            continue
        row, text = rows[int(found[2])], sent.replace("\r\n", "\n")
        if found[1] == "h":
            row.mark = text
        elif found[1] == "r":
            row.record = text
        elif found[3]:
            row.fields[int(found[3])] = text
    return dict(rows)


def _mark(texts: list[str]) -> str:
    joined = "\0".join(text.replace("\r\n", "\n") for text in texts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:16]


def _corrected(
    here: ServiceContext, client: str, import_id: int, given: Mapping[int, GivenRow]
) -> str:
    """Loads what was changed. Returns a sentence about it. Raises SnapshotsError."""
    with here.pool.ledger() as ledger:
        plan = exportable(commands.find(ledger, import_id))
    width = len(plan.header)
    changed = {line: row for line, row in sorted(given.items()) if row.changed}
    if not changed:
        raise UsageError("no record was changed", hint="correct a value, then load")
    loaded = refused = open_ = 0
    with_fields = {line: row for line, row in changed.items() if row.record is None}
    for rows in (with_fields, {n: row for n, row in changed.items() if n not in with_fields}):
        if not rows:
            continue
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if rows is with_fields:
            writer.writerow([LINE, *plan.header])
            for line, row in rows.items():
                writer.writerow([line, *(row.fields.get(at, "") for at in range(width))])
        else:
            writer.writerow([LINE, RECORD])
            writer.writerows([line, row.record] for line, row in rows.items())
        file = io.BytesIO(text.getvalue().encode("utf-8", "replace"))
        options = ReplayOptions(file, "the corrections", by=client)
        report = replay_file(here, import_id, options)
        loaded, refused = loaded + report.loaded, refused + report.refused
        open_ = report.open
    return outcome_sentence(loaded, refused, open_)


def outcome_sentence(loaded: int, refused: int, open_: int) -> str:
    """What has become of corrections, as a sentence."""
    records = "record is" if loaded == 1 else "records are"
    still = f" {refused:,} would still be rejected: see the reasons." if refused else ""
    return f"{loaded:,} {records} loaded.{still} {open_:,} open rejects are left."


def _wrong(
    here: ServiceContext, import_id: int, given: Mapping[int, GivenRow]
) -> dict[str, dict[str, str | int | None]]:
    """What the kernel says of each record; nothing for a record that would be loaded."""
    found: dict[str, dict[str, str | int | None]] = {}
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        require_shown(here, ledger, entry)
        plan = exportable(entry)
        stop = threading.Event()
        corrected = RowConversion(ledger.target, plan_of_corrections(plan), import_id, stop)
        as_it_is = RowConversion(ledger.target, plan, import_id, stop)
        places = _places(plan)
        for line, row in list(given.items())[:ROWS]:
            with ledger.session.transaction():
                if row.record is None:
                    texts = [row.fields.get(at, "") for at in range(len(plan.header))]
                    chunk = chunk_of_correction(written([Field(text) for text in texts]), line)
                    made = corrected.row(ledger.session, chunk)
                else:
                    record = row.record.encode("utf-8", "replace")
                    chunk = chunk_of_record(record, line, plan.dialect)
                    made = as_it_is.row(ledger.session, chunk)
            if made is None:
                found[str(line)] = {"reason": "This is not one record.", "place": None}
            elif isinstance(made, Reject):
                place = places.get(made.column or "")
                found[str(line)] = {"reason": made.reason, "place": place}
    return found


def _places(plan: Plan) -> dict[str, int]:
    """For each column of the table the field of the record that it comes from."""
    at = positions(plan.contract, plan.header)
    return {column.name: place for column, place in zip(plan.contract.columns, at, strict=True)}


def grid_page(
    here: ServiceContext,
    place: GridPlace,
    code: str | None,
    after: int | None,
    *,
    message: str = "",
    problem: SnapshotsError | None = None,
) -> str:
    """The page with open rejects: those of one code, those past a byte. Raises SnapshotsError."""
    import_id, past = place.import_id, -1 if after is None else after
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        require_shown(here, ledger, entry)
        plan = exportable(entry)
        found = repairs.after(ledger, import_id, past, () if code is None else (code,), ROWS + 1)
    places = _places(plan)
    records = RejectedRecords(entry, plan, input_of(here, entry))
    try:
        rows = [_row(records.of(kept), plan, places) for kept in found[:ROWS]]
    finally:
        records.close()
    more = len(found) > ROWS
    at = place.at
    make = render.shared_page if place.shared else partial(render.page, here)
    return make(
        "correct.html",
        place=place,
        entry=entry,
        rows=rows,
        header=plan.header,
        code=code,
        message=message,
        problem=problem,
        here_again=at + render.query(code=code, after=after),
        everywhere=f"{at}/replace" + render.query(code=code),
        first=None if after is None else at + render.query(code=code),
        next=at + render.query(code=code, after=found[ROWS - 1].reject.byte_offset)
        if more
        else None,
    )


def _row(record: RejectedRecord, plan: Plan, places: Mapping[str, int]) -> GridRow:
    reject = record.kept.reject
    culprit = places.get(reject.column or "")
    texts = None if record.fields is None else [one.text for one in record.fields]
    text = record.text
    carried = not record.cut and len(record.record) <= MOST_BYTES
    if any(_NO_FORM_CARRIES.search(text) for text in (texts or [text])):
        carried = False
    cells: tuple[GridCell, ...] = ()
    if carried and texts is not None:
        cells = tuple(
            GridCell(f"f{reject.line}_{at}", name, text, at == culprit)
            for at, (name, text) in enumerate(zip(plan.header, texts, strict=True))
        )
    return GridRow(
        reject.line,
        reject.code,
        reject.column or "",
        reject.reason,
        cells,
        text if carried and texts is None else None,
        _mark(texts if texts is not None else [text]),
    )
