"""Puts the application together: endpoints over one ledger."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from snapshots.web import pages, problems
from snapshots.web.api import (
    chunks_and_rejects,
    contracts,
    corrections,
    events,
    files,
    health,
    imports,
    kept_answers,
    looking_back,
    openapi,
    tables,
    undo,
    uploads,
    verify,
)
from snapshots.web.api.query_parameters import known_query
from snapshots.web.gate.guard import SHARED, Guard
from snapshots.web.gate.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from snapshots.web.context import ServiceContext


def application(service: ServiceContext) -> ASGIApp:
    """Returns the application for one process. Raises UsageError if the tokens cannot be read."""
    settings = service.settings
    tokens = None if settings.tokens is None else Tokens(settings.tokens)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(service.hub.run())
        try:
            yield
        finally:
            looking.cancel()
            service.verifying.close()
            service.checks.close()
            service.pool.close()
            service.reads.close()

    app = FastAPI(
        title="snapshots",
        version=version("snapshots"),
        summary="Loads CSV from URLs and uploads into a database, and accounts for every record.",
        openapi_tags=openapi.TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        dependencies=[Depends(known_query)],
    )
    app.state.service = service
    modules = (
        *(imports, chunks_and_rejects, kept_answers, corrections, verify, undo, events, files),
        *(uploads, contracts, tables, looking_back, health, openapi),
        pages,
    )
    routers = [module.routes for module in modules]
    problems.install(app, routers)
    problems.describe(app)
    pages.install(app)
    openapi.complete(app, tokens=tokens is not None)
    for router in routers:
        app.include_router(router)
    swagger = StaticFiles(packages=[("fastapi_swagger", "resources")])
    app.mount("/static/swagger", swagger, name="swagger")
    app.mount(f"{SHARED}static", StaticFiles(packages=[("snapshots.web", "static")]), name="shared")
    app.mount("/static", StaticFiles(packages=[("snapshots.web", "static")]), name="static")
    return Guard(app, settings, tokens)
