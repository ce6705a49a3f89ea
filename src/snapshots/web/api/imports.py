"""Endpoints that ask for imports and tell what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BeforeValidator

from snapshots.engine.history.progress import status
from snapshots.engine.queue import commands
from snapshots.ledger.entry import Entry
from snapshots.ledger.history import ImportFilter
from snapshots.ledger.queue import Wish
from snapshots.model import State
from snapshots.sources.remote.policy import PublicOnly
from snapshots.web import schemas
from snapshots.web.api.json_bodies import JsonRoute
from snapshots.web.api.request_bodies import Cancel, NewImport, Resume
from snapshots.web.context import Here, ServiceContext
from snapshots.web.problems import answers, in_words
from snapshots.web.uploads.store import require_free_space

Id = Annotated[int, Path(ge=1, le=(1 << 53), description="The number of an import.")]


def _utc(text: str) -> datetime:
    """Returns a time in UTC. Raises ValueError, also at the ends of the calendar, where UTC has no
    such day."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("it is not a time in ISO 8601, such as 2026-03-01") from None


Moment = Annotated[datetime, BeforeValidator(_utc)]
"""A time in ISO 8601; in UTC if it names no zone."""
Limit = Annotated[int, Query(ge=1, le=200)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=in_words(r"^[\x21-\x7e]{1,200}$", "1 to 200 ASCII characters without blanks"),
        description="The same request with the same key is one import, however often it is made.",
    ),
]
OVER: Final = {"finished", "cancelled", "failed", "undone"}

routes = APIRouter(
    prefix="/v1/imports", tags=["imports"], responses=answers(503), route_class=JsonRoute
)


def _shown(here: ServiceContext, import_id: int) -> schemas.ImportDetail:
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        by_code = ledger.reject_counts(import_id) if entry.counts.rejected else {}
        skipped = ledger.skip_counts(import_id) if entry.counts.skipped else {}
        return schemas.detail(status(ledger, entry), by_code, skipped)


def asked_for(here: ServiceContext, wanted: NewImport, key: str | None = None) -> Entry:
    """The import that is queued for a request. Raises SnapshotsError."""
    request = wanted.request()
    if request.url is not None:
        PublicOnly(here.settings.allowed).check_url(request.url)
    request.require_contract()
    for folder in here.settings.written_to():
        require_free_space(folder, here.settings.disk_floor)
    with here.pool.ledger(write=True) as ledger:
        bound, tables = here.settings.queue_bound, here.settings.tables
        return commands.submit(ledger, request, key, bound, tables).entry


@routes.post(
    "",
    status_code=202,
    response_model=schemas.ImportDetail,
    responses=answers(400, 403, 409, 422, 429, 507),
    summary="Start an import",
)
def submit(here: Here, wanted: NewImport, key: Key = None) -> Response:
    """Queues an import and answers at once; a worker loads it. `Location` is the URL of its
    progress."""
    import_id = asked_for(here, wanted, key).import_id
    return schemas.answer(_shown(here, import_id), 202, {"Location": schemas.path_of(import_id)})


@routes.get(
    "", response_model=schemas.Page, responses=answers(422), summary="List imports, newest first"
)
def page(
    here: Here,
    state: Annotated[list[State], Query()] = [],  # noqa: B006 - FastAPI copies it
    table: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[
        Moment | None, Query(description="Only imports requested at this time or later.")
    ] = None,
    until: Annotated[
        Moment | None, Query(description="Only imports requested before this time.")
    ] = None,
    before: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
    limit: Limit = 50,
) -> Response:
    """Lists imports, newest first; `next` leads to older ones."""
    search = ImportFilter(tuple(state), table, _time(since), _time(until))
    with here.pool.ledger() as ledger:
        found = ledger.page(search, before, limit)
        imports = [schemas.shown(status(ledger, entry)) for entry in found]
    more = None
    if len(found) == limit:
        query = {
            "state": state,
            "table": table,
            "since": search.since,
            "until": search.until,
            "before": found[-1].import_id,
            "limit": limit,
        }
        given = {name: value for name, value in query.items() if value}
        more = f"/v1/imports?{urlencode(given, doseq=True)}"
    return schemas.answer(schemas.Page(imports=imports, next=more))


@routes.get(
    "/{import_id}",
    response_model=schemas.ImportDetail,
    responses=answers(404, 422),
    summary="Get an import and its progress",
)
def one(here: Here, import_id: Id) -> Response:
    """Describes one import, from its committed chunks."""
    return schemas.answer(_shown(here, import_id))


def _stop(here: ServiceContext, import_id: int, rows: Literal["keep", "undo"]) -> Response:
    with here.pool.ledger(write=True) as ledger:
        wish: Wish = "cancel" if rows == "keep" else "undo"
        entry = commands.cancel(ledger, import_id, wish, here.settings.tables)
    return schemas.answer(_shown(here, import_id), 200 if entry.state in OVER else 202)


@routes.post(
    "/{import_id}/cancel",
    status_code=202,
    response_model=schemas.ImportDetail,
    responses={200: {"model": schemas.ImportDetail}, **answers(400, 403, 404, 409, 422)},
    summary="Cancel an import",
)
def cancel(here: Here, import_id: Id, wanted: Cancel | None = None) -> Response:
    """Cancels an import. 202: it will stop within two seconds. 200: it has ended."""
    return _stop(here, import_id, (wanted or Cancel()).rows)


@routes.delete(
    "/{import_id}",
    status_code=202,
    response_model=schemas.ImportDetail,
    responses={200: {"model": schemas.ImportDetail}, **answers(403, 404, 409, 422)},
    summary="Cancel an import",
)
def delete(here: Here, import_id: Id, rows: Literal["keep", "undo"] = "keep") -> Response:
    """Cancels an import, like POST cancel. The history keeps the import."""
    return _stop(here, import_id, rows)


@routes.post(
    "/{import_id}/resume",
    status_code=202,
    response_model=schemas.ImportDetail,
    responses=answers(400, 403, 404, 409, 422, 429),
    summary="Resume a stopped import",
)
def resume(here: Here, import_id: Id, wanted: Resume | None = None) -> Response:
    """Queues an import again. It continues after the committed chunks and loads no row twice."""
    with here.pool.ledger(write=True) as ledger:
        new = wanted or Resume()
        commands.resume(
            ledger,
            import_id,
            new.max_rejects,
            here.settings.queue_bound,
            here.settings.tables,
            allow_empty=new.allow_empty,
            max_deletes=new.max_deletes,
            allow_cascade=new.allow_cascade,
            publish=new.publish,
        )
    return schemas.answer(_shown(here, import_id), 202)


def _time(moment: datetime | None) -> str | None:
    """Returns a time as the ledger writes it."""
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
