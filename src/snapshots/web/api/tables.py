"""Endpoints that read rows of open tables."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Final, cast, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from snapshots.engine.history import table_rows
from snapshots.engine.history.row_values import filter_of, json_value
from snapshots.engine.history.table_rows import RowOrder
from snapshots.errors import UsageError
from snapshots.ledger.record import Ledger
from snapshots.model import TypeKind
from snapshots.ports import Value
from snapshots.targets.sql.paging import Operator
from snapshots.web import schemas
from snapshots.web.api.request_bodies import require_storable
from snapshots.web.context import Client, Here
from snapshots.web.problems import answers

routes = APIRouter(prefix="/v1/tables", tags=["tables"], responses=answers(503))

Table = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description="The name of the table, as in an import's `table`.",
    ),
]
Where = Annotated[
    list[Annotated[str, Query(max_length=2000)]],
    Query(
        max_length=20,
        description="`column:operator:value`; the operators are "
        + ", ".join(get_args(Operator))
        + ". All conditions must hold.",
    ),
]

_MOST_AFTER: Final = 8000


class ColumnDescription(BaseModel):
    """One column of a table."""

    name: str
    type: TypeKind | None


class Rows(BaseModel):
    """A page of rows."""

    columns: list[ColumnDescription]
    rows: list[dict[str, Any]]
    """The rows. Decimals, dates and times are strings, so that they stay exact."""
    next: str | None
    """The URL of the next page."""


class Tables(BaseModel):
    """All open tables."""

    tables: list[str]


@routes.get("", response_model=Tables, summary="List the open tables")
def tables(here: Here) -> Response:
    """Lists the tables that imports created and those that the operator opened."""
    with here.pool.ledger() as ledger:
        return schemas.answer(Tables(tables=here.settings.tables.all(ledger)))


@routes.get(
    "/{table}/rows",
    response_model=Rows,
    responses=answers(403, 404, 422, 429, 431),
    summary="Read rows of a table",
)
async def rows(
    here: Here,
    client: Client,
    table: Table,
    where: Where = [],  # noqa: B006 - FastAPI copies it
    sort: Annotated[
        list[Annotated[str, Query(max_length=200)]],
        Query(
            max_length=10,
            description="A column to sort by; with - before it, descending. May be repeated.",
        ),
    ] = [],  # noqa: B006
    after: Annotated[
        str | None, Query(max_length=_MOST_AFTER, description="The value of `after` in `next`.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    as_of: Annotated[
        str | None,
        Query(
            max_length=40,
            description="A date or time in ISO 8601, in UTC. Of a table with history, only the rows"
            " that held then.",
        ),
    ] = None,
) -> Response:
    """Reads rows in the order of `sort`, NULLs last. Without `sort` they come by primary key, or in
    stored order."""
    order = [RowOrder(one.removeprefix("-"), one.startswith("-")) for one in sort]
    filters = [filter_of(one) for one in where]
    place = None if after is None else place_of(after)
    opened = here.settings.tables

    def read(ledger: Ledger) -> str:
        page = table_rows.read(ledger, opened, table, filters, order, place, limit, as_of)
        more = None
        if page.after is not None:
            query = {"where": where, "sort": sort, "limit": limit, "after": cursor_of(page.after)}
            if as_of is not None:
                query["as_of"] = as_of
            more = f"{routes.prefix}/{quote(table, safe='')}/rows?{urlencode(query, doseq=True)}"
        return schemas.json_of(_shown_page(page, more))

    return await here.reads.run(client, read)


def _shown_page(page: table_rows.TablePage, more: str | None) -> Rows:
    return Rows(
        columns=[ColumnDescription(name=name, type=kind) for name, kind in page.columns],
        rows=[
            {
                name: json_value(kind, value)
                for (name, kind), value in zip(page.columns, row, strict=True)
            }
            for row in page.rows
        ],
        next=more,
    )


def cursor_of(keys: tuple[Value, ...]) -> str:
    """The keys of a page's last row, for the URL of the next page. Raises UsageError."""
    if any(isinstance(key, bytes) for key in keys):
        raise UsageError("rows cannot be sorted by bytes", hint="sort by another column")
    cursor = base64.urlsafe_b64encode(json.dumps(keys).encode()).decode("ascii")
    if len(cursor) > _MOST_AFTER:
        raise UsageError(
            "the values in the sort column are too long to mark the next page",
            hint="sort by another column",
        )
    return cursor


def place_of(text: str) -> list[Value]:
    """The keys that `cursor_of` has written. Raises UsageError."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        require_storable(keys)
    except (binascii.Error, ValueError, RecursionError):
        keys = None
    if not isinstance(keys, list) or not all(
        key is None or isinstance(key, str | int | float) for key in keys
    ):
        raise UsageError("this is not a valid position", hint="use the value of `next`")
    return cast("list[Value]", keys)
