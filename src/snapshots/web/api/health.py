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
    """The answer that nothing is wrong."""

    status: Literal["ok"] = "ok"


@routes.get("/healthz", summary="The process lives")
async def healthz() -> Health:
    """Says that the service is running, whether or not its database is."""
    return Health()


@routes.get("/readyz", responses=answers(503), summary="The service can do its work")
def readyz(here: Here) -> Health:
    """Says that the database answers and the service is not about to end."""
    if here.hub.closed:
        raise CannotConnect("the service is ending", retryable=True)
    with here.pool.ledger() as ledger:
        ledger.exists()
    return Health()


@routes.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    summary="Prometheus metrics",
)
def metrics(here: Here) -> Response:
    """The metrics that docs/reference/metrics.md lists."""
    text, kind = here.exposition()
    return Response(text, media_type=kind)
