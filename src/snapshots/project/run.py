"""Sends a project: each resource is a query, and each query is one delivery."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.contract.fit import fit
from snapshots.engine.events import Notice
from snapshots.engine.input.query import open_asked
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.options import Options
from snapshots.engine.run.importer import import_input
from snapshots.errors import InputError, SnapshotsError
from snapshots.project.any_api import ApiProject, FileOrQuery
from snapshots.project.contracts import named
from snapshots.project.service_account import authority
from snapshots.project.settings import Project
from snapshots.sources.sql import QuerySource, open_query

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth
    from snapshots.engine.events import ImportResult, Listener
    from snapshots.ports import Target
    from snapshots.project.resources import Resource


class ResourceOutcome(Struct, frozen=True):
    """The result of one resource, or the error because of which there is none."""

    resource: Resource | FileOrQuery
    result: ImportResult | SnapshotsError


def run_project(
    project: Project | ApiProject,
    home: Target,
    listener: Listener,
    stop: threading.Event | None = None,
) -> Iterator[ResourceOutcome]:
    """Sends the rows of each resource, in order. `home` is the database with the ledger.

    A resource that fails does not stop the others. Raises ProjectError before the first one if the
    credentials cannot be used.
    """
    stop = stop or threading.Event()
    auth = None if isinstance(project, ApiProject) else authority(project.api.credentials)
    for resource in project.resources:
        if stop.is_set():
            return
        try:
            if isinstance(resource, FileOrQuery):
                result = _send_any(resource, home, listener, stop)
            else:
                assert isinstance(project, Project)  # noqa: S101 - for the type checker
                result = _send(project, resource, home, auth, listener, stop)
            yield ResourceOutcome(resource, result)
        except SnapshotsError as error:
            yield ResourceOutcome(resource, error)


def _send_any(
    resource: FileOrQuery, home: Target, listener: Listener, stop: threading.Event
) -> ImportResult:
    options, database = resource.options, resource.database
    given: str | QuerySource = resource.given
    if database is not None:
        given = open_asked(resource.given, database, options.contract, options.limit)
    return import_input(given, home, options, listener, stop)


def _send(
    project: Project,
    resource: Resource,
    home: Target,
    auth: Auth | None,
    listener: Listener,
    stop: threading.Event,
) -> ImportResult:
    if not resource.mapped:
        listener(Notice(_guessed(resource)))
    options = Options(
        max_rejects="100%",
        limit=project.api.limit,
        # Rows are asked for anew, and may be others by now, even where their first ones are not.
        again=True,
        request=_request(project, resource, auth),
    )
    return import_input(_query(project, resource), home, options, listener, stop)


def _query(project: Project, resource: Resource) -> QuerySource:
    place = str(resource.file)
    try:
        sql = resource.file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("The query is not valid UTF-8.", place=place) from error
    source = open_query(project.server, sql, place, project.api.limit)
    if resource.contract:
        try:
            rules = named(resource.contract)
            source.contract = fit(rules, source.contract, place, whose="The API")
        except SnapshotsError:
            source.close()
            raise
    return source


def _request(project: Project, resource: Resource, auth: Auth | None) -> Endpoint:
    api = project.api
    return Endpoint(
        url=api.url + resource.path,
        method=api.method,
        batch=api.page_size,
        headers=tuple(api.headers.items()),
        results=api.results,
        concurrency=api.concurrency,
        rate=api.requests_per_minute / 60,
        timeout=api.timeout,
        retry_seconds=api.retry_seconds,
        auth=auth,
        proxy=api.proxy,
        ca=api.ca,
        cert=api.cert,
        cert_key=api.cert_key,
        http2=api.http2,
    )


def _guessed(resource: Resource) -> str:
    return (
        f"{resource.name} is not a known resource; sending it to {resource.path}. To confirm or"
        " change this path, set it in [api.paths] in combocurve.toml"
    )
