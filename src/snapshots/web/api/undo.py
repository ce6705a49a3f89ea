"""Removing the rows of an import that has ended."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StrictBool

from snapshots.engine.queue import commands
from snapshots.engine.undo.report import UndoReport
from snapshots.web import schemas
from snapshots.web.api.imports import Id
from snapshots.web.api.json_bodies import JsonRoute
from snapshots.web.context import Here, ServiceContext
from snapshots.web.problems import answers

routes = APIRouter(
    prefix="/v1/imports", tags=["imports"], responses=answers(503), route_class=JsonRoute
)


class Undo(BaseModel):
    """How an import is undone."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    dry_run: StrictBool = False
    """Only say what would be removed."""
    allow_cascade: StrictBool = False
    """Also where the database then deletes or changes rows of other tables."""


class Referring(BaseModel):
    """Rows that refer to the rows of an import, by one foreign key."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    table: str
    rows: int
    on_delete: str
    """What the database does to them: `refuse`, `cascade`, `set null` or `set default`."""


class RowLeft(BaseModel):
    """A row that could not be undone."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    row: dict[str, str | None]
    """Its values as texts, by column."""
    reason: str


class Undone(BaseModel):
    """What undoing an import has removed, or would remove."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    import_id: int
    table: str
    loaded: int
    """Rows that the import had added to the table."""
    removed: int
    """Rows that were removed, or that a dry run has found."""
    dry_run: bool
    referring: list[Referring]
    restored: int
    """Rows that the import had changed or deleted, and that are in the table again."""
    undo_kept: int
    """Rows that could not be undone, and stay as they are."""
    kept_rows: list[RowLeft]
    """The first 100 of them; none in a dry run."""


@routes.post(
    "/{import_id}/undo",
    response_model=Undone,
    responses=answers(400, 403, 404, 409, 422),
    summary="Remove the rows of an import",
)
def undo(here: Here, import_id: Id, wanted: Undo | None = None) -> Response:
    """Removes the rows of an import that has ended, and answers when that is done. Its history
    stays, and its input can be imported again."""
    report = undone(here, import_id, wanted or Undo())
    fields = report.to_object()
    return schemas.answer(Undone(**{name: fields[name] for name in Undone.model_fields}))


def undone(here: ServiceContext, import_id: int, wanted: Undo) -> UndoReport:
    """Does it, or says what it would do. Raises SnapshotsError."""
    with here.pool.ledger(write=True) as ledger:
        return commands.undo(
            ledger,
            import_id,
            here.settings.tables,
            dry_run=wanted.dry_run,
            allow_cascade=wanted.allow_cascade,
        )
