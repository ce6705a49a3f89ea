"""Endpoints for the parts of an import: its chunks and its rejects."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from snapshots.engine.queue import commands
from snapshots.engine.repair.export import form_of
from snapshots.errors import UsageError
from snapshots.web import schemas
from snapshots.web.api.corrections import FORMS, XLSX, require_shown, to_correct
from snapshots.web.api.imports import Id
from snapshots.web.api.rejects_download import CSV, JSON_LINES, lines
from snapshots.web.context import Here
from snapshots.web.problems import answers

routes = APIRouter(prefix="/v1/imports", tags=["imports"], responses=answers(503))


@routes.get(
    "/{import_id}/chunks",
    response_model=schemas.Chunks,
    responses=answers(404, 422),
    summary="List the committed chunks",
)
def chunks(
    here: Here,
    import_id: Id,
    start: Annotated[int, Query(ge=0, le=1 << 62)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Response:
    """Lists the committed chunks in the order of the input, from the byte `start` on."""
    with here.pool.ledger() as ledger:
        commands.find(ledger, import_id)
        found = ledger.chunks_from(import_id, start, limit)
    more = None
    if len(found) == limit:
        query = urlencode({"start": found[-1].start + 1, "limit": limit})
        more = f"{schemas.path_of(import_id)}/chunks?{query}"
    return schemas.answer(schemas.Chunks(chunks=[schemas.chunk(one) for one in found], next=more))


@routes.get(
    "/{import_id}/rejects",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                **{kind: {"schema": {"type": "string"}} for kind in (JSON_LINES, CSV)},
                XLSX: {"schema": {"type": "string", "format": "binary"}},
            }
        },
        **answers(403, 404, 409, 422),
    },
    summary="List the rejected records and the reasons",
)
def rejects(
    here: Here,
    import_id: Id,
    form: Annotated[
        Literal["jsonl", "csv", "fix.csv", "fix.xlsx", "fix.jsonl"],
        Query(
            alias="format",
            description="fix.csv, fix.xlsx, fix.jsonl: a file of the open rejects to correct and"
            " replay.",
        ),
    ] = "jsonl",
    escape_formulas: Annotated[
        bool,
        Query(
            description="For CSV: put an apostrophe before texts that a spreadsheet would read"
            " as formulas."
        ),
    ] = False,
    code: Annotated[str | None, Query(max_length=60)] = None,
    after: Annotated[int, Query(ge=-1, le=1 << 62, description="A byte offset from `next`.")] = -1,
    limit: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
) -> StreamingResponse:
    """Sends the rejects in the order of the input, as a stream."""
    if escape_formulas and form != "csv":
        raise UsageError("only CSV escapes formulas", hint="add format=csv")
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        require_shown(here, ledger, entry)
    name = f"import-{import_id}-rejects.{form}"
    if form.startswith("fix."):
        if after != -1 or limit is not None:
            raise UsageError(f"{form} has all open rejects: it takes neither after nor limit")
        codes = () if code is None else (code,)
        return StreamingResponse(
            to_correct(here, entry, form_of(form), codes),
            media_type=FORMS[form_of(form)],
            headers={"Content-Disposition": f'attachment; filename="import-{import_id}-{form}"'},
        )
    return StreamingResponse(
        lines(
            here.pool,
            import_id,
            form,
            escape_formulas=escape_formulas,
            code=code,
            after=after,
            limit=limit,
        ),
        media_type=JSON_LINES if form == "jsonl" else CSV,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
