"""Endpoints that send changes of imports as they happen, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from anyio import to_thread
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from snapshots.engine.history.progress import status
from snapshots.engine.queue import commands
from snapshots.web import schemas
from snapshots.web.api.imports import OVER, Id
from snapshots.web.context import Here
from snapshots.web.hub import Hub
from snapshots.web.problems import answers
from snapshots.web.session_pool import SessionPool

routes = APIRouter(prefix="/v1", tags=["events"], responses=answers(503))


class EventStream(StreamingResponse):
    """A response that browsers read with an EventSource."""

    media_type = "text/event-stream"


@routes.get("/events", response_class=EventStream, summary="Follow all imports")
async def changes(here: Here) -> EventStream:
    """Sends an `import` event, with the import as in a list, whenever one changes.

    Ask for the list once the stream is open: all changes after that are sent.
    """
    here.hub.admit()
    return await _begun(_all(here.hub))


@routes.get(
    "/imports/{import_id}/events",
    response_class=EventStream,
    responses=answers(404, 422),
    summary="Follow one import",
)
async def changes_of_one(here: Here, import_id: Id) -> EventStream:
    """Sends an `import` event now and whenever the import changes, and `end` when it has ended."""
    here.hub.admit()
    await to_thread.run_sync(_now, here.pool, import_id)
    return await _begun(_one(here.hub, here.pool, import_id))


async def _begun(pieces: AsyncIterator[str]) -> EventStream:
    """Opens the stream only once nothing can be missed: its first piece is there."""
    first = await anext(pieces)

    async def stream() -> AsyncIterator[str]:
        yield first
        async for piece in pieces:
            yield piece

    return EventStream(stream())


async def _all(hub: Hub) -> AsyncIterator[str]:
    with hub.listener() as mailbox:
        await mailbox.opened.wait()
        yield "retry: 2000\n\n"
        while not hub.closed:
            changed = await mailbox.take()
            yield "".join(map(_event, changed.values())) or ": nothing new\n\n"


async def _one(hub: Hub, pool: SessionPool, import_id: int) -> AsyncIterator[str]:
    with hub.listener() as mailbox:
        yield "retry: 2000\n\n"
        await mailbox.opened.wait()
        # Looked at once more, now that nothing can be missed.
        shown = await to_thread.run_sync(_now, pool, import_id)
        while not hub.closed:
            yield _event(shown)
            if shown.state in OVER:
                yield "event: end\ndata: {}\n\n"
                return
            while import_id not in (changed := await mailbox.take()) and not hub.closed:
                yield ": nothing new\n\n"
            shown = changed.get(import_id, shown)


def _now(pool: SessionPool, import_id: int) -> schemas.Import:
    with pool.ledger() as ledger:
        return schemas.shown(status(ledger, commands.find(ledger, import_id)))


def _event(shown: schemas.Import) -> str:
    return f"event: import\nid: {shown.import_id}\ndata: {schemas.json_of(shown)}\n\n"
