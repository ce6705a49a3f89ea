"""Endpoints that compare versions of tables with history, and show those of a row."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from snapshots.engine.history.table_rows import patience
from snapshots.engine.history.table_shape import shape_of
from snapshots.engine.lookback.diff import (
    TableDiff,
    change_object,
    dates_compared,
    published_dates,
)
from snapshots.engine.lookback.log import log_of
from snapshots.engine.plan.open_tables import OpenTables
from snapshots.engine.plan.version_date import read
from snapshots.ledger.record import Ledger
from snapshots.targets.sql.ddl import written
from snapshots.web import schemas
from snapshots.web.api.tables import Table
from snapshots.web.context import Client, Here
from snapshots.web.problems import answers

routes = APIRouter(prefix="/v1", tags=["tables"], responses=answers(503))

CHANGES: Final = 100
"""Rows that differ, of one answer, unless more are asked for."""
MOST_VERSIONS: Final = 10_000
"""Versions of a row, of one answer."""
Moment = Annotated[str, Query(max_length=40, description="A date or time in ISO 8601, in UTC.")]


class Cell(BaseModel):
    """A value before and after."""

    before: Any
    after: Any


class ChangedRow(BaseModel):
    """A row that differs."""

    change: Literal["added", "removed", "changed"]
    key: dict[str, Any]
    """The values of the key, by column."""
    cells: dict[str, Cell]
    """The values that differ, by column. Of a row that was added or removed: all others."""


class VersionDifference(BaseModel):
    """The rows that differ between two versions of a table."""

    table: str
    before: str
    """The date of the one version, in UTC."""
    after: str
    changes: list[ChangedRow]
    """In the order of the key."""
    more: bool
    """Whether more rows differ than are listed."""


class Version(BaseModel):
    """A version of a row."""

    valid_from: str
    """When it began to hold, in UTC."""
    valid_to: str | None
    """When it ended; null while it holds."""
    import_id: int | None
    input: str | None
    """The name of the file that it came with."""
    line: int | None
    row: dict[str, Any]


class RowVersions(BaseModel):
    """All versions of one row."""

    table: str
    versions: list[Version]
    """Oldest first."""


Most = Annotated[int, Query(ge=1, le=1000, description="How many rows at most.")]


@routes.get(
    "/imports/{import_id}/diff/{other}",
    response_model=VersionDifference,
    responses=answers(403, 404, 409, 422, 429),
    summary="Compare the versions of two imports",
)
async def diff_of_imports(
    here: Here,
    client: Client,
    import_id: Annotated[int, Path(ge=1, le=1 << 53)],
    other: Annotated[int, Path(ge=1, le=1 << 53, description="The later import.")],
    limit: Most = CHANGES,
) -> Response:
    """Compares the versions that two imports of a table with history have published."""

    def compare(ledger: Ledger) -> str:
        with patience(ledger.session):
            diff = of_imports(ledger, here.settings.tables, import_id, other)
            return schemas.json_of(_difference(diff, limit))

    return await here.reads.run(client, compare)


@routes.get(
    "/tables/{table}/diff",
    response_model=VersionDifference,
    responses=answers(403, 404, 422, 429),
    summary="Compare a table at two dates",
)
async def diff_of_dates(
    here: Here,
    client: Client,
    table: Table,
    before: Moment,
    after: Moment,
    limit: Most = CHANGES,
) -> Response:
    """Compares a table with history at two dates or times, in ISO 8601."""

    def compare(ledger: Ledger) -> str:
        with patience(ledger.session):
            diff = of_dates(ledger, here.settings.tables, table, before, after)
            return schemas.json_of(_difference(diff, limit))

    return await here.reads.run(client, compare)


@routes.get(
    "/tables/{table}/log",
    response_model=RowVersions,
    responses=answers(403, 404, 422, 429),
    summary="Show every version of a row",
)
async def log(
    here: Here,
    client: Client,
    table: Table,
    key: Annotated[
        list[Annotated[str, Query(max_length=2000)]],
        Query(max_length=20, description="The values of the key, in the order of its columns."),
    ],
) -> Response:
    """Shows every version of a row of a table with history, and which file it came with."""

    def versions(ledger: Ledger) -> str:
        with patience(ledger.session):
            found = here.settings.tables.readable(ledger, table)
            shape = shape_of(ledger.target, ledger.session, written(found))
            rows = log_of(ledger.target, ledger.session, shape, key)
            shown = [Version.model_validate(one) for one in islice(rows.objects(), MOST_VERSIONS)]
        return schemas.json_of(RowVersions(table=rows.table, versions=shown))

    return await here.reads.run(client, versions)


def of_imports(ledger: Ledger, tables: OpenTables, before: int, after: int) -> TableDiff:
    """Compares the versions of two imports. Raises ForbiddenTable, and what the engine raises."""
    table, dates = published_dates(ledger, (before, after))
    found = tables.readable(ledger, table)
    return dates_compared(ledger.target, ledger.session, written(found), *dates)


def of_dates(ledger: Ledger, tables: OpenTables, table: str, before: str, after: str) -> TableDiff:
    """Compares an open table at two dates."""
    found = tables.readable(ledger, table)
    dates = read(before, "before="), read(after, "after=")
    return dates_compared(ledger.target, ledger.session, written(found), *dates)


def _difference(diff: TableDiff, most: int) -> VersionDifference:
    found = diff.first(most + 1)
    return VersionDifference(
        table=diff.table,
        before=diff.before,
        after=diff.after,
        changes=[ChangedRow.model_validate(change_object(diff, one)) for one in found[:most]],
        more=len(found) > most,
    )
