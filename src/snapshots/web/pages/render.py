"""Renders the templates with what the ledger says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from snapshots.engine.history.progress import status
from snapshots.engine.queue import commands
from snapshots.ledger import verifications
from snapshots.ledger.history import ImportFilter
from snapshots.ledger.timeline import timeline
from snapshots.model import State
from snapshots.sources import shown
from snapshots.web.pages.cards import ImportCard
from snapshots.web.pages.chart import chart
from snapshots.web.pages.formatting import FILTERS
from snapshots.web.pages.import_form import ImportForm
from snapshots.web.pages.reasons import link, ranked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.errors import SnapshotsError
    from snapshots.web.context import ServiceContext

IMPORTS = 25
REJECTS = 25
"""How many rejects a page shows."""
_STATES: tuple[State, ...] = (
    "running", "queued", "finished", "failed", "cancelled", "interrupted",
)  # fmt: skip


def imports(
    here: ServiceContext,
    state: State | None,
    before: int | None,
    given: ImportForm | None = None,
    problem: SnapshotsError | None = None,
) -> str:
    """Renders the first page: the imports, and the form for another."""
    return _page(
        here,
        "imports.html",
        problem=problem,
        given=given or ImportForm(),
        states=_STATES,
        live=f"/live{_query(state=state, before=before)}",
        **_imports(here, state, before),
    )


def imports_part(here: ServiceContext, state: State | None, before: int | None) -> str:
    """Renders the list on the first page."""
    return _template("list.html", _imports(here, state, before))


def one(here: ServiceContext, import_id: int, code: str | None, after: int | None) -> str:
    """Renders the page of an import."""
    live = f"/imports/{import_id}/live{_query(code=code, after=after)}"
    return _page(here, "import.html", live=live, **_one(here, import_id, code, after))


def one_part(here: ServiceContext, import_id: int, code: str | None, after: int | None) -> str:
    """Renders the part of that page that changes."""
    return _template("detail.html", _one(here, import_id, code, after))


def problem(here: ServiceContext, error: SnapshotsError) -> str:
    """Renders the page for something that could not be done."""
    return _page(here, "problem.html", problem=error)


def _imports(here: ServiceContext, state: State | None, before: int | None) -> dict[str, Any]:
    search = ImportFilter(states=(state,) if state else ())
    with here.pool.ledger() as ledger:
        found = ledger.page(search, before, IMPORTS + 1)
        cards = [ImportCard(status(ledger, entry)) for entry in found[:IMPORTS]]
    older = _query(state=state, before=cards[-1].id) if len(found) > IMPORTS else None
    return {"imports": cards, "state": state, "older": older and f"/{older}"}


def _one(
    here: ServiceContext, import_id: int, code: str | None, after: int | None
) -> dict[str, Any]:
    past = -1 if after is None else after
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        card = ImportCard(status(ledger, entry), verifications.find(ledger, import_id))
        groups = timeline(ledger, import_id)
        by_code = ledger.reject_counts(import_id)
        shows = here.settings.tables.shows_rejects(ledger, entry)
        found = ledger.rejects_after(import_id, past, code, REJECTS + 1) if shows else []
    rejects = found[:REJECTS]
    more = len(found) > REJECTS
    return {
        "import": card,
        "chart": chart(groups),
        "reasons": ranked(import_id, by_code, code),
        "code": code,
        "rejects": rejects,
        "shows_rejects": shows,
        "first": None if after is None else link(import_id, code=code),
        "next": link(import_id, code=code, after=rejects[-1].byte_offset) if more else None,
    }


def _page(here: ServiceContext, name: str, **context: Any) -> str:
    frame = {"database": here.settings.target.display(), "problem": None}
    return _template(name, frame | context)


def _query(**values: object) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


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
    return environment
