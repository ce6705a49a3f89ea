"""Progress on stderr: a bar on a terminal, plain lines elsewhere, or JSON."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from snapshots.cli.progress_lines import plain_line, started_line
from snapshots.cli.say import say, say_json
from snapshots.engine.events import Event, Notice, Progress, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.events import Listener

PLAIN_SECONDS = 5.0
"""Between two lines of plain progress."""


@contextmanager
def reporter(wanted: str, *, quiet: bool = False) -> Iterator[Listener]:
    """Gives the listener for a kind of progress: auto, plain, json or none.

    `quiet` makes `auto` show nothing where there is no terminal.
    """
    if wanted == "auto":
        wanted = "bar" if sys.stderr.isatty() else "none" if quiet else "plain"
    if wanted == "bar":
        from snapshots.cli.progress_bar import bar

        with bar() as listener:
            yield listener
    elif wanted == "json":
        yield _json_line
    elif wanted == "plain":
        yield _Plain()
    else:
        yield lambda _event: None


def _json_line(event: Event) -> None:
    if not isinstance(event, Notice | Started | Progress):
        return
    known = asdict(event)
    if "text" in known:
        known["message"] = known.pop("text")
    # The names are those of a result.
    counts = known.pop("counts", {})
    say_json({"event": event.json_name, **known, **counts}, err=True)


class _Plain:
    """Prints a line for each notice, and one every few seconds while an import runs."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._verb = "loaded"

    def __call__(self, event: Event) -> None:
        match event:
            case Notice(text):
                say(f"- {text}", err=True)
            case Started():
                self._last = time.monotonic()
                self._verb = "delivered" if event.kind == "delivery" else "loaded"
                say(started_line(event), err=True)
            case Progress() if time.monotonic() - self._last >= PLAIN_SECONDS:
                self._last = time.monotonic()
                say(plain_line(event, self._verb), err=True)
            case _:
                pass
