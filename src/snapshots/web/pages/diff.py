"""The page that compares two versions of a table with history."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response
from msgspec import Struct

from snapshots.engine.history.row_values import json_value
from snapshots.engine.history.table_rows import patience
from snapshots.errors import SnapshotsError, UsageError
from snapshots.web.api.looking_back import of_dates, of_imports
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.pages import render
from snapshots.web.pages.error_pages import PageRoute
from snapshots.web.problems import status_of

if TYPE_CHECKING:
    from snapshots.engine.lookback.changed_rows import RowChange
    from snapshots.engine.lookback.diff import TableDiff
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableColumn
    from snapshots.ports import Value

ROWS: Final = 200
"""On the page."""


class DiffQuery(Struct, frozen=True):
    """Which versions are compared: those of two imports, or of a table at two dates."""

    table: str = ""
    """Empty: `before` and `after` are the numbers of imports."""
    before: str = ""
    after: str = ""

    def compared(self, here: ServiceContext, ledger: Ledger) -> TableDiff:
        """Compares them. Raises UsageError and what the engine raises."""
        tables = here.settings.tables
        if self.table:
            return of_dates(ledger, tables, self.table, self.before, self.after)
        if not (self.before.isdecimal() and self.after.isdecimal()):
            raise UsageError(
                "the versions to compare are missing",
                hint="name two imports, or a table and two dates",
            )
        return of_imports(ledger, tables, int(self.before), int(self.after))


async def _wanted(
    table: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[str, Query(max_length=40)] = "",
    after: Annotated[str, Query(max_length=40)] = "",
) -> DiffQuery:
    return DiffQuery(table.strip(), before.strip(), after.strip())


Wanted = Annotated[DiffQuery, Depends(_wanted)]
routes = APIRouter(include_in_schema=False, route_class=PageRoute)


@routes.get("/diff")
async def diff(here: Here, client: Client, wanted: Wanted) -> Response:
    """The rows that differ between two versions, and a form for others."""
    if not wanted.before and not wanted.after:
        return HTMLResponse(render.page(here, "diff.html", wanted=wanted, diff=None))
    try:
        return await here.reads.run(client, partial(_page, here, wanted), "text/html")
    except SnapshotsError as error:
        back = ("Compare other versions", "/diff")
        return HTMLResponse(render.problem(here, error, back), status_of(error))


def _page(here: ServiceContext, wanted: DiffQuery, ledger: Ledger) -> str:
    with patience(ledger.session):
        found = wanted.compared(here, ledger)
        changes = found.first(ROWS + 1)
    return render.page(
        here,
        "diff.html",
        wanted=wanted,
        diff=found,
        more=len(changes) > ROWS,
        changes=[_shown(found, one) for one in changes[:ROWS]],
    )


def _shown(found: TableDiff, one: RowChange) -> dict[str, Any]:
    key = zip(found.key, one.key, strict=True)
    return {
        "change": one.change,
        "key": ", ".join(f"{column.name}={_text(column, value)}" for column, value in key),
        "cells": [
            (cell.column.name, _text(cell.column, cell.before), _text(cell.column, cell.after))
            for cell in one.cells
        ],
    }


def _text(column: TableColumn, value: Value) -> str | None:
    """A value as the JSON of the API has it; None for NULL."""
    shown = json_value(column.type.kind if column.type else None, value)
    if isinstance(shown, bool):
        return "true" if shown else "false"
    return None if shown is None else str(shown)
