"""The pages that lead from a file to its import: choose, read, map, check, import."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from snapshots.engine.plan.options import BY_KEY
from snapshots.engine.plan.table_name import table_for
from snapshots.engine.queue import commands
from snapshots.engine.queue.preview import Preview, preview, resolved
from snapshots.errors import ForbiddenTable, SnapshotsError, UsageError
from snapshots.formats.doubt import NAMES
from snapshots.ledger import contracts
from snapshots.ledger.contracts import KeptContract
from snapshots.web.api.files import take
from snapshots.web.api.imports import asked_for
from snapshots.web.api.request_bodies import NewImport
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.gate.guard import FORM_UPLOAD
from snapshots.web.pages import render
from snapshots.web.pages.columns_form import columns_form, columns_mark, contract_schema
from snapshots.web.pages.draft import ImportDraft, draft_of
from snapshots.web.pages.error_pages import PageRoute
from snapshots.web.pages.version_fields import version_options
from snapshots.web.problems import explanation, status_of
from snapshots.web.uploads.multipart import MultipartFile
from snapshots.web.uploads.names import storable_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ledger.record import Ledger
    from snapshots.model import TableShape

RECORDS: Final = 10
"""On the page that shows how a file is read."""
PREVIEW_SECONDS: Final = 60.0
"""After which a slow server is not waited for any more."""
MOST_COLUMNS: Final = 2000
"""More than a table of most databases may have. A page has a line for each."""
DELIMITERS: Final = {",": ",", ";": ";", "\t": "tab", "|": "|", " ": "space", "": "none"}
"""What a form calls the delimiters that people have."""
ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252 (Western Europe)",
    "latin-1": "ISO 8859-1",
    "iso8859-15": "ISO 8859-15",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp850": "DOS 850",
    "mac-roman": "Mac Roman",
    "utf-16": "UTF-16",
    "shift_jis": "Shift JIS",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "euc-kr": "EUC-KR",
}
WRITERS: Final = {
    "postgres-text": "PostgreSQL: COPY, as text",
    "mysql-outfile": "MySQL, MariaDB: INTO OUTFILE",
    "excel-csv": "Excel, as CSV",
}
"""What a form calls the programs that `input_format` names."""
Draft = Annotated[ImportDraft, Depends(draft_of)]
Number = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]

routes = APIRouter(include_in_schema=False, route_class=PageRoute)


@routes.get("/new")
def choose(here: Here) -> HTMLResponse:
    """The first step: a file or a URL."""
    return HTMLResponse(_choose(here))


@routes.post(FORM_UPLOAD)
async def file(here: Here, client: Client, request: Request) -> Response:
    """Takes the whole file from a form, for browsers without scripts."""
    try:
        form = MultipartFile(request.headers.get("content-type", ""))
        with here.uploading.turn(client):
            stored = await take(
                here, request.stream(), Response(), form=form, renamed=storable_name
            )
    except SnapshotsError as error:
        return HTMLResponse(_choose(here, problem=error), status_of(error))
    return await _page(here, client, partial(_reading, here, ImportDraft(file=stored.name)))


@routes.post("/new/preview")
async def reading(here: Here, client: Client, draft: Draft) -> Response:
    """The second step: the first records, and how the file is read."""
    return await _page(here, client, partial(_reading, here, draft))


@routes.post("/new/columns")
async def columns(here: Here, client: Client, draft: Draft) -> Response:
    """The third step: which column goes where, and as what."""
    return await _page(here, client, partial(_columns, here, draft))


@routes.post("/new/check")
async def check(here: Here, client: Client, draft: Draft) -> Response:
    """Begins the fourth step: reads the whole file, and loads nothing."""
    return await _page(here, client, partial(_check, here, draft))


@routes.get("/new/checks/{number}")
def checked(here: Here, number: Number) -> HTMLResponse:
    """What a check has found so far."""
    found = here.checks.find(number)
    if found is None:
        raise UsageError(
            "this check does not exist any more",
            hint="begin again: the service keeps results only for a while",
        )
    draft = ImportDraft.of(found.draft.items())
    return HTMLResponse(
        render.page(here, "check.html", check=found, draft=draft, fields=list(draft.pairs()))
    )


@routes.post("/new/import")
async def begin(here: Here, client: Client, draft: Draft) -> Response:
    """The last step: asks for the import, and keeps the columns if they have a name."""
    return await _page(here, client, partial(_import, here, draft))


async def _page(here: ServiceContext, client: str, make: Callable[[], Response]) -> Response:
    """Makes a page on a thread. A client makes few at once: each reads a file."""
    with here.previewing.turn(client):
        return await to_thread.run_sync(make)


def _choose(
    here: ServiceContext, draft: ImportDraft | None = None, problem: SnapshotsError | None = None
) -> str:
    return render.page(
        here,
        "choose.html",
        draft=draft or ImportDraft(),
        problem=problem,
        most=here.settings.max_upload,
    )


def _reading(here: ServiceContext, draft: ImportDraft) -> Response:
    try:
        draft.located(here.settings)
    except SnapshotsError as error:
        return HTMLResponse(_choose(here, draft, error), status_of(error))
    found, problem = None, None
    layouts = _layouts(here, draft)
    try:
        found = _previewed(here, draft)
    except SnapshotsError as error:
        problem = error
    return HTMLResponse(
        render.page(
            here,
            "reading.html",
            draft=draft,
            preview=found,
            records=found.records[:RECORDS] if found else (),
            detected=_detected(found),
            trouble=problem,
            delimiters=DELIMITERS,
            names=NAMES,
            encodings=ENCODINGS,
            writers=WRITERS,
            layouts=layouts,
            objects=found is not None and found.sniffed.dialect.syntax != "delimited",
        ),
        200 if problem is None else status_of(problem),
    )


def _detected(found: Preview | None) -> dict[str, str]:
    """What each choice is now, in words."""
    if found is None:
        return dict.fromkeys(("delimiter", "quote", "encoding", "header", "preamble"), "")
    dialect = found.sniffed.dialect
    encoding = dialect.encoding
    return {
        "delimiter": NAMES.get(dialect.delimiter, dialect.delimiter),
        "quote": dialect.quote or "none",
        "encoding": ENCODINGS.get(encoding, encoding.upper()),
        "header": "yes" if dialect.header else "no",
        "preamble": str(dialect.preamble),
    }


def _layouts(here: ServiceContext, draft: ImportDraft) -> list[str]:
    """The names of the kept contracts that say where fields stand. The one that a person has chosen
    becomes the draft's."""
    with here.pool.ledger() as ledger:
        kept = {
            one.name: one
            for one in contracts.kept(ledger)
            if any("x-start" in field for field in one.contract["fields"])
        }
    if (chosen := kept.get(draft.layout)) is not None:
        draft.contract = json.dumps(chosen.contract, ensure_ascii=False)
        draft.table = draft.table or chosen.table
    draft.layout = ""
    return list(kept)


def _previewed(here: ServiceContext, draft: ImportDraft, *, types: bool = False) -> Preview:
    """Reads the beginning of the input. Raises SnapshotsError."""
    place, access = draft.located(here.settings)
    stop = threading.Event()
    last = threading.Timer(PREVIEW_SECONDS, stop.set)
    last.daemon = True
    last.start()
    try:
        given = draft.given()
        contract = None if given is None else given.contract
        found = preview(place, draft.dialect(), access, stop, contract=contract, types=types)
        if given is not None:
            given.require_fits(found.header)
        return found
    finally:
        last.cancel()


def _columns(
    here: ServiceContext, draft: ImportDraft, problem: SnapshotsError | None = None
) -> Response:
    try:
        found = _previewed(here, draft, types=True)
    except SnapshotsError:
        # It says what is wrong, and lets it be changed.
        return _reading(here, draft)
    with here.pool.ledger() as ledger:
        offered = [one for one in contracts.kept(ledger) if _fits(one, found)]
        chosen = _chosen(draft, found, offered)
        if chosen is not None and (draft.kept or not draft.table):
            draft.table = chosen.table
        draft.table = draft.table or _default_table(draft)
        shape: TableShape | None = None
        try:
            shape = _shape(here, ledger, draft)
        except SnapshotsError as error:
            problem = problem or error
        tables = here.settings.tables.all(ledger)
    if len(found.header) > MOST_COLUMNS:
        raise UsageError(
            f"the file has {len(found.header):,} columns; these pages take {MOST_COLUMNS:,}",
            hint="import it with a command, or over REST",
        )
    form = columns_form(draft, found, shape, chosen)
    draft.columns, draft.to, draft.forms, draft.keys = form.mark, {}, {}, {}
    return HTMLResponse(
        render.page(
            here,
            "map.html",
            draft=draft,
            form=form,
            tables=tables,
            exists=shape is not None,
            offered=offered,
            applied=chosen if chosen is not None and chosen.name else None,
            problem=problem,
            fields=[(name, text) for name, text in draft.pairs() if name in _OF_OTHER_STEPS],
        ),
        200 if problem is None else status_of(problem),
    )


_OF_OTHER_STEPS: Final = {
    "url", "file", "seen", "input_format", "delimiter", "quote", "encoding", "header", "preamble",
    "nested_objects", "contract", "columns",
}  # fmt: skip
"""Fields of the earlier steps."""


def _default_table(draft: ImportDraft) -> str:
    try:
        return table_for(draft.input, None)
    except SnapshotsError:
        return ""


def _shape(here: ServiceContext, ledger: Ledger, draft: ImportDraft) -> TableShape | None:
    """The table as it is; None if it does not exist. Raises ForbiddenTable, also for the table of
    another database, and UsageError."""
    tables, target = here.settings.tables, ledger.target
    named = tables.named(target, draft.input, draft.table or None)
    tables.require_takes(ledger, named)
    return target.inspect(ledger.session, named)


def _fits(one: KeptContract, found: Preview) -> bool:
    """Whether a file has all columns that a kept contract names."""
    sources = {field.get("x-source", field["name"]) for field in one.contract["fields"]}
    return sources <= set(found.header)


def _chosen(draft: ImportDraft, found: Preview, offered: list[KeptContract]) -> KeptContract | None:
    """The kept contract to apply: the one that a person has just chosen, else the one that is
    pasted, else one for exactly these columns, unless the person has seen them already."""
    if draft.kept:
        return next((one for one in offered if one.name == draft.kept), None)
    if draft.columns:
        return None
    if (given := draft.given()) is not None:
        return KeptContract("", draft.table, found.header, {"fields": given.fields}, "")
    return next((one for one in offered if one.header == found.header), None)


def _wanted(here: ServiceContext, draft: ImportDraft) -> tuple[NewImport, Preview]:
    """The import that the draft asks for. Raises SnapshotsError."""
    found = _previewed(here, draft)
    with here.pool.ledger() as ledger:
        shape = _shape(here, ledger, draft)
    if draft.columns != columns_mark(found, draft.table, shape):
        raise UsageError(
            "the columns of the file or of the table have changed since you chose them",
            hint="look at them again",
        )
    given: dict[str, Any] = {
        name: text for name in ("url", "file", "table", "max_rejects")
        if (text := getattr(draft, name))
    }  # fmt: skip
    given |= version_options(draft)
    if draft.mode in BY_KEY:
        # The key that the table has, if nobody chooses one.
        given["primary_key"] = [draft.to[at] for at in sorted(draft.keys) if draft.to.get(at)]
    given["dialect"] = resolved(found.sniffed)
    given["contract"] = contract_schema(draft, found, shape)
    try:
        return NewImport(**given, again=bool(draft.again)), found
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(explanation(first), place=place) from None


def _check(here: ServiceContext, draft: ImportDraft) -> Response:
    try:
        wanted, _ = _wanted(here, draft)
        request = wanted.request()
        request.require_contract()
        with here.pool.ledger() as ledger:
            commands.require_takes(ledger, request, here.settings.tables)
        _, access = draft.located(here.settings)
        number = here.checks.begin(here.settings, request, access, dict(draft.pairs())).number
    except SnapshotsError as error:
        return _columns(here, draft, error)
    return RedirectResponse(f"/new/checks/{number}", 303)


def _import(here: ServiceContext, draft: ImportDraft) -> Response:
    try:
        wanted, found = _wanted(here, draft)
        if draft.keep_as and wanted.contract is not None:
            with here.pool.ledger(write=True) as ledger:
                contracts.keep(
                    ledger, draft.keep_as[:200], draft.table, found.header, wanted.contract
                )
        import_id = asked_for(here, wanted).import_id
    except ForbiddenTable:
        raise
    except SnapshotsError as error:
        return _columns(here, draft, error)
    return RedirectResponse(f"/imports/{import_id}", 303)
