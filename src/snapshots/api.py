"""Loading from Python: the same engine, the same counts as the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from snapshots import locations
from snapshots.engine.events import Event, ImportResult, Listener
from snapshots.engine.history import lookup
from snapshots.engine.input.query import open_asked
from snapshots.engine.limits import RejectLimit
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.plan import Options
from snapshots.engine.run.importer import import_input
from snapshots.engine.run.resume import resume_import
from snapshots.errors import SnapshotsError
from snapshots.formats.sniff import DialectOptions
from snapshots.model import ImportRecord, Reject
from snapshots.ports import Source
from snapshots.project import read_project, run_project
from snapshots.sources.remote.access import RemoteAccess

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth


def load(
    input: str | os.PathLike[str],  # noqa: A002 - the word of the glossary
    *,
    database: str | None = None,
    table: str | None = None,
    contract: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    null_values: tuple[str, ...] = (),
    max_rejects: int | str = "10%",
    stop_on_error: bool = False,
    dry_run: bool = False,
    limit: int | None = None,
    workers: int | None = None,
    chunk_size: int = 8 * 1024 * 1024,
    lineage: bool = True,
    again: bool = False,
    columns_changed: Literal["fail", "add", "ignore"] = "fail",
    primary_key: tuple[str, ...] = (),
    decimals: Literal["float", "exact"] = "float",
    all_text: bool = False,
    connections: int = 4,
    listener: Listener | None = None,
    **dialect: Any,
) -> ImportResult:
    """Loads one input into a table and returns the account of its records.

    `input` may be a URL, of which `connections` parts are read at once.
    `database` is a URL or host:port as for `--database`; `contract` a Table Schema, as a file
    or as a mapping; `chunk_size` is in bytes; `dialect` takes the fields of
    `snapshots.formats.sniff.DialectOptions` (`delimiter=";"`, `encoding="latin-1"`,
    `header=False` ...). `listener` is called with each event of `snapshots.engine.events`.

    The result's `outcome` is finished, already_imported, failed, interrupted, limited or
    dry_run. Raises SnapshotsError where nothing could be begun.
    """
    target = locations.target(database)
    options = Options(
        table=table,
        dialect=_dialect("load", dialect),
        contract=_contract(contract),
        null_values=null_values,
        budget=RejectLimit.parse(str(max_rejects)),
        stop_on_error=stop_on_error,
        dry_run=dry_run,
        limit=limit,
        workers=workers,
        chunk_size=chunk_size,
        lineage=lineage,
        again=again,
        columns_changed=columns_changed,
        primary_key=primary_key,
        decimals=decimals,
        all_text=all_text,
        access=RemoteAccess(connections=connections),
    )
    return import_input(os.fspath(input), target, options, listener or _ignore)


def send(
    input: str | os.PathLike[str] | Source,  # noqa: A002 - the word of the glossary
    to: str,
    *,
    database: str | None = None,
    method: Literal["POST", "PUT", "PATCH"] = "POST",
    batch: int = 1,
    headers: Mapping[str, str] | None = None,
    auth: Auth | None = None,
    nulls: Literal["null", "omit"] = "null",
    results: Literal["none", "combocurve"] = "none",
    key_header: str = "Idempotency-Key",
    concurrency: int = 8,
    ordered: bool = False,
    rate: float | None = None,
    timeout: float = 30.0,
    retry_seconds: float = 300.0,
    contract: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    null_values: tuple[str, ...] = (),
    max_rejects: int | str = "10%",
    stop_on_error: bool = False,
    dry_run: bool = False,
    limit: int | None = None,
    again: bool = False,
    columns_changed: Literal["fail", "ignore"] = "fail",
    decimals: Literal["float", "exact"] = "float",
    all_text: bool = False,
    from_: str | None = None,
    listener: Listener | None = None,
    **dialect: Any,
) -> ImportResult:
    """Sends the rows of one input to an HTTP API and returns the account of its records.

    `from_` is a database, as for `--from`: `input` is then a SELECT, or a file of one.
    `database` keeps the account. `to` and the values of `headers` may hold `${VARIABLE}`, and a
    value may be `@FILE`; `auth` is a `Bearer`, an `ApiKey` or any other `Auth` of
    `snapshots.endpoints.http`. The rest is as for `load`.

    The result's `outcome` is finished, already_delivered, failed, interrupted, limited or
    dry_run. Raises SnapshotsError where nothing could be begun.
    """
    request = Endpoint(
        url=to,
        method=method,
        batch=batch,
        headers=tuple((headers or {}).items()),
        nulls=nulls,
        results=results,
        key_header=key_header,
        concurrency=concurrency,
        ordered=ordered,
        rate=rate,
        timeout=timeout,
        retry_seconds=retry_seconds,
        auth=auth,
    )
    options = Options(
        dialect=_dialect("send", dialect),
        contract=_contract(contract),
        null_values=null_values,
        budget=RejectLimit.parse(str(max_rejects)),
        dry_run=dry_run,
        stop_on_error=stop_on_error,
        limit=limit,
        again=again or from_ is not None,
        columns_changed=columns_changed,
        decimals=decimals,
        all_text=all_text,
        request=request,
    )
    given = os.fspath(input) if isinstance(input, str | os.PathLike) else input
    if from_ is not None and isinstance(given, str):
        given = open_asked(given, from_, options.contract, options.limit)
    return import_input(given, locations.target(database), options, listener or _ignore)


def run(
    project: str | os.PathLike[str] = ".",
    *,
    database: str | None = None,
    page_size: int | None = None,
    limit: int | None = None,
    listener: Listener | None = None,
) -> dict[str, ImportResult | SnapshotsError]:
    """Sends the rows of each query of a project folder to its API.

    `database` keeps the account; `page_size` and `limit` stand before what the project says.
    Gives for each resource its account, or why there is none. Raises ProjectError if the folder
    is no project.
    """
    found = read_project(Path(project), page_size=page_size, limit=limit)
    home = locations.target(database)
    outcomes = run_project(found, home, listener or _ignore)
    return {outcome.resource.name: outcome.result for outcome in outcomes}


def resume(
    import_id: int,
    *,
    database: str | None = None,
    max_rejects: int | str = "10%",
    workers: int | None = None,
    connections: int = 4,
    url: str | None = None,
    listener: Listener | None = None,
) -> ImportResult:
    """Goes on with an unfinished import. Raises SnapshotsError if it cannot.

    `url`: that of the input, if credentials belong to it, which are kept nowhere.
    """
    target = locations.target(lookup.database_of(import_id, database))
    options = Options(
        budget=RejectLimit.parse(str(max_rejects)),
        workers=workers,
        access=RemoteAccess(connections=connections),
    )
    return resume_import(import_id, target, options, listener or _ignore, url=url)


def history(database: str | None = None) -> list[ImportRecord]:
    """Every import of a database, or of all that this user has imported into; newest last."""
    return lookup.list_imports(database).imports


def rejects(import_id: int, *, database: str | None = None) -> Iterator[Reject]:
    """The rejects of one import in the order of the input, streamed."""
    return lookup.rejects(import_id, database)


def _dialect(function: str, words: dict[str, Any]) -> DialectOptions:
    known = {field.name for field in fields(DialectOptions)}
    if unknown := sorted(set(words) - known):
        raise TypeError(
            f"{function}() has no argument {unknown[0]!r}; for the dialect there are"
            f" {', '.join(sorted(known))}"
        )
    return DialectOptions(**words)


def _contract(
    contract: str | os.PathLike[str] | Mapping[str, Any] | None,
) -> Path | Mapping[str, Any] | None:
    return contract if contract is None or isinstance(contract, Mapping) else Path(contract)


def _ignore(_event: Event) -> None:
    pass
