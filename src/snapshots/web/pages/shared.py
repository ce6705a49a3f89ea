"""The pages of a link: somebody who has no token corrects the rejects of one import.

The import is that of the link. No address below it names another one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from msgspec import Struct

from snapshots.engine.queue import commands
from snapshots.engine.repair import links
from snapshots.web.api.corrections import FORMS, replayed, require_shown, to_correct
from snapshots.web.context import Here
from snapshots.web.gate.guard import SHARED
from snapshots.web.pages.correct import (
    After,
    Code,
    GridPlace,
    corrected_page,
    grid_page,
    judged,
)
from snapshots.web.pages.error_pages import PageRoute
from snapshots.web.pages.replace_text import Wanted, replaced_page

routes = APIRouter(prefix=SHARED.rstrip("/"), include_in_schema=False, route_class=PageRoute)


class LinkHolder(Struct, frozen=True):
    """Somebody who has a link."""

    place: GridPlace
    name: str
    """As clients have names: it counts what they do at once, and stands with their corrections."""


def _holder(here: Here, token: Annotated[str, Path(max_length=200)]) -> LinkHolder:
    """Finds the link. Raises HTTPException, with the same words for any that does not work."""
    with here.pool.ledger() as ledger:
        link = links.known(ledger, token)
    if link is None:
        raise HTTPException(403, "This link does not work: it has expired, or was revoked.")
    place = GridPlace(link.import_id, f"{SHARED}{token}", shared=True)
    return LinkHolder(place, f"link {link.number} to import {link.import_id}")


Holder = Annotated[LinkHolder, Depends(_holder)]


@routes.get("/{token}")
def grid(here: Here, holder: Holder, code: Code = None, after: After = None) -> HTMLResponse:
    """Shows open rejects: those of one code, those past a byte."""
    return HTMLResponse(grid_page(here, holder.place, code, after))


@routes.post("/{token}")
async def correct(
    here: Here, holder: Holder, request: Request, code: Code = None, after: After = None
) -> Response:
    """Loads the records that were changed, and shows what is left."""
    return await corrected_page(here, holder.name, holder.place, request, code, after)


@routes.post("/{token}/replace")
async def replace(here: Here, holder: Holder, wanted: Wanted, code: Code = None) -> Response:
    """Replaces a text in one column of all open rejects."""
    return await replaced_page(here, holder.name, holder.place, wanted, code)


@routes.post("/{token}/check")
async def check(here: Here, holder: Holder, request: Request) -> Response:
    """Says of records in a form what would still be wrong with each, and loads nothing."""
    return await judged(here, holder.name, holder.place.import_id, request)


@routes.get("/{token}/fix.{form}")
def file(here: Here, holder: Holder, form: Literal["csv", "xlsx"]) -> StreamingResponse:
    """Sends all open rejects as a file to correct."""
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, holder.place.import_id)
        require_shown(here, ledger, entry)
    return StreamingResponse(
        to_correct(here, entry, form, ()),
        media_type=FORMS[form],
        headers={"Content-Disposition": f'attachment; filename="rejects.{form}"'},
    )


@routes.post("/{token}/replay")
async def replay(here: Here, holder: Holder, request: Request) -> Response:
    """Loads the corrections of a form's file."""
    await replayed(here, holder.name, holder.place.import_id, request)
    return RedirectResponse(holder.place.at, 303)
