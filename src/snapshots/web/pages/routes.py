"""The addresses of the dashboard. The answer to a form is a redirect."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from snapshots.engine.queue import commands
from snapshots.errors import SnapshotsError, UsageError
from snapshots.ledger.queue import Wish
from snapshots.model import State
from snapshots.web.api.corrections import Dismiss, dismissed, replayed
from snapshots.web.api.events import EventStream
from snapshots.web.api.imports import Id, asked_for
from snapshots.web.api.verify import Verify, begin
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.pages import correct as correct_pages
from snapshots.web.pages import diff, links, new_import, render, replace_text, shared, tables
from snapshots.web.pages.error_pages import PageRoute
from snapshots.web.pages.import_form import ImportForm
from snapshots.web.pages.live import parts
from snapshots.web.pages.render import ListQuery
from snapshots.web.pages.resume_form import ResumeForm
from snapshots.web.problems import status_of

Before = Annotated[int | None, Query(ge=1, le=1 << 53)]
Code = Annotated[str | None, Query(max_length=60)]
After = Annotated[int | None, Query(ge=-1, le=1 << 62)]


async def _wanted(
    state: State | None = None,
    name: Annotated[str | None, Query(max_length=200)] = None,
    before: Before = None,
) -> ListQuery:
    return ListQuery(state, (name or "").strip() or None, before)


Wanted = Annotated[ListQuery, Depends(_wanted)]

routes = APIRouter(include_in_schema=False, route_class=PageRoute)
routes.include_router(diff.routes)
routes.include_router(tables.routes)
routes.include_router(new_import.routes)
routes.include_router(correct_pages.routes)
routes.include_router(links.routes)
routes.include_router(shared.routes)


@routes.get("/")
def imports(here: Here, wanted: Wanted) -> HTMLResponse:
    """The list of imports, and the form for a new one."""
    return HTMLResponse(render.imports(here, wanted))


@routes.get("/imports")
async def list_of_imports() -> Response:
    """Whoever shortens the address of an import comes to the list."""
    return RedirectResponse("/")


@routes.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI, over the OpenAPI document."""
    return HTMLResponse(render.docs())


@routes.get("/live")
async def imports_live(here: Here, wanted: Wanted) -> EventStream:
    """The list, as it changes."""
    here.hub.admit()
    return EventStream(parts(here.hub, partial(render.imports_part, here, wanted)))


@routes.post("/imports")
def submit(here: Here, given: Annotated[ImportForm, Form()]) -> Response:
    """Asks for an import; errors are shown above the form."""
    try:
        import_id = asked_for(here, given.wanted()).import_id
    except SnapshotsError as error:
        return HTMLResponse(render.imports(here, ListQuery(), given, error), status_of(error))
    return _to(import_id)


@routes.get("/imports/{import_id}")
def one(here: Here, import_id: Id, code: Code = None, after: After = None) -> HTMLResponse:
    """Shows an import, its plots and its rejects: those of one code, those past a byte."""
    return HTMLResponse(render.one(here, import_id, code, after))


@routes.get("/imports/{import_id}/live")
async def one_live(
    here: Here, import_id: Id, code: Code = None, after: After = None
) -> EventStream:
    """Sends that page's changing part whenever it changes."""
    here.hub.admit()
    make = partial(render.one_part, here, import_id, code, after)
    return EventStream(parts(here.hub, make, import_id))


@routes.post("/imports/{import_id}/cancel")
def cancel(here: Here, import_id: Id) -> Response:
    """Stops an import; its rows stay."""
    return _ask(here, import_id, "cancel")


@routes.post("/imports/{import_id}/undo")
def undo(here: Here, import_id: Id) -> Response:
    """Stops an import and removes its rows."""
    return _ask(here, import_id, "undo")


@routes.post("/imports/{import_id}/resume")
def resume(
    here: Here, import_id: Id, given: Annotated[ResumeForm | None, Form()] = None
) -> Response:
    """Queues it again, with other limits if some are given."""
    new = (given or ResumeForm()).wanted()
    with here.pool.ledger(write=True) as ledger:
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
    return _to(import_id)


@routes.post("/imports/{import_id}/verify")
def verify(here: Here, client: Client, import_id: Id) -> Response:
    """Compares its table with its input."""
    begin(here, client, import_id, Verify())
    return _to(import_id)


@routes.post("/imports/{import_id}/replay")
async def replay(here: Here, client: Client, import_id: Id, request: Request) -> Response:
    """Loads the corrections of a form's file, or tries its rejects again without one."""
    form = request.headers.get("content-type", "").startswith("multipart/")
    await replayed(here, client, import_id, request, with_body=form)
    return _to(import_id)


@routes.post("/imports/{import_id}/correct/replace")
async def replace(
    here: Here, client: Client, import_id: Id, wanted: replace_text.Wanted, code: Code = None
) -> Response:
    """Replaces a text in one column of all its open rejects, and loads what fits then."""
    place = correct_pages.place_of(import_id)
    return await replace_text.replaced_page(here, client, place, wanted, code)


@routes.post("/imports/{import_id}/dismiss")
def dismiss(
    here: Here,
    import_id: Id,
    because: Annotated[str, Form(max_length=2000)] = "",
    code: Annotated[str | None, Form(max_length=60)] = None,
) -> Response:
    """Says of its open rejects, or of those with a code, that they are to stay as they are."""
    if not because.strip():
        raise UsageError("a reason is needed", hint="say why the rejects stay as they are")
    dismissed(here, import_id, Dismiss(because=because, line=None, codes=[code] if code else []))
    return _to(import_id)


def _ask(here: ServiceContext, import_id: int, wish: Wish) -> Response:
    with here.pool.ledger(write=True) as ledger:
        commands.cancel(ledger, import_id, wish, here.settings.tables)
    return _to(import_id)


def _to(import_id: int) -> Response:
    return RedirectResponse(f"/imports/{import_id}", 303)
