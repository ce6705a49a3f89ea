"""The progress bar for a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from snapshots.cli.progress_lines import started_line
from snapshots.engine.events import Event, Failed, ImportResult, Notice, Progress, Started
from snapshots.screen_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.events import Listener

FAILURE = 60
"""Characters of one that are shown."""


@contextmanager
def bar() -> Iterator[Listener]:
    """A listener that draws while an import runs; notices go above the bar."""
    console = Console(stderr=True, highlight=False)
    display = RichProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]:,.0f} records/s"),
        TextColumn("{task.fields[rejected]:,} rejected"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failure]}", markup=False, style="yellow"),
        console=console,
        transient=True,
    )
    try:
        yield _Bar(display)
    finally:
        display.stop()


class _Bar:
    def __init__(self, display: RichProgress) -> None:
        self._display = display
        self._task: TaskID | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Notice(text):
                line = plain(f"- {text}")
                self._display.console.print(line, markup=False, style="dim", soft_wrap=True)
            case Started():
                self._end()
                line = plain(started_line(event))
                self._display.console.print(line, markup=False, soft_wrap=True)
                self._task = self._display.add_task(
                    plain(event.input), total=event.bytes_total, rate=0.0, rejected=0, failure=""
                )
                self._display.start()
            case Progress() if self._task is not None:
                failure = event.failure or ""
                self._display.update(
                    self._task,
                    completed=event.bytes_done,
                    rate=event.counts.records / max(event.seconds, 0.001),
                    rejected=event.counts.rejected,
                    failure=failure and f"trying again after: {failure[:FAILURE]}",
                )
            case ImportResult() | Failed():
                self._end()
            case _:
                pass

    def _end(self) -> None:
        # Whoever writes next begins where the bar was: it may not draw any more.
        if self._task is not None:
            self._display.stop()
            self._display.remove_task(self._task)
            self._task = None
