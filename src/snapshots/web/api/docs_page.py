"""Shows the OpenAPI document as a page that needs neither scripts nor other hosts."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

routes = APIRouter(include_in_schema=False)

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}code,pre{font:14px/1.4 ui-monospace,monospace}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;"
    "padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8884}section{margin:2.5rem 0}"
)


@routes.get("/docs.css")
async def style() -> HTMLResponse:
    """The style sheet of the page. It is a file of its own: the policy of the pages allows no style
    within them."""
    return HTMLResponse(_STYLE, media_type="text/css")


@routes.get("/v1/openapi.json")
async def document(request: Request) -> JSONResponse:
    """The OpenAPI document, for programs that generate clients."""
    return JSONResponse(request.app.openapi())


@routes.get("/docs")
async def page(request: Request) -> HTMLResponse:
    """The page with every endpoint, what it takes and what it answers."""
    return HTMLResponse(render(request.app.openapi()))


def render(document: dict[str, Any]) -> str:
    """Returns the page of an OpenAPI document as HTML."""
    info = document["info"]
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    schemas = "".join(
        _schema(name, schema) for name, schema in document["components"]["schemas"].items()
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}: REST</title>"
        '<link rel="stylesheet" href="/docs.css"></head><body><main>'
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info['summary'])} The same for programs:"
        ' <a href="/v1/openapi.json">openapi.json</a>.</p>'
        f"{operations}<h2>Objects</h2>{schemas}</main></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        (one["name"], one["in"], _type(one["schema"]), one.get("description", ""))
        for one in operation.get("parameters", ())
    ]
    rows += [
        ("body", kind, _type(content["schema"]), "")
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    ]
    answers = [
        (status, kind, _type(content.get("schema", {})), answer["description"])
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {"": {}}).items()
    ]
    return (
        f"<section><h2>{escape(operation.get('summary', ''))}</h2>"
        f"<p><code>{method.upper()} {escape(path)}</code></p>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"{_table(rows)}{_table(sorted(answers))}</section>"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        (field, "" if field in required else "optional", _type(one), one.get("description", ""))
        for field, one in schema.get("properties", {}).items()
    ]
    return (
        f'<section id="{escape(name)}"><h3>{escape(name)}</h3>'
        f"<p>{escape(schema.get('description', ''))}</p>{_table(rows)}</section>"
    )


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    body = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(where)}</td>"
        f"<td>{kind}</td><td>{escape(text)}</td></tr>"
        for name, where, kind, text in rows
    )
    return f"<table>{body}</table>" if body else ""


def _type(schema: dict[str, Any]) -> str:
    """Returns a type as HTML, in few words; objects are links."""
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if choices := schema.get("anyOf"):
        return " or ".join(map(_type, choices))
    if "enum" in schema:
        return escape(", ".join(map(str, schema["enum"])))
    if "const" in schema:
        return escape(str(schema["const"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(schema.get("type", ""))
