"""The page of an import where links to its rejects are made and revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from snapshots.engine.queue import commands
from snapshots.engine.repair import links as sharing
from snapshots.errors import SnapshotsError
from snapshots.ledger import links
from snapshots.web.api.corrections import require_shown
from snapshots.web.api.imports import Id
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.pages import render
from snapshots.web.pages.error_pages import PageRoute
from snapshots.web.problems import status_of

DAYS: Final = (1, 7, 30, 90)
"""For how long a link may be made in the page."""
Number = Annotated[int, Path(ge=1, le=1 << 31)]

routes = APIRouter(include_in_schema=False, route_class=PageRoute)


@routes.get("/imports/{import_id}/links")
def made(here: Here, import_id: Id) -> HTMLResponse:
    """Lists the links to the rejects of an import, without their secrets."""
    return HTMLResponse(_page(here, import_id))


@routes.post("/imports/{import_id}/links")
def make(
    here: Here,
    client: Client,
    import_id: Id,
    request: Request,
    days: Annotated[int, Form(ge=1, le=DAYS[-1])] = sharing.DEFAULT.days,
) -> Response:
    """Makes a link, and shows it this once."""
    try:
        with here.pool.ledger(write=True) as ledger:
            require_shown(here, ledger, commands.find(ledger, import_id))
            new = sharing.share(ledger, import_id, timedelta(days=days), client)
    except SnapshotsError as error:
        return HTMLResponse(_page(here, import_id, problem=error), status_of(error))
    # Behind a proxy with TLS, only the browser knows how people reach the service.
    origin = request.headers.get("origin", "null")
    base = str(request.base_url).rstrip("/") if origin == "null" else origin
    return HTMLResponse(_page(here, import_id, new=f"{base}{new.path}"))


@routes.post("/imports/{import_id}/links/{number}/revoke")
def revoke(here: Here, import_id: Id, number: Number) -> Response:
    """Revokes a link: from now on it does not work."""
    with here.pool.ledger(write=True) as ledger:
        sharing.revoke(ledger, import_id, number)
    return RedirectResponse(f"/imports/{import_id}/links", 303)


def _page(
    here: ServiceContext, import_id: int, new: str = "", problem: SnapshotsError | None = None
) -> str:
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        found = links.of_import(ledger, import_id)
    return render.page(
        here,
        "links.html",
        entry=entry,
        links=found,
        new=new,
        days=DAYS,
        default=sharing.DEFAULT.days,
        problem=problem,
    )
