"""The pages of tables: their rows, with filters, one order and pages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import HTMLResponse, Response
from msgspec import Struct

from snapshots.engine.history import table_rows
from snapshots.engine.history.row_values import filter_of, json_value
from snapshots.engine.history.table_rows import RowFilter, RowOrder
from snapshots.errors import ForbiddenTable, NoSuchTable, SnapshotsError
from snapshots.plain import plain
from snapshots.targets.sql.validity import VALID_FROM
from snapshots.web.api.tables import cursor_of, place_of
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.pages import render
from snapshots.web.pages.error_pages import PageRoute
from snapshots.web.problems import status_of

if TYPE_CHECKING:
    from snapshots.ledger.record import Ledger
    from snapshots.model import TypeKind
    from snapshots.ports import Value

ROWS: Final = 50
"""On one page."""
OPERATORS: Final = {
    "eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥",
    "null": "is NULL", "notnull": "is not NULL",
}  # fmt: skip
_NUMBERS: Final = {"integer", "decimal", "float"}
_Text = Annotated[str, Query(max_length=2000)]


class RowQuery(Struct, frozen=True):
    """Which rows of a table a page shows, and in which order."""

    table: str
    where: tuple[str, ...] = ()
    """Conditions, as `column:operator:value`."""
    sort: str | None = None
    """A column; descending with `-` before it."""
    as_of: str | None = None
    """The date or time at which the rows held; None: all rows."""
    after: str | None = None
    """The last row of the page before, as `cursor_of` writes it."""

    def link(self, **changes: object) -> str:
        """The address of the page with other filters, another order or another place."""
        wanted = {**plain(self), "after": None, **changes}
        return f"/tables/{quote(str(wanted.pop('table')), safe='')}{render.query(**wanted)}"


class ColumnHead(Struct, frozen=True):
    """A column of the table on the page."""

    name: str
    type: str
    number: bool
    direction: str | None
    """`ascending` or `descending` if the rows are in its order."""
    link: str
    """To the rows in its order; to the other direction, or to no order, if they are in it."""


class FilterChip(Struct, frozen=True):
    """A condition that holds for the rows on the page."""

    text: str
    without: str
    """The address of the page without it."""


async def _wanted(
    table: Annotated[str, Path(min_length=1, max_length=200)],
    where: Annotated[list[_Text] | None, Query(max_length=20)] = None,
    column: Annotated[str, Query(max_length=200)] = "",
    operator: Annotated[str, Query(max_length=10)] = "eq",
    value: _Text = "",
    sort: Annotated[str | None, Query(max_length=200)] = None,
    as_of: Annotated[str | None, Query(max_length=40)] = None,
    after: Annotated[str | None, Query(max_length=8000)] = None,
) -> RowQuery:
    """The form sends a new condition in three fields."""
    conditions = [*(where or ())]
    if column:
        conditions.append(
            f"{column}:{operator}"
            if operator in {"null", "notnull"}
            else f"{column}:{operator}:{value}"
        )
    return RowQuery(table, tuple(dict.fromkeys(conditions)), sort or None, as_of or None, after)


Wanted = Annotated[RowQuery, Depends(_wanted)]
routes = APIRouter(include_in_schema=False, route_class=PageRoute)


@routes.get("/tables")
def tables(here: Here) -> HTMLResponse:
    """The tables that clients can read."""
    with here.pool.ledger() as ledger:
        names = here.settings.tables.all(ledger)
    links = [(name, RowQuery(name).link()) for name in names]
    return HTMLResponse(render.page(here, "tables.html", tables=links))


@routes.get("/tables/{table:path}")
async def rows(here: Here, client: Client, wanted: Wanted) -> Response:
    """Rows of a table that is open."""
    try:
        filters = [filter_of(one) for one in wanted.where]
        read = partial(_page, here, wanted, filters)
        return await here.reads.run(client, read, "text/html")
    except SnapshotsError as error:
        closed = isinstance(error, ForbiddenTable | NoSuchTable)
        back = ("All tables", "/tables") if closed else ("All rows", RowQuery(wanted.table).link())
        return HTMLResponse(render.problem(here, error, back), status_of(error))


def _page(here: ServiceContext, wanted: RowQuery, filters: list[RowFilter], ledger: Ledger) -> str:
    sort = wanted.sort
    order = [RowOrder(sort.removeprefix("-"), sort.startswith("-"))] if sort else []
    after = None if wanted.after is None else place_of(wanted.after)
    found = table_rows.read(
        ledger,
        here.settings.tables,
        wanted.table,
        filters,
        order,
        after,
        ROWS,
        wanted.as_of,
    )
    return render.page(
        here,
        "rows.html",
        wanted=wanted,
        columns=[_head(wanted, name, kind) for name, kind in found.columns],
        operators=OPERATORS,
        filters=[_chip(wanted, text, one) for text, one in zip(wanted.where, filters, strict=True)],
        history=VALID_FROM in {name for name, _ in found.columns},
        rows=[
            [_text(kind, value) for (_, kind), value in zip(found.columns, row, strict=True)]
            for row in found.rows
        ],
        first=None if wanted.after is None else wanted.link(),
        next=None if found.after is None else wanted.link(after=cursor_of(found.after)),
    )


def _head(wanted: RowQuery, name: str, kind: TypeKind | None) -> ColumnHead:
    following = {name: f"-{name}", f"-{name}": None}
    return ColumnHead(
        name=name,
        type=kind or "",
        number=kind in _NUMBERS,
        direction={name: "ascending", f"-{name}": "descending"}.get(wanted.sort or ""),
        link=wanted.link(sort=following.get(wanted.sort or "", name)),
    )


def _chip(wanted: RowQuery, text: str, one: RowFilter) -> FilterChip:
    others = tuple(other for other in wanted.where if other != text)
    label = f"{one.column} {OPERATORS[one.operator]} {one.value}".rstrip()
    return FilterChip(label, wanted.link(where=others))


def _text(kind: TypeKind | None, value: Value) -> str | None:
    """A value as the JSON of the API has it; None for NULL."""
    shown = json_value(kind, value)
    if isinstance(shown, bool):
        return "true" if shown else "false"
    return None if shown is None else str(shown)
