"""Answers errors in the form of RFC 9457, the same for all of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from snapshots import errors
from snapshots.errors import SnapshotsError, sentence
from snapshots.screen_text import plain_json
from snapshots.time_limits import RETRY_AFTER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import APIRouter, FastAPI, Request

MEDIA_TYPE = "application/problem+json"
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The headers of every answer."""
MOST_ERRORS = 20
"""That an answer names of one request."""

_STATUS: dict[type[SnapshotsError], int] = {
    errors.ForbiddenTable: 403,
    errors.NoSuchImport: 404,
    errors.NoSuchFile: 404,
    errors.NoSuchTable: 404,
    errors.DiskFull: 507,
    errors.KeyReused: 409,
    errors.Forbids: 409,
    errors.AlreadyUndone: 409,
    errors.UnaccountedRows: 409,
    errors.LostLease: 409,
    errors.ImportBusy: 409,
    errors.LedgerDamaged: 409,
    errors.QueueFull: 429,
    errors.CannotConnect: 503,
    errors.ConnectionLost: 503,
    errors.UsageError: 422,
    errors.InputError: 422,
    errors.ContractError: 422,
    errors.TargetError: 422,
}
"""The status of each kind of error. The first that fits counts; special ones come first."""
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media_type",
    421: "wrong_host",
    422: "invalid",
    423: "locked",
    429: "too_many_requests",
    431: "head_too_large",
    500: "internal",
    503: "unavailable",
    507: "disk_full",
}


_WORDS: dict[str, str] = {}
"""What a text must be that a regular expression checks."""


def in_words(pattern: str, words: str) -> str:
    """Notes what a pattern means, for `explanation`, and returns the pattern."""
    _WORDS[pattern] = words
    return pattern


def explanation(error: Mapping[str, Any]) -> str:
    """What is wrong, from an error of pydantic: in words where it would show a regular
    expression."""
    if error["type"] != "string_pattern_mismatch":
        return sentence(error["msg"])
    words = _WORDS.get(error["ctx"]["pattern"], "a text of another form")
    return f"It must be {words}."


class Invalid(BaseModel):
    """One thing that is wrong with a request."""

    place: str
    message: str


class Problem(BaseModel):
    """What went wrong, and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str
    hint: str = ""
    errors: list[Invalid] = Field(default_factory=list)


def problem(
    status: int,
    detail: str = "",
    *,
    code: str | None = None,
    hint: str = "",
    invalid: Sequence[Invalid] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Returns the answer for a problem."""
    answer = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_text(detail),
        code=code or _CODES.get(status, "error"),
        hint=_text(hint),
        errors=[Invalid(place=_text(one.place), message=_text(one.message)) for one in invalid],
    )
    text = plain_json(answer.model_dump_json())
    return Response(text, status, headers=headers, media_type=MEDIA_TYPE)


def _text(text: str) -> str:
    """Returns text with escapes for what no answer can hold: the halves of characters that a
    request named."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def status_of(error: SnapshotsError) -> int:
    """Returns the HTTP status for an error."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def of_error(error: SnapshotsError) -> Response:
    """Answers a request that met an error of the engine."""
    status = status_of(error)
    again = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status in {429, 503} else None
    return problem(status, str(error), code=error.code, hint=error.hint, headers=again)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Returns the error answers of an endpoint, for the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def _methods(routers: Sequence[APIRouter], request: Request) -> set[str]:
    """Returns the methods of all endpoints at a path."""
    return {
        method
        for router in routers
        for route in router.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


def describe(app: FastAPI) -> None:
    """Adds the form of errors to the OpenAPI document, which `answers` refers to."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        inner = shape.pop("$defs")
        document["components"]["schemas"] |= {"Problem": shape, **inner}
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Makes an application answer all its errors in this form; `routers` are all that it has."""

    def engine(_: Request, error: Exception) -> Response:
        assert isinstance(error, SnapshotsError)  # noqa: S101 - for the type checker
        return of_error(error)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
        detail = "" if error.detail == HTTPStatus(error.status_code).phrase else error.detail
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(sorted(_methods(routers, request)))
        return problem(error.status_code, detail, headers=headers)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - for the type checker
        found = [
            Invalid(place=".".join(map(str, one["loc"])), message=explanation(one))
            for one in error.errors()[:MOST_ERRORS]
        ]
        detail = "The request is not valid."
        if any(one.place == "body" for one in found) and not _is_json(request):
            detail += " Its body must be JSON, with the header Content-Type: application/json."
        return problem(422, detail, invalid=found)

    def unforeseen(_: Request, __: Exception) -> Response:
        return problem(500, "The service had an unexpected error.")

    app.add_exception_handler(SnapshotsError, engine)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unforeseen)
