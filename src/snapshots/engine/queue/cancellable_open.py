"""Opens inputs whose servers may be slow, so that a stop ends the wait.

Only what happens before the first chunk needs this: a running import checks by itself.
"""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapshots.engine.support import threads
from snapshots.errors import SnapshotsError, Stopped
from snapshots.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.ports import Source
    from snapshots.sources.remote.access import RemoteAccess

LOOK_SECONDS = 0.1


def opened(
    name: str, access: RemoteAccess, stop: threading.Event, sized: Callable[[int], None]
) -> Source:
    """Opens a source as `open_source` does; `sized` is called, in this thread, with its size.

    Raises Stopped as soon as `stop` is set. The thread that waits for the server ends later, when
    the server answers or its time is over.
    """
    found: queue.SimpleQueue[Source | BaseException | int] = queue.SimpleQueue()
    unwanted = threading.Event()

    def open_() -> None:
        try:
            source = open_source(name, access, found.put)
        except BaseException as error:
            found.put(error)
            return
        found.put(source)
        if unwanted.is_set():
            source.close()

    threads.start("opener", open_)
    while not stop.is_set():
        try:
            news = found.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(news, BaseException):
            raise news
        size = news if isinstance(news, int) else news.identity.size
        if size is not None:
            sized(size)
        if not isinstance(news, int):
            return news
    unwanted.set()
    raise Stopped("stopped before the input was opened")


@contextmanager
def ended_by(stop: threading.Event, source: Source) -> Iterator[None]:
    """Within the block, closes a remote source when `stop` is set, and then raises Stopped."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            if stop.is_set():
                source.close()
                return

    looking = threads.start("opener", look) if source.remote else None
    try:
        yield
    except SnapshotsError as error:
        if stop.is_set():
            raise Stopped("stopped before anything was loaded") from error
        raise
    finally:
        over.set()
        if looking is not None:
            looking.join()
    if stop.is_set():
        raise Stopped("stopped before anything was loaded")
