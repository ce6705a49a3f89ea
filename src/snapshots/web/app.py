"""The application: endpoints over one ledger."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI

from snapshots.web import events, imports, parts, problems
from snapshots.web.hub import Hub
from snapshots.web.pool import Pool
from snapshots.web.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from snapshots.web.settings import Settings


def application(settings: Settings) -> FastAPI:
    """For one process. `app.state.hub` is for whoever ends it: open streams must be closed."""
    pool = Pool(settings.target)
    hub = Hub(pool)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(hub.run())
        try:
            yield
        finally:
            looking.cancel()
            pool.close()

    app = FastAPI(
        title="snapshots",
        version=version("snapshots"),
        summary="Loads CSV from URLs into a database and accounts for every record.",
        openapi_url="/v1/openapi.json",
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.service = Service(settings, pool, hub)
    problems.install(app)
    for routes in (imports.routes, parts.routes, events.routes):
        app.include_router(routes)
    return app
