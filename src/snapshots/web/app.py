"""The application: endpoints over one ledger."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from snapshots.web import (
    events,
    files,
    health,
    imports,
    pages,
    parts,
    problems,
    reference,
    tables,
)
from snapshots.web.guard import Guard
from snapshots.web.queries import known_query
from snapshots.web.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from snapshots.web.service import Service


def application(service: Service) -> ASGIApp:
    """For one process. Raises UsageError where the tokens cannot be read."""
    settings = service.settings
    tokens = None if settings.tokens is None else Tokens(settings.tokens)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(service.hub.run())
        try:
            yield
        finally:
            looking.cancel()
            service.pool.close()
            service.reads.close()

    app = FastAPI(
        title="snapshots",
        version=version("snapshots"),
        summary="Loads CSV from URLs into a database and accounts for every record.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        dependencies=[Depends(known_query)],
    )
    app.state.service = service
    modules = (imports, parts, events, files, tables, health, reference, pages)
    routers = [module.routes for module in modules]
    problems.install(app, routers)
    problems.describe(app)
    for router in routers:
        app.include_router(router)
    app.mount("/static", StaticFiles(packages=[("snapshots.web", "static")]), name="static")
    return Guard(app, settings, tokens)
