"""Reads `combocurve.toml`: which server is asked, and how its rows are sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args
from urllib.parse import urlsplit

from msgspec import Struct

from snapshots.defaults import Method, Results
from snapshots.errors import ProjectError
from snapshots.file_hints import blocking_file
from snapshots.project.resources import Resource, find_resources
from snapshots.project.toml import read_toml
from snapshots.sources.sql.server import QueryServer, ServerKind, Tls
from snapshots.time_limits import DELIVERY_RETRY_SECONDS, REQUEST_SECONDS

if TYPE_CHECKING:
    from snapshots.project.toml import Section

FILE = "combocurve.toml"

PORTS: dict[ServerKind, int] = {"mysql": 3306, "postgres": 5432, "sqlserver": 1433}
SERVER_KEYS = ("user", "password", "host", "port", "database", "tls", "tls_ca", "tls_cert",
               "tls_key")  # fmt: skip
API_KEYS = ("url", "method", "page_size", "limit", "concurrency", "requests_per_minute", "timeout",
            "retry_seconds", "results", "auth", "key", "token", "service_account", "audience",
            "headers", "paths", "proxy", "ca", "cert", "cert_key", "http2")  # fmt: skip
KEY_VARIABLE = "COMBOCURVE_API_KEY"
AUDIENCE = "https://api.combocurve.com"
"""The audience of a service account's tokens."""
TOKEN_VARIABLE = "COMBOCURVE_TOKEN"  # noqa: S105 - its name


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials for the API: a key, and a token or a service account that signs one."""

    key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    service_account: Path | None = None
    audience: str = AUDIENCE


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The section `[api]`. Where defaults differ from `Endpoint`'s, they are ComboCurve's."""

    url: str = "https://test-api.combocurve.com/v1"
    method: Method = "PUT"
    page_size: int = 100
    """Records per request."""
    limit: int = 1000
    """Maximum number of records of one resource per run."""
    concurrency: int = 1
    requests_per_minute: float = 200
    timeout: float = REQUEST_SECONDS
    retry_seconds: float = DELIVERY_RETRY_SECONDS
    results: Results = "combocurve"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    credentials: Credentials | None = None
    proxy: str | None = field(default=None, repr=False)
    ca: str | None = None
    cert: str | None = None
    cert_key: str | None = None
    http2: bool = False


class Project(Struct, frozen=True):
    """A project folder whose settings and files have been checked."""

    folder: Path
    server: QueryServer
    api: ApiSettings
    resources: tuple[Resource, ...]
    """The resources, in the order in which they are sent."""


def read_project(
    folder: Path, *, page_size: int | None = None, limit: int | None = None
) -> Project:
    """Reads the project in a folder. `page_size` and `limit` win over its own settings.

    Raises ProjectError, naming file, line and key, if the folder is no project.
    """
    file = folder / FILE
    try:
        there, begun = folder.is_dir(), file.is_file()
    except OSError as error:
        raise ProjectError(
            f"The folder cannot be read: {error.strerror}.",
            place=str(folder),
            hint="Give this user the permission to enter it.",
        ) from error
    if not there:
        blocked = blocking_file(folder)
        what = f"{blocked} is a file, and no folder." if blocked else "There is no such folder."
        raise ProjectError(what, place=str(folder), hint="Name the folder of a project.")
    if not begun:
        raise ProjectError(
            f"This folder is not a project: it has no {FILE}.",
            place=str(folder),
            hint=f"Name the folder that has {FILE} and resources/<name>.sql.",
        )
    top = read_toml(file)
    kind = cast("ServerKind", _kind(top))
    top.only("connection", kind, "api")
    api = top.section("api")
    api.only(*API_KEYS)
    resources = find_resources(folder, api.section("paths").texts())
    known = _api(api, folder)
    known = replace(known, page_size=page_size or known.page_size, limit=limit or known.limit)
    return Project(folder, _server(top.section(kind), kind, folder), known, resources)


def _kind(top: Section) -> str:
    if "connection" not in top:
        raise top.error(
            None, "Section [connection] is missing.", 'Write [connection] and type = "postgres".'
        )
    connection = top.section("connection")
    connection.only("type")
    kind = connection.choice("type", get_args(ServerKind))
    if kind not in top:
        raise connection.error(
            "type", f"Section [{kind}] is missing.", f"Add it, with {', '.join(SERVER_KEYS[:4])}."
        )
    return kind


def _server(section: Section, kind: ServerKind, folder: Path) -> QueryServer:
    section.only(*SERVER_KEYS)
    return QueryServer(
        kind=kind,
        user=section.text("user"),
        password=section.text("password"),
        host=section.text("host"),
        port=section.number("port", PORTS[kind], most=65535),
        database=section.optional("database"),
        tls=cast("Tls", section.choice("tls", get_args(Tls), "prefer")),
        **{key: section.file(key, folder) for key in ("tls_ca", "tls_cert", "tls_key")},
    )


def _api(section: Section, folder: Path) -> ApiSettings:
    plain = ApiSettings()
    url = section.text("url", plain.url).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise section.error(
            "url", "This is not the address of an API.", "Write it like https://api.example.com/v1."
        )
    return ApiSettings(
        url=url,
        method=cast("Method", section.choice("method", get_args(Method), plain.method)),
        page_size=section.number("page_size", plain.page_size, most=20_000),
        limit=section.number("limit", plain.limit),
        concurrency=section.number("concurrency", plain.concurrency, most=64),
        requests_per_minute=section.seconds("requests_per_minute", plain.requests_per_minute),
        timeout=section.seconds("timeout", plain.timeout),
        retry_seconds=section.seconds("retry_seconds", plain.retry_seconds),
        results=cast("Results", section.choice("results", ("none", "combocurve"), plain.results)),
        headers=section.section("headers").texts(),
        credentials=_credentials(section, folder),
        proxy=section.optional("proxy"),
        http2=section.flag("http2"),
        **{key: section.file(key, folder) for key in ("ca", "cert", "cert_key")},
    )


def _credentials(section: Section, folder: Path) -> Credentials | None:
    if section.choice("auth", ("combocurve", "none"), "combocurve") == "none":
        return None
    key = section.optional("key") or os.environ.get(KEY_VARIABLE)
    token = section.optional("token") or os.environ.get(TOKEN_VARIABLE)
    account = section.file("service_account", folder)
    if not key:
        raise section.error(
            "key", "The API key is missing.", f'Set {KEY_VARIABLE}, or auth = "none" in [api].'
        )
    if not token and not account:
        raise section.error(
            "token",
            "Neither a token nor a service account is set.",
            f"Set {TOKEN_VARIABLE}, or service_account to the file with the account's key.",
        )
    return Credentials(
        key=key,
        token=None if account else token,
        service_account=Path(account) if account else None,
        audience=section.text("audience", AUDIENCE),
    )
