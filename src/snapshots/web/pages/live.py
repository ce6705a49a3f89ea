"""Sends parts of pages as server-sent events, whenever an import in them has changed."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from anyio import to_thread

from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from snapshots.web.hub import Hub

SHARE = 5
"""After a part was rendered, this many times as long passes before it is rendered again."""
AWAY_SECONDS = 2.0
"""Seconds until a database that did not answer is asked again."""


async def parts(
    hub: Hub, make: Callable[[], str], import_id: int | None = None
) -> AsyncIterator[str]:
    """Yields the part as HTML, now and each time that it has changed.

    `import_id`: the import that it shows; None for all.
    """
    sent = ""
    with hub.listener() as mailbox:
        yield "retry: 2000\n\n"
        while not hub.closed:
            began = time.monotonic()
            try:
                part = await to_thread.run_sync(make)
            except SnapshotsError:
                yield "event: away\ndata:\n\n"
                await asyncio.sleep(AWAY_SECONDS)
                continue
            yield ": nothing new\n\n" if part == sent else f"data: {json.dumps(part)}\n\n"
            sent = part
            await asyncio.sleep(SHARE * (time.monotonic() - began))
            # Nothing told is a reason, too: the hub has taken its first look, or ends, or all has
            # been quiet for long.
            while (changed := await mailbox.take()) and import_id not in {None, *changed}:
                pass
