"""Decides who writes next to a file that one connection may write: whoever has waited longest.

A connection of SQLite that finds the file locked sleeps and tries again, and one that loads a large
input locks it again at once: others of this process would wait until it is done. So they queue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class WriterQueue:
    """A lock that serves whoever came first. A plain one may go back to its last holder."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._serving = 0
        self._gone: set[int] = set()

    @contextmanager
    def mine(
        self,
        seconds: float,
        given_up: Callable[[], bool] = bool,
        refusal: Callable[[], Exception] = TimeoutError,
    ) -> Iterator[None]:
        """Waits up to `seconds` for a turn, or until `given_up()`; the turn ends with the block.

        Raises the refusal where there was none. Who gives up says so with `look`.
        """
        with self._changed:
            number = self._next
            self._next += 1
            try:
                come = lambda: self._serving == number or given_up()  # noqa: E731
                if not self._changed.wait_for(come, seconds) or given_up():
                    raise refusal()
            except BaseException:
                self._leave(number)
                raise
        try:
            yield
        finally:
            with self._changed:
                self._leave(number)

    def look(self) -> None:
        """Makes all who wait ask again whether they have given up."""
        with self._changed:
            self._changed.notify_all()

    def _leave(self, number: int) -> None:
        self._gone.add(number)
        while self._serving in self._gone:
            self._gone.remove(self._serving)
            self._serving += 1
        self._changed.notify_all()


_turns: dict[Path, WriterQueue] = {}
_lock = threading.Lock()


def turns_of(path: Path) -> WriterQueue:
    """Returns the queue of this process for one file."""
    with _lock:
        return _turns.setdefault(path.resolve(), WriterQueue())
