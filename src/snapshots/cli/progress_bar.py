"""The progress of an import on a terminal, in one line that is drawn in place."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING

from snapshots.cli import status_line
from snapshots.cli.notices import Notices
from snapshots.cli.progress_lines import Figures, status
from snapshots.cli.widths import columns_of
from snapshots.engine.events import Event, Failed, ImportResult, Progress, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.events import Listener

_SECONDS = 0.1
"""Between two drawings: nobody reads faster."""


@contextmanager
def bar() -> Iterator[Listener]:
    """Gives a listener that draws a line while imports run, and notices above it."""
    try:
        yield _Bar()
    finally:
        status_line.take_away()


class _Bar:
    def __init__(self) -> None:
        self._drawn = 0.0
        self._notices = Notices()
        self._running: dict[int, Progress] = {}
        """By thread: the events of one import come from one."""

    def __call__(self, event: Event) -> None:
        match event:
            case Started() | ImportResult() | Failed():
                status_line.take_away()
                self._drawn = 0.0
                self._running.pop(get_ident(), None)
            case Progress():
                self._running[get_ident()] = event
                if time.monotonic() - self._drawn >= _SECONDS:
                    self._drawn = time.monotonic()
                    figures = Figures.of_all(list(self._running.values()))
                    status_line.draw(status(figures, columns_of() - 1))
            case _:
                pass
        self._notices(event)
