"""Threads of ours: they end with the process, and where the system gives none, that is said."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.errors import out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable


def start(name: str, run: Callable[[], None]) -> threading.Thread:
    """A running thread. Raises OutOfMemory."""
    thread = threading.Thread(target=run, name=f"snapshots-{name}", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise out_of_memory("the system gives no memory for another thread") from error
    return thread
