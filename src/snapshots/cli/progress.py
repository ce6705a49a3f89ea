"""Progress on stderr: a line that is drawn on a terminal, plain lines elsewhere, or JSON."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING

from snapshots.cli import verbosity
from snapshots.cli.colours import is_dumb
from snapshots.cli.notices import Notices
from snapshots.cli.progress_lines import plain_line
from snapshots.cli.say import note, say_json
from snapshots.engine.events import Event, Failed, ImportResult, Notice, Progress, Started
from snapshots.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.events import Listener

PLAIN_SECONDS = 5.0
"""Between two lines of plain progress."""


@contextmanager
def reporter(wanted: str, *, quiet: bool = False) -> Iterator[Listener]:
    """Gives the listener for a kind of progress: auto, plain, json or none.

    `quiet` makes `auto` show nothing where there is no terminal, unless `--verbose` is given. With
    `--quiet` nothing is shown at all.
    """
    if verbosity.is_quiet():
        wanted = "none"
    elif wanted == "auto":
        terminal = sys.stderr.isatty() and not is_dumb()
        silent = quiet and not sys.stderr.isatty() and not verbosity.is_verbose()
        wanted = "bar" if terminal else "none" if silent else "plain"
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
    known = plain(event)
    if "text" in known:
        known["message"] = known.pop("text")
    # The names are those of a result.
    counts = known.pop("counts", {})
    say_json({"event": event.json_name, **known, **counts}, err=True)


class _Plain:
    """Prints notices, and a line every few seconds while an import runs."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._verb = "loaded"
        self._notices = Notices()
        self._running: set[int] = set()
        """The threads in which an import is at work."""

    def __call__(self, event: Event) -> None:
        self._notices(event)
        match event:
            case Started():
                self._last = time.monotonic()
                self._verb = "delivered" if event.kind == "delivery" else "loaded"
                self._running.add(get_ident())
            case ImportResult() | Failed():
                self._running.discard(get_ident())
            case Progress() if time.monotonic() - self._last >= PLAIN_SECONDS:
                self._last = time.monotonic()
                which = f"{event.input}: " if len(self._running) > 1 else ""
                note(which + plain_line(event, self._verb))
            case _:
                pass
