"""The Python interface: the same engine and the same counts as the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from snapshots import locations
from snapshots.defaults import (
    BATCH,
    CONCURRENCY,
    CONNECTIONS,
    KEEP_UNDO,
    KEY_HEADER,
    MAX_DELETES,
    Body,
    ColumnsPolicy,
    Decimals,
    Duplicates,
    Grown,
    Method,
    Mode,
    Nulls,
    Publish,
    Results,
)
from snapshots.engine.events import Event, ImportResult, Listener
from snapshots.engine.history.locate import database_of
from snapshots.engine.input.query import open_asked
from snapshots.engine.plan.endpoint import Endpoint
from snapshots.engine.plan.keywords import contract_of, dialect_of
from snapshots.engine.plan.options import Options
from snapshots.engine.repair.dismiss import DismissReport, dismiss_rejects
from snapshots.engine.repair.export import (
    ExportReport,
    export,
    form_of,
    require_new,
    write_new_file,
)
from snapshots.engine.repair.mended import MendedReading
from snapshots.engine.repair.replay import replay_import
from snapshots.engine.repair.report import ReplayOptions, ReplayReport
from snapshots.engine.run.importer import import_input
from snapshots.engine.run.resume import resume_import
from snapshots.engine.undo.report import UndoReport
from snapshots.engine.undo.undo import undo_import
from snapshots.engine.verify.located import VerifyOptions
from snapshots.errors import SnapshotsError
from snapshots.item_results import ItemResults
from snapshots.ledger.history import History
from snapshots.ports import Source
from snapshots.project import read_any_project, run_project
from snapshots.time_limits import DELIVERY_RETRY_SECONDS, REQUEST_SECONDS

if TYPE_CHECKING:
    from snapshots.endpoints.http import Auth
    from snapshots.locations import DatabaseName
    from snapshots.sources.frames.opening import ArrowFrame, Row


def load(
    input: str | os.PathLike[str] | ArrowFrame | Iterable[Row],  # noqa: A002 - the word of the glossary
    *,
    database: DatabaseName | None = None,
    table: str | None = None,
    mode: Mode = "append",
    atomic: bool = False,
    as_of: str | None = None,
    allow_empty: bool = False,
    max_deletes: int | str = MAX_DELETES,
    allow_cascade: bool = False,
    duplicates: Duplicates = "reject",
    publish: Publish = "auto",
    keep_undo: int = KEEP_UNDO,
    out_of_order: bool = False,
    contract: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    null_values: tuple[str, ...] = (),
    max_rejects: int | str | None = None,
    stop_on_error: bool = False,
    dry_run: bool = False,
    limit: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    sessions: int | None = None,
    chunk_size: int | None = None,
    lineage: bool = True,
    again: bool = False,
    grown: Grown = "tail",
    columns_changed: ColumnsPolicy = "fail",
    primary_key: tuple[str, ...] = (),
    decimals: Decimals = "float",
    all_text: bool = False,
    connections: int = CONNECTIONS,
    listener: Listener | None = None,
    **dialect: Any,
) -> ImportResult:
    """Loads one input into a table, and returns the account of its records.

    >>> import snapshots
    >>> result = snapshots.load("rides.csv", database="sqlite:///rides.db", null_values=("-",))
    >>> result.outcome, result.counts.records, result.counts.loaded, result.counts.rejected
    ('finished', 3, 2, 1)

    `input` is a path or a URL; `"-"` is standard input. It may also be a data frame of pandas,
    polars or Arrow, or an iterable of dicts or tuples; then name the `table`. `database` is a URL
    or `HOST:PORT` as for `--database`. `contract` is a Table Schema, as a file or a mapping.
    `limit` is in records, `chunk_size` in bytes. `connections` parts of a URL are read at once.
    `dialect` takes the fields
    of `snapshots.formats.options.DialectOptions`, such as `delimiter=";"` or `header=False`.
    `listener` is called with each event of `snapshots.engine.events`. The other arguments are
    those of `snapshots.engine.plan.options.Options`.

    The result's `outcome` is finished, already_imported, failed, interrupted, limited or
    dry_run. Raises SnapshotsError if nothing could be begun, and TypeError for an unknown argument.
    """
    target = locations.target(database)
    options = Options(
        table=table,
        mode=mode,
        atomic=atomic,
        as_of=as_of,
        allow_empty=allow_empty,
        max_deletes=str(max_deletes),
        allow_cascade=allow_cascade,
        duplicates=duplicates,
        publish=publish,
        keep_undo=keep_undo,
        out_of_order=out_of_order,
        dialect=dialect_of("load", dialect),
        contract=contract_of(contract),
        null_values=null_values,
        max_rejects=None if max_rejects is None else str(max_rejects),
        stop_on_error=stop_on_error,
        dry_run=dry_run,
        limit=limit,
        workers=workers,
        cluster=cluster,
        sessions=sessions,
        chunk_size=chunk_size,
        lineage=lineage,
        again=again,
        grown=grown,
        columns_changed=columns_changed,
        primary_key=primary_key,
        decimals=decimals,
        all_text=all_text,
        connections=connections,
    )
    if isinstance(input, str | os.PathLike):
        return import_input(os.fspath(input), target, options, listener or _ignore)
    from snapshots.sources.frames import open_frame

    return import_input(open_frame(input), target, options, listener or _ignore)


def send(
    input: str | os.PathLike[str] | Source,  # noqa: A002 - the word of the glossary
    to: str,
    *,
    database: DatabaseName | None = None,
    method: Method = "POST",
    changed_method: Method = "PUT",
    key: tuple[str, ...] = (),
    changed_since: str | None = None,
    deletes: bool = False,
    allow_empty: bool = False,
    max_deletes: int | str = MAX_DELETES,
    method_column: str | None = None,
    batch: int = BATCH,
    batch_bytes: int | None = None,
    body: Body | None = None,
    envelope: str | None = None,
    action_line: str | None = None,
    nested: bool = False,
    headers: Mapping[str, str] | None = None,
    auth: Auth | None = None,
    nulls: Nulls = "null",
    results: Results | ItemResults = "none",
    success_path: str | None = None,
    success_value: str = "true",
    keep: str | None = None,
    key_header: str = KEY_HEADER,
    concurrency: int = CONCURRENCY,
    ordered: bool = False,
    rate: float | None = None,
    per_minute: int | None = None,
    per_day: int | None = None,
    timeout: float = REQUEST_SECONDS,
    retry_seconds: float = DELIVERY_RETRY_SECONDS,
    proxy: str | None = None,
    ca: str | None = None,
    cert: str | None = None,
    cert_key: str | None = None,
    http2: bool = False,
    contract: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    null_values: tuple[str, ...] = (),
    max_rejects: int | str | None = None,
    stop_on_error: bool = False,
    dry_run: bool = False,
    show: int | None = None,
    first: int | None = None,
    limit: int | None = None,
    again: bool = False,
    columns_changed: Literal["fail", "ignore"] = "fail",
    decimals: Decimals = "float",
    all_text: bool = False,
    from_: DatabaseName | None = None,
    listener: Listener | None = None,
    **dialect: Any,
) -> ImportResult:
    """Sends the rows of one input to an HTTP API, and returns the account of its records.

    >>> import snapshots
    >>> result = snapshots.send("rides.csv", api, database="sqlite:///rides.db", batch=100)
    >>> result.outcome, result.counts.loaded, result.counts.rejected
    ('finished', 2, 1)

    `api` is a URL. It and the values of `headers` may hold `${VARIABLE}`; a value may be `@FILE`.
    `auth` is a `Bearer`, `ClientCredentials` or any other `Auth` of `snapshots.endpoints.http`. If
    `from_` names a database, `input` is a SELECT or a file with one. `database` keeps the account.
    `rate` is in requests per second, times are in seconds. Other arguments are those of `load`. Its
    `outcome` is finished, already_delivered, failed, interrupted, limited or dry_run. Raises
    SnapshotsError if nothing could be begun, TypeError for an unknown argument.
    """
    request = Endpoint(
        url=to, method=method, changed_method=changed_method, key=tuple(key),
        changed_since=changed_since, deletes=deletes, batch=batch, method_column=method_column,
        batch_bytes=batch_bytes, body=body, envelope=envelope,
        action_line=action_line, nested=nested, headers=tuple((headers or {}).items()),
        nulls=nulls, results=results,
        success_path=success_path, success_value=success_value, keep=keep, per_minute=per_minute,
        per_day=per_day, key_header=key_header, concurrency=concurrency, ordered=ordered, rate=rate,
        timeout=timeout, retry_seconds=retry_seconds, auth=auth, proxy=proxy, ca=ca, cert=cert,
        cert_key=cert_key, http2=http2,
    )  # fmt: skip
    options = Options(
        dialect=dialect_of("send", dialect),
        contract=contract_of(contract),
        null_values=null_values,
        max_rejects=None if max_rejects is None else str(max_rejects),
        dry_run=dry_run,
        show=show,
        first=first,
        stop_on_error=stop_on_error,
        limit=limit,
        again=again or from_ is not None,
        columns_changed=columns_changed,
        decimals=decimals,
        all_text=all_text,
        request=request,
        allow_empty=allow_empty,
        max_deletes=str(max_deletes),
    )
    given = os.fspath(input) if isinstance(input, str | os.PathLike) else input
    if from_ is not None and isinstance(given, str):
        given = open_asked(given, locations.text_of(from_), options.contract, options.limit)
    return import_input(given, locations.target(database), options, listener or _ignore)


def run(
    project: str | os.PathLike[str] = ".",
    *,
    database: DatabaseName | None = None,
    page_size: int | None = None,
    limit: int | None = None,
    listener: Listener | None = None,
) -> dict[str, ImportResult | SnapshotsError]:
    """Sends the rows of each query of a project folder to its API.

    Returns the account or the error of each resource. `database` keeps the accounts.
    `page_size` (rows of a request) and `limit` (rows of a resource) override the project's
    settings. Raises ProjectError if the folder is not a project.
    """
    found = read_any_project(Path(project), page_size=page_size, limit=limit)
    home = locations.target(database)
    outcomes = run_project(found, home, listener or _ignore)
    return {outcome.resource.name: outcome.result for outcome in outcomes}


def resume(
    import_id: int,
    *,
    database: DatabaseName | None = None,
    max_rejects: int | str | None = None,
    allow_empty: bool = False,
    max_deletes: int | str = MAX_DELETES,
    allow_cascade: bool = False,
    publish: Publish = "auto",
    workers: int | None = None,
    cluster: str | None = None,
    sessions: int | None = None,
    connections: int = CONNECTIONS,
    url: str | None = None,
    listener: Listener | None = None,
) -> ImportResult:
    """Resumes an unfinished import by its own plan, and returns the account of its records.

    >>> import snapshots
    >>> begun = snapshots.load("rides.csv", database="sqlite:///rides.db", limit=1)
    >>> ended = snapshots.resume(begun.record.import_id, database="sqlite:///rides.db")
    >>> begun.outcome, ended.outcome, ended.counts.records
    ('limited', 'finished', 3)

    `url` is the complete URL of the input if it has credentials, which are not stored. Raises
    SnapshotsError if the import cannot be resumed, for example because its input has changed.
    """
    target = locations.target(database_of(import_id, database))
    guards: Any = {"allow_empty": allow_empty, "allow_cascade": allow_cascade}
    speed: Any = {"workers": workers, "cluster": cluster, "sessions": sessions}
    limits: Any = {
        "max_rejects": None if max_rejects is None else str(max_rejects),
        "max_deletes": str(max_deletes),
    }
    options = Options(connections=connections, **guards, **speed, **limits)
    return resume_import(import_id, target, options, listener or _ignore, url=url, publish=publish)


def undo(
    import_id: int,
    *,
    database: DatabaseName | None = None,
    dry_run: bool = False,
    allow_cascade: bool = False,
) -> UndoReport:
    """Removes the rows of an import; its account stays, and its input can be loaded again.

    >>> import snapshots
    >>> result = snapshots.load("rides.csv", database="sqlite:///rides.db")
    >>> snapshots.undo(result.record.import_id, database="sqlite:///rides.db").removed
    2

    With `dry_run` nothing changes, and `removed` is the number of rows that would be removed. Rows
    of other tables that the database deletes or changes along with them need `allow_cascade`.

    Raises SnapshotsError if there is no such import, if it was undone before (AlreadyUndone), or if
    something stands against it, such as a table without the column `_import_id`.
    """
    target = locations.target(database_of(import_id, database))
    return undo_import(
        import_id, target, lambda _: None, dry_run=dry_run, allow_cascade=allow_cascade
    )


def export_rejects(
    import_id: int,
    path: str | os.PathLike[str],
    *,
    database: DatabaseName | None = None,
    codes: tuple[str, ...] = (),
    input: str | None = None,  # noqa: A002 - the word of the glossary
) -> ExportReport:
    """Writes the open rejects of an import into a new file, which is corrected and replayed.

    >>> import snapshots
    >>> result = snapshots.load("rides.csv", database="sqlite:///rides.db")
    >>> snapshots.export_rejects(1, "fix.csv", database="sqlite:///rides.db").rejects
    1

    The end of the name says which form: `.csv`, `.xlsx` or `.jsonl`. `codes` leaves out all other
    rejects. `input` is where the input is now, for records of more than 64 KiB. Raises
    SnapshotsError, for example if the file exists.
    """
    form, report = form_of(os.fspath(path)), ExportReport()
    require_new(Path(path))
    target = locations.target(database_of(import_id, database))
    with closing(target.connect(create=False)) as session:
        pieces = export(History(target, session), import_id, form, report, codes, input)
        write_new_file(Path(path), pieces)
    return report


def replay(
    import_id: int,
    corrections: str | os.PathLike[str] | None = None,
    *,
    database: DatabaseName | None = None,
    codes: tuple[str, ...] = (),
    contract: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    null_values: tuple[str, ...] = (),
    input: str | None = None,  # noqa: A002 - the word of the glossary
    **dialect: Any,
) -> ReplayReport:
    """Loads rejects of an import: with the corrections of a file, or without one as they are.

    >>> import snapshots
    >>> result = snapshots.load("rides.csv", database="sqlite:///rides.db")
    >>> report = snapshots.replay(1, database="sqlite:///rides.db")
    >>> report.loaded, report.open
    (0, 1)

    `contract`, `null_values` and `dialect` say how the records are read from now on. `codes` leaves
    out all other rejects. Raises SnapshotsError if the import cannot be replayed, or if the file is
    not one of corrections; then nothing was changed.
    """
    target = locations.target(database_of(import_id, database))
    reading = MendedReading(
        contract_of(contract), tuple(null_values), dialect_of("replay", dialect)
    )
    name = "" if corrections is None else os.fspath(corrections)
    with nullcontext() if corrections is None else Path(corrections).open("rb") as file:
        options = ReplayOptions(file, name, codes, reading, VerifyOptions(input=input))
        return replay_import(import_id, target, options, lambda _: None)


def dismiss(
    import_id: int,
    because: str,
    *,
    line: int | None = None,
    codes: tuple[str, ...] = (),
    database: DatabaseName | None = None,
) -> DismissReport:
    """Says of open rejects that they are to stay as they are, and why.

    >>> import snapshots
    >>> result = snapshots.load("rides.csv", database="sqlite:///rides.db")
    >>> snapshots.dismiss(1, "a total", line=4, database="sqlite:///rides.db").open
    0

    Without `line` and `codes` it dismisses all. Raises SnapshotsError.
    """
    target = locations.target(database_of(import_id, database))
    return dismiss_rejects(
        import_id, target, lambda _: None, because=because, line=line, codes=codes
    )


def _ignore(_event: Event) -> None:
    pass
