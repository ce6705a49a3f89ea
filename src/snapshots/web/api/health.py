"""Endpoints for probes and for Prometheus."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from snapshots.errors import CannotConnect
from snapshots.web.context import Here
from snapshots.web.problems import answers

routes = APIRouter(tags=["health"])


class Health(BaseModel):
    """The answer if all is well."""

    status: Literal["ok"] = "ok"


@routes.get("/healthz", summary="Check that the process runs")
async def healthz() -> Health:
    """Succeeds while the service runs, even if its database does not answer."""
    return Health()


@routes.get("/readyz", responses=answers(503), summary="Check that the service can work")
def readyz(here: Here) -> Health:
    """Succeeds if the database answers and the service is not shutting down."""
    if here.hub.closed:
        raise CannotConnect("the service is shutting down", retryable=True)
    with here.pool.ledger() as ledger:
        ledger.exists()
    return Health()


@routes.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    summary="Get Prometheus metrics",
)
def metrics(here: Here) -> Response:
    """Returns the metrics of this service in the format of Prometheus."""
    text, kind = here.exposition()
    return Response(text, media_type=kind)
