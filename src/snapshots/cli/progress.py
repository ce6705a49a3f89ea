"""Progress on stderr: a bar on a terminal, plain lines elsewhere, or JSON."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from snapshots.engine.report import Event, Notice, Progress, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.report import Listener

PLAIN_SECONDS = 5.0


@contextmanager
def reporter(wanted: str, *, quiet: bool = False) -> Iterator[Listener]:
    """A listener for the kind of progress wanted. `quiet` leaves notices out of `auto`."""
    if wanted == "auto":
        wanted = "bar" if sys.stderr.isatty() else "none" if quiet else "plain"
    if wanted == "bar":
        from snapshots.cli.bar import bar

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
    kind = type(event).__name__.lower()
    print(json.dumps({"event": kind, **asdict(event)}), file=sys.stderr, flush=True)  # noqa: T201


class _Plain:
    """A line at each notice, and every few seconds of a long import."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, event: Event) -> None:
        match event:
            case Notice(text):
                _say(f"- {text}")
            case Started():
                self._last = time.monotonic()
                verb = "going on with " if event.resumed else ""
                what = f"{verb}{event.kind} {event.import_id}: {event.input}"
                _say(f"{what} -> {event.table}, {event.database}")
            case Progress() if time.monotonic() - self._last >= PLAIN_SECONDS:
                self._last = time.monotonic()
                _say(plain_line(event))
            case _:
                pass


def plain_line(progress: Progress) -> str:
    """Bytes, percent, rows a second, time left and rejects."""
    counts = progress.counts
    rate = counts.records / progress.seconds if progress.seconds else 0
    line = f"{progress.bytes_done / 1e6:,.0f} MB"
    if progress.bytes_total:
        share = progress.bytes_done / progress.bytes_total
        line += f" of {progress.bytes_total / 1e6:,.0f} MB ({share:.0%})"
        if share > 0:
            line += f", {progress.seconds * (1 - share) / share:,.0f} s left"
    elif progress.bytes_total is None:
        line += " of an unknown total"
    return f"{line}, {counts.loaded:,} loaded, {rate:,.0f} records/s, {counts.rejected:,} rejected"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
