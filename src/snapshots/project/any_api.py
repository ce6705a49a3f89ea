"""Reads `snapshots.toml`: files and queries, and how their rows are sent to any API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from snapshots.defaults import (
    KEY_HEADER,
    MAX_CONCURRENCY,
    MAX_DELETES,
    Body,
    Method,
    Nulls,
    Results,
)
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.options import Options
from snapshots.errors import UsageError
from snapshots.project.access import KEYS as ACCESS_KEYS
from snapshots.project.access import access
from snapshots.project.result_rules import item_results
from snapshots.project.toml import read_toml
from snapshots.time_limits import DELIVERY_RETRY_SECONDS, REQUEST_SECONDS

if TYPE_CHECKING:
    from snapshots.project.toml import Section

FILE = "snapshots.toml"

SENDING = (
    "method", "method_column", "changed_method", "batch", "batch_bytes", "body", "envelope",
    "action_line", "nested", "nulls", "results", "key_header", "concurrency", "ordered", "rate",
    "per_minute", "per_day", "timeout", "retry_seconds", "headers", "success_path",
    "success_value", "keep",
)  # fmt: skip
"""Keys of `[api]` that a resource may set for itself."""
_FILES = ("ca", "cert", "cert_key")
API_KEYS = ("url", *ACCESS_KEYS, "proxy", *_FILES, "http2", *SENDING)
RESOURCE_KEYS = (
    "file", "query", "from", "path", "contract", "key", "changed_since", "deletes", "allow_empty",
    "max_deletes", "max_rejects", "limit", *SENDING,
)  # fmt: skip


class FileOrQuery(Struct, frozen=True):
    """One resource: what is read, and what is asked of its delivery."""

    name: str
    given: str
    """A path or a URL; or a SELECT, or a file with one, if there is a `database`."""
    database: str | None
    options: Options


class ApiProject(Struct, frozen=True):
    """A project folder with `snapshots.toml`, whose settings have been checked."""

    folder: Path
    resources: tuple[FileOrQuery, ...]
    """In the order of the file, in which they are sent."""


def read_api_project(
    folder: Path, *, page_size: int | None = None, limit: int | None = None
) -> ApiProject:
    """Reads the project in a folder. `page_size` and `limit` win over its own settings.

    Raises ProjectError, naming file, line and key.
    """
    top = read_toml(folder / FILE)
    top.only("api", "resources")
    api, resources = top.section("api"), top.section("resources")
    api.only(*API_KEYS)
    url = api.as_written("url") or ""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.username:
        raise api.error(
            "url" if "url" in api else None,
            "This is not the address of an API." if url else "The url of the API is missing.",
            'Write url = "https://api.example.com/v1" in [api].',
        )
    if not list(resources):
        raise resources.error(
            None,
            "There is no resource.",
            'Write [resources.wells] and file = "wells.csv", or query and from.',
        )
    proof, known = access(api, folder)
    shared = {
        **_sending(api, {}),
        **_route(api, folder),
        "headers": (*_headers(api), *proof),
        "access": known,
    }
    if page_size is not None:
        shared["batch"] = page_size
    found = [
        _resource(resources.section(name), name, folder, url, shared, limit) for name in resources
    ]
    return ApiProject(folder, tuple(found))


def _resource(
    section: Section, name: str, folder: Path, url: str, shared: dict[str, Any], limit: int | None
) -> FileOrQuery:
    section.only(*RESOURCE_KEYS)
    file, query = section.as_written("file"), section.as_written("query")
    database = section.as_written("from")
    if (file is None) == (query is None) or (query is None) != (database is None):
        raise section.error(
            "file" if "file" in section else "query" if "query" in section else None,
            "A resource is a file, or a query with the database that it is from.",
            'Write file = "wells.csv"; or query = "wells.sql" and from = "localhost:5432".',
        )
    path = section.text("path", name).strip("/")
    headers = (*shared["headers"], *_headers(section))
    request = {**shared, **_sending(section, shared), "headers": headers}
    contract = section.optional("contract")
    try:
        endpoint = Endpoint(
            url=_joined(url, path),
            key=section.names("key"),
            changed_since=section.optional("changed_since"),
            deletes=section.flag("deletes"),
            **request,
        )
        options = Options(
            request=endpoint,
            contract=None if contract is None else folder / contract,
            allow_empty=section.flag("allow_empty"),
            max_deletes=section.text("max_deletes", MAX_DELETES),
            max_rejects=section.optional("max_rejects"),
            limit=limit or (section.number("limit") if "limit" in section else None),
            again=query is not None,
        )
    except UsageError as error:
        raise section.error(None, str(error), error.hint) from error
    given = _within(folder, file) if query is None and file is not None else _query(folder, query)
    return FileOrQuery(name, given, database, options)


def _joined(url: str, path: str) -> str:
    """The address of a resource. A query of the base address stays at the end."""
    base, mark, query = url.partition("?")
    return f"{base.rstrip('/')}/{path}{mark}{query}" if path else url


def _route(api: Section, folder: Path) -> dict[str, Any]:
    """How the server is reached. Raises ProjectError where a file does not exist."""
    return {
        "proxy": api.as_written("proxy"),
        "http2": api.flag("http2"),
        **{key: api.file(key, folder) for key in _FILES},
    }


def _within(folder: Path, file: str) -> str:
    return file if "://" in file else str(folder / file)


def _query(folder: Path, query: str | None) -> str:
    text = query or ""
    return str(folder / text) if text.endswith(".sql") else text


def _sending(section: Section, before: dict[str, Any]) -> dict[str, Any]:
    """What a section says of its requests, else what was said before."""
    plain = {**_DEFAULTS, **before}
    header = section.text("key_header", plain["key_header"])
    return {
        "method": _choice(section, "method", Method, plain),
        "changed_method": _choice(section, "changed_method", Method, plain),
        "method_column": section.text("method_column", plain["method_column"] or "") or None,
        "body": _choice(section, "body", Body, plain) if "body" in section else plain["body"],
        "envelope": section.text("envelope", plain["envelope"] or "") or None,
        "action_line": section.text("action_line", plain["action_line"] or "") or None,
        "nested": section.flag("nested") or (plain["nested"] and "nested" not in section),
        "batch_bytes": (
            section.number("batch_bytes") if "batch_bytes" in section else plain["batch_bytes"]
        ),
        "nulls": _choice(section, "nulls", Nulls, plain),
        "results": _results(section, plain),
        "success_path": section.text("success_path", plain["success_path"] or "") or None,
        "success_value": _json(section, "success_value", plain),
        "keep": section.optional("keep") if "keep" in section else plain["keep"],
        "batch": section.number("batch", plain["batch"]),
        "key_header": "" if header == "none" else header,
        "concurrency": section.number("concurrency", plain["concurrency"], most=MAX_CONCURRENCY),
        "ordered": section.flag("ordered") or (plain["ordered"] and "ordered" not in section),
        "rate": section.seconds("rate", 1.0) if "rate" in section else plain["rate"],
        "per_minute": _number(section, "per_minute", plain),
        "per_day": _number(section, "per_day", plain),
        "timeout": section.seconds("timeout", plain["timeout"]),
        "retry_seconds": section.seconds("retry_seconds", plain["retry_seconds"]),
    }


_DEFAULTS: dict[str, Any] = {
    "method": "POST",
    "changed_method": "PUT",
    "nulls": "null",
    "results": "none",
    "method_column": None,
    "body": None,
    "envelope": None,
    "action_line": None,
    "nested": False,
    "batch_bytes": None,
    "batch": 1,
    "key_header": KEY_HEADER,
    "concurrency": 8,
    "ordered": False,
    "rate": None,
    "per_minute": None,
    "per_day": None,
    "success_path": None,
    "success_value": "true",
    "keep": None,
    "timeout": REQUEST_SECONDS,
    "retry_seconds": DELIVERY_RETRY_SECONDS,
}


def _results(section: Section, plain: dict[str, Any]) -> Any:
    """The name of a form of results, or the pointers of a section."""
    if section.is_section("results"):
        return item_results(section.section("results"))
    if "results" in section or isinstance(plain["results"], str):
        return _choice(section, "results", Results, plain)
    return plain["results"]


def _json(section: Section, key: str, plain: dict[str, Any]) -> str:
    return json.dumps(section.value(key)) if key in section else str(plain[key])


def _number(section: Section, key: str, plain: dict[str, Any]) -> int | None:
    return section.number(key) if key in section else plain[key]


def _choice(section: Section, key: str, kind: object, plain: dict[str, Any]) -> str:
    return section.choice(key, cast("tuple[str, ...]", get_args(kind)), plain[key])


def _headers(section: Section) -> tuple[tuple[str, str], ...]:
    given = section.section("headers")
    return tuple((name, given.as_written(name) or "") for name in given)
