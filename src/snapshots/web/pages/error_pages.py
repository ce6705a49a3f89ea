"""Errors as pages, for browsers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException as AnyHTTPException

from snapshots.errors import SnapshotsError, UsageError
from snapshots.web.gate.guard import SHARED
from snapshots.web.pages import render
from snapshots.web.problems import status_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from snapshots.web.context import ServiceContext


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See FastAPI."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except SnapshotsError as error:
                return _page(request, error, status_of(error))
            except HTTPException as error:
                return _page(request, UsageError(error.detail), error.status_code)
            except RequestValidationError:
                return _page(request, _no_page(), 404)

        return handled


def install(app: FastAPI) -> None:
    """Answers browsers with a page where no route fits. Programs get problem JSON as before.

    Call it after `problems.install`.
    """
    plain = app.exception_handlers[AnyHTTPException]

    async def answered(request: Request, error: Exception) -> Response:
        answer = cast("Response", plain(request, error))
        if not _wants_page(request):
            return answer
        missing = answer.status_code == HTTPStatus.NOT_FOUND
        known = _no_page() if missing else UsageError(HTTPStatus(answer.status_code).phrase)
        page = _page(request, known, answer.status_code)
        if "allow" in answer.headers:
            page.headers["Allow"] = answer.headers["allow"]
        return page

    app.add_exception_handler(AnyHTTPException, answered)


def _wants_page(request: Request) -> bool:
    """Browsers name HTML among what they accept; the paths of the API stay JSON for them, too."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.url.path.startswith("/v1/")


def _no_page() -> UsageError:
    return UsageError(
        "this page does not exist", hint="check the address, or go to the list of imports"
    )


def _page(request: Request, error: SnapshotsError, status: int) -> HTMLResponse:
    if request.url.path.startswith(SHARED):
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # What it says may name the database.
            error = UsageError("the service cannot do this now", hint="try again in a moment")
        return HTMLResponse(render.shared_page("problem.html", error=error, back=None), status)
    here = cast("ServiceContext", request.app.state.service)
    return HTMLResponse(render.problem(here, error), status)
