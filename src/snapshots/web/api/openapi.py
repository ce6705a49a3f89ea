"""The OpenAPI document: FastAPI's, with examples for each endpoint and the way to show a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from snapshots.web.api.openapi_examples import PARAMETERS, PROBLEM, REQUESTS, RESPONSES
from snapshots.web.gate.guard import OPEN, SAFE
from snapshots.web.problems import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

DOCUMENT: Final = "/v1/openapi.json"
TAGS: Final = [
    {"name": "imports", "description": "Start, watch, cancel and resume imports."},
    {"name": "events", "description": "Follow imports as they change: server-sent events."},
    {"name": "files", "description": "Upload files, to import them by name."},
    {"name": "contracts", "description": "The contracts that people have kept in the pages."},
    {"name": "tables", "description": "Read rows of open tables."},
    {"name": "health", "description": "Probes and metrics."},
]
_TOKEN: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token, as `snapshots token NAME --tokens FILE` prints it. A token with the"
    " scope `read` can use the GET endpoints only.",
}

routes = APIRouter(include_in_schema=False)


@routes.get(DOCUMENT)
async def document(request: Request) -> JSONResponse:
    """The OpenAPI document, for client generators and for the page at /docs."""
    return JSONResponse(request.app.openapi())


def complete(app: FastAPI, *, tokens: bool) -> None:
    """Adds examples to the document and, if the service asks for `tokens`, a security scheme."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        document["components"]["schemas"]["Problem"]["examples"] = [PROBLEM]
        for method, path, operation in _operations(document):
            _add_examples(operation, f"{method.upper()} {path}")
            if tokens and path not in OPEN:
                statuses = (401,) if method.upper() in SAFE else (401, 403)
                operation["security"] = [{"token": []}]
                operation["responses"] |= {
                    str(status): answer for status, answer in answers(*statuses).items()
                }
        if tokens:
            document["components"]["securitySchemes"] = {"token": _TOKEN}
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of each endpoint."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _add_examples(operation: dict[str, Any], name: str) -> None:
    """`name` is the endpoint's method and path."""
    for parameter in operation.get("parameters", ()):
        # An example is what "Try it out" sends: optional parameters stay empty there.
        if parameter["required"]:
            parameter["example"] = PARAMETERS.get(parameter["name"])
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if (name, kind) in REQUESTS:
            content["examples"] = {
                text: {"summary": text, "value": value}
                for text, value in REQUESTS[name, kind].items()
            }
    for status, response in operation["responses"].items():
        if status < "300":
            for kind, content in response.get("content", {}).items():
                content["example"] = RESPONSES.get((name, kind))
