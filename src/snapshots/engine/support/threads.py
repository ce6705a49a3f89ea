"""Threads of ours: they end with the process, and where the system gives none, that is said."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from snapshots.errors import out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable

_TICK_SECONDS = 0.05


class Thread(threading.Thread):
    """Ctrl-C while it is waited for does not make it look ended: up to Python 3.12 an interrupted
    `join` takes a thread that runs for one that is over."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__(target=work, name=f"snapshots-{name}", daemon=True)
        self._over = threading.Event()

    def run(self) -> None:
        """See `threading.Thread`."""
        try:
            super().run()
        finally:
            self._over.set()

    def join(self, timeout: float | None = None) -> None:
        """See `threading.Thread`."""
        self._over.wait(timeout)

    def is_alive(self) -> bool:
        """See `threading.Thread`; of one that was started."""
        return not self._over.is_set()


def start(name: str, run: Callable[[], None]) -> threading.Thread:
    """A running thread. Raises OutOfMemory."""
    thread = Thread(name, run)
    try:
        thread.start()
    except RuntimeError as error:
        raise out_of_memory("the system gives no memory for another thread") from error
    return thread


def pause(seconds: float, stop: threading.Event) -> None:
    """So long, or until `stop` is set, which a signal may do in the thread that waits here.

    `stop.wait` is no way to wait for that: now and then it holds the event's lock, and a handler
    that runs just then, in this thread, would wait for the lock for ever.
    """
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _TICK_SECONDS))
