"""Renders the templates with what the ledger says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from snapshots.engine.history.progress import status
from snapshots.engine.queue import commands
from snapshots.ledger import verifications
from snapshots.ledger.history import ImportFilter
from snapshots.ledger.timeline import timeline
from snapshots.ledger.versions import version_before
from snapshots.model import State
from snapshots.plain import plain
from snapshots.sources import shown
from snapshots.web.gate.guard import SHARED
from snapshots.web.pages.cards import ImportCard
from snapshots.web.pages.chart import chart
from snapshots.web.pages.formatting import FILTERS
from snapshots.web.pages.import_form import ImportForm
from snapshots.web.pages.reasons import link, ranked
from snapshots.web.pages.version_fields import DUPLICATES, MODES, WAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.errors import SnapshotsError
    from snapshots.web.context import ServiceContext

IMPORTS = 50
REJECTS = 25
"""On one page."""


class Tab(NamedTuple):
    """A filter of the list: a state or `all`, how many imports it leaves, its address."""

    name: str
    imports: int
    link: str


class ListQuery(Struct, frozen=True):
    """Which imports a list shows: of one state, with a name like this, older than one."""

    state: State | None = None
    name: str | None = None
    before: int | None = None

    def link(self, path: str, **changes: object) -> str:
        """The address of such a list."""
        return path + query(**{**plain(self), **changes})


def imports(
    here: ServiceContext,
    wanted: ListQuery,
    given: ImportForm | None = None,
    problem: SnapshotsError | None = None,
) -> str:
    """Renders the first page: the imports, and the form for another."""
    return page(
        here,
        "imports.html",
        problem=problem,
        given=given or ImportForm(),
        live=wanted.link("/live"),
        **_imports(here, wanted),
    )


def imports_part(here: ServiceContext, wanted: ListQuery) -> str:
    """The list on the start page."""
    return _template("list.html", _imports(here, wanted))


def one(here: ServiceContext, import_id: int, code: str | None, after: int | None) -> str:
    """The page of an import."""
    live = f"/imports/{import_id}/live{query(code=code, after=after)}"
    return page(here, "import.html", live=live, **_one(here, import_id, code, after))


def one_part(here: ServiceContext, import_id: int, code: str | None, after: int | None) -> str:
    """The part of that page that changes."""
    return _template("detail.html", _one(here, import_id, code, after))


def problem(
    here: ServiceContext, error: SnapshotsError, back: tuple[str, str] | None = None
) -> str:
    """The page for what could not be done. `back` is a link: its text and its address."""
    return page(here, "problem.html", error=error, back=back or ("All imports", "/"))


def docs() -> str:
    """Swagger UI."""
    return _template("docs.html", {})


def _imports(here: ServiceContext, wanted: ListQuery) -> dict[str, Any]:
    search = ImportFilter(states=(wanted.state,) if wanted.state else (), name=wanted.name)
    with here.pool.ledger() as ledger:
        found = ledger.page(search, wanted.before, IMPORTS + 1)
        cards = [
            ImportCard(status(ledger, entry), here.settings.files) for entry in found[:IMPORTS]
        ]
        counts = ledger.count_by_state(search)
    older = wanted.link("/", before=cards[-1].id) if len(found) > IMPORTS else None
    return {
        "imports": cards,
        "wanted": wanted,
        "older": older,
        "tabs": [
            Tab("all", sum(counts.values()), wanted.link("/", state=None, before=None)),
            *(
                Tab(state, counts.get(state, 0), wanted.link("/", state=state, before=None))
                for state in get_args(State)
            ),
        ],
    }


def _one(
    here: ServiceContext, import_id: int, code: str | None, after: int | None
) -> dict[str, Any]:
    past = -1 if after is None else after
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        card = ImportCard(
            status(ledger, entry), here.settings.files, verifications.find(ledger, import_id)
        )
        groups = timeline(ledger, import_id)
        by_code = ledger.reject_counts(import_id)
        former = version_before(ledger, entry)
        shows = here.settings.tables.shows_rejects(ledger, entry)
        codes = () if code is None else (code,)
        found = ledger.rejects_after(import_id, past, codes, REJECTS + 1) if shows else []
    rejects = found[:REJECTS]
    more = len(found) > REJECTS
    return {
        "import": card,
        "former": None if former is None else f"/diff{query(before=former, after=import_id)}",
        "chart": chart(groups),
        "reasons": ranked(import_id, by_code, code),
        "code": code,
        "rejects": rejects,
        "shows_rejects": shows,
        "first": None if after is None else link(import_id, code=code),
        "next": link(import_id, code=code, after=rejects[-1].byte_offset) if more else None,
    }


def page(here: ServiceContext, name: str, **context: Any) -> str:
    """A template within the frame that all pages have."""
    frame = {"database": here.settings.target.display(), "problem": None, "static": "/static"}
    return _template(name, frame | context)


def shared_page(name: str, **context: Any) -> str:
    """A template for somebody who has a link alone: it names neither the database nor pages that
    the link does not reach."""
    frame = {"database": None, "problem": None, "static": f"{SHARED}static"}
    return _template(name, frame | context)


def query(**values: object) -> str:
    """The query of an address, with its question mark; values that are None or empty are left
    out, and lists repeat their name."""
    given = {name: value for name, value in values.items() if value not in {None, ()}}
    return f"?{urlencode(given, doseq=True)}" if given else ""


def _template(name: str, context: Mapping[str, Any]) -> str:
    return _environment().get_template(name).render(context)


@cache
def _environment() -> Environment:
    """Returns the environment of the templates, which escapes every value."""
    environment = Environment(
        loader=PackageLoader("snapshots.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, shown=shown)
    environment.globals.update(modes=MODES, duplicates=DUPLICATES, ways=WAYS)
    return environment
