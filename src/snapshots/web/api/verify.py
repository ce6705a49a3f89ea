"""Comparing the table of an import with its input."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from snapshots.engine.queue import commands
from snapshots.errors import SnapshotsError
from snapshots.ledger import verifications
from snapshots.web import schemas
from snapshots.web.api.imports import Id
from snapshots.web.api.json_bodies import JsonRoute
from snapshots.web.context import Client, Here, ServiceContext
from snapshots.web.problems import answers

routes = APIRouter(
    prefix="/v1/imports", tags=["imports"], responses=answers(503), route_class=JsonRoute
)


class Verify(BaseModel):
    """Options of a verification."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    ignore: list[str] = Field(default_factory=list, max_length=2000)
    """Names of columns to leave out."""
    counts: StrictBool = False
    """Check only the counts, without the input."""


class VerificationStatus(BaseModel):
    """The state and result of an import's last verification."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    import_id: int
    state: str
    """`none`, `running`, `interrupted` or `finished`."""
    result: str | None
    """The result of a finished verification: `equal`, `differs`, `ledger_damaged` or
    `not_compared`."""
    started_at: str | None
    finished_at: str | None
    by: str | None
    """The client that asked for it."""
    error: schemas.Failure | None
    """The error that stopped it in this process."""
    report: dict[str, Any] | None
    """The report, as `snapshots verify --json` prints it. While it runs: the report so far."""


@routes.post(
    "/{import_id}/verify",
    status_code=202,
    response_model=VerificationStatus,
    responses=answers(400, 403, 404, 409, 422, 429),
    summary="Compare the table with the input",
)
def verify(here: Here, client: Client, import_id: Id, wanted: Verify | None = None) -> Response:
    """Starts or continues a verification. `Location` is the URL of the result."""
    given = wanted or Verify()
    begin(here, client, import_id, given)
    where = {"Location": f"{schemas.path_of(import_id)}/verify"}
    return schemas.answer(shown(here, import_id), 202, where)


@routes.get(
    "/{import_id}/verify",
    response_model=VerificationStatus,
    responses=answers(404, 422),
    summary="Get the result of the last verification",
)
def verified(here: Here, import_id: Id) -> Response:
    """Returns the state and result of the last verification, from the ledger."""
    return schemas.answer(shown(here, import_id))


def begin(here: ServiceContext, client: str, import_id: int, wanted: Verify) -> None:
    """Begins a verification. Raises SnapshotsError."""
    with here.pool.ledger(write=True) as ledger:
        here.verifying.begin(
            here.settings, ledger, import_id, client, wanted.ignore, counts=wanted.counts
        )


def shown(here: ServiceContext, import_id: int) -> VerificationStatus:
    """The last verification, without values of tables that are closed. Raises NoSuchImport."""
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        found = verifications.find(ledger, import_id)
        shows = here.settings.tables.shows_rejects(ledger, entry)
    running = here.verifying.is_running(import_id)
    if found is None:
        state = "running" if running else "none"
        return VerificationStatus(
            import_id=import_id,
            state=state,
            result=None,
            started_at=None,
            finished_at=None,
            by=None,
            error=_failure(here.verifying.error(import_id)),
            report=None,
        )
    report = dict(found.report)
    if not shows:
        report["differences"] = []
    return VerificationStatus(
        import_id=import_id,
        state="running" if running else found.state,
        result=None if running else found.result,
        started_at=found.started_at,
        finished_at=None if running else found.finished_at,
        by=found.by,
        error=_failure(here.verifying.error(import_id)),
        report=report,
    )


def _failure(error: SnapshotsError | None) -> schemas.Failure | None:
    return None if error is None else schemas.Failure(code=error.code, message=str(error))
