"""Threads that end with the process, and a clear error if the system gives none."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from snapshots.errors import out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable

_TICK_SECONDS = 0.05


class Thread(threading.Thread):
    """A daemon thread that `join` reports correctly after Ctrl-C.

    Up to Python 3.12 an interrupted `join` takes a running thread for one that has ended.
    """

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
        """See `threading.Thread`. Only for a thread that was started."""
        return not self._over.is_set()


def start(name: str, run: Callable[[], None]) -> threading.Thread:
    """Starts a thread called `snapshots-NAME`. Raises OutOfMemory if the system gives none."""
    thread = Thread(name, run)
    try:
        thread.start()
    except RuntimeError as error:
        raise out_of_memory("the system has no memory for another thread") from error
    return thread


def pause(seconds: float, stop: threading.Event) -> None:
    """Waits so many seconds, or until `stop` is set; a signal handler of this thread may set it.

    `stop.wait` would not do: it sometimes holds the event's lock, and a handler that runs just
    then in the same thread would wait for that lock forever.
    """
    until = time.monotonic() + seconds
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _TICK_SECONDS))
