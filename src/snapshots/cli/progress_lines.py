"""The lines about an import that is running."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.cli.widths import middle_cut, start_of, width
from snapshots.engine.events import Progress, Started
from snapshots.model import Counts
from snapshots.notes import ReadingNote, number_of
from snapshots.screen_text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINES = 2
_NAME = 12
"""Columns of a name that can still be recognised."""
_BAR, _LONGEST_BAR = 12, 30
_FILE = "sqlite:///"


def started_line(event: Started) -> str:
    """The line that says what is loaded or sent, and where."""
    verb = "going on with " if event.resumed else ""
    what = f"{verb}{event.kind} {event.import_id}: {event.input}"
    return f"{what} -> {event.table}, {near(event.database)}"


def near(database: str) -> str:
    """The URL of a database; a SQLite file in the current folder is named from there on."""
    try:
        here = os.getcwd()  # noqa: PTH109 - a text is compared
    except OSError:
        return database
    return f"{_FILE}{database.removeprefix(f'{_FILE}{here}/')}" if database.startswith(
        f"{_FILE}{here}/"
    ) else database  # fmt: skip


def reading_lines(reading: ReadingNote, most: int) -> list[str]:
    """How an input is read, in two lines at most of at most so many columns each.

    Columns that find no space are counted.
    """
    names = reading.columns
    for number in range(len(names), 0, -1):
        lines = _filled(_parts(reading, number), most)
        if len(lines) <= _LINES and all(width(line) <= most for line in lines):
            return lines
    return [f"{reading.written}; {number_of(len(names))}"]


def _parts(reading: ReadingNote, number: int) -> list[str]:
    """What must stand on one line, up to the column of that number."""
    names = reading.columns
    left = len(names) - number
    parts = [f"{name}," for name in names[:number]]
    parts.append(f"and {left:,} more" if left else parts.pop().removesuffix(","))
    return [f"{reading.written};", f"{number_of(len(names))}:", *parts]


def _filled(parts: list[str], most: int) -> list[str]:
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} {part}".strip()
        if width(longer) <= most or not lines[-1]:
            lines[-1] = longer
        elif len(lines) > _LINES:
            break
        else:
            lines.append(part)
    return lines


class Figures(Struct, frozen=True):
    """What there is to say of a running import."""

    name: str
    rows: int
    rate: float
    """Rows per second."""
    rejected: int
    bytes_done: int
    share: float | None
    """Of the input, from 0 to 1; None: how long it is cannot be known."""
    left: float | None
    """Seconds; None: that cannot be known yet."""
    failure: str | None = None

    @classmethod
    def of(cls, progress: Progress) -> Figures:
        """The figures of an event."""
        total = progress.bytes_total
        share = min(1.0, progress.bytes_done / total) if total else None
        return cls(
            name=plain(progress.input),
            rows=progress.counts.loaded,
            rate=progress.counts.loaded / max(progress.seconds, 0.001),
            rejected=progress.counts.rejected,
            bytes_done=progress.bytes_done,
            share=share,
            left=progress.seconds * (1 - share) / share if share else None,
            failure=progress.failure,
        )

    @classmethod
    def of_all(cls, running: Sequence[Progress]) -> Figures:
        """Those of imports that run at once, added up; of a single one, its own."""
        if len(running) == 1:
            return cls.of(running[0])
        totals = [one.bytes_total for one in running if one.bytes_total is not None]
        known = len(totals) == len(running)
        together = Progress(
            import_id=running[0].import_id,
            input=f"{len(running)} inputs",
            counts=sum((one.counts for one in running), Counts()),
            bytes_done=sum(one.bytes_done for one in running),
            bytes_total=sum(totals) if known else None,
            seconds=max(one.seconds for one in running),
            failure=next((one.failure for one in running if one.failure), None),
        )
        return cls.of(together)


def status(figures: Figures, most: int) -> str:
    """The line that is drawn on a terminal, in at most so many columns.

    Percent, rows, speed and time left are in it as long as there is space for them; the name is cut
    in the middle, and a bar is drawn where there is space to spare.
    """
    ways = _ways(figures)
    if figures.failure:
        # Why nothing goes on matters more than what it is called.
        for parts in ways:
            line = f"{'  '.join(parts)}  trying again after: {figures.failure}"
            if width(line) <= most:
                return line
        return start_of(f"{' '.join(ways[-1])}  trying again after: {figures.failure}", most)
    shortest = min(width(figures.name), _NAME)
    for parts in ways[:-1]:
        free = most - width("  ".join(parts)) - 2
        if free >= shortest:
            name = middle_cut(figures.name, free)
            return "  ".join((name, *_bar(figures, free - width(name) - 2), *parts))
    line = " ".join(ways[-1])
    free = most - width(line) - 1
    if free >= _NAME // 2:
        return f"{middle_cut(figures.name, free)} {line}"
    return start_of(line, most)


def _ways(figures: Figures) -> list[list[str]]:
    """The parts of the line, the longest way to say them first."""
    done = f"{figures.share:4.0%}" if figures.share is not None else _size(figures.bytes_done)
    left = [] if figures.left is None else [_clock(figures.left)]
    rejected = [f"{figures.rejected:,} rejected"] if figures.rejected else []
    long_left = [f"{one} left" for one in left]
    rows, rate = figures.rows, figures.rate
    return [
        [done, f"{rows:,} rows", f"{rate:,.0f} rows/s", *long_left, *rejected],
        [done, f"{rows:,} rows", f"{_short(rate)}/s", *long_left, *rejected],
        [done, f"{_short(rows)} rows", f"{_short(rate)}/s", *left, *rejected],
        [done, f"{_short(rows)} rows", f"{_short(rate)}/s", *left],
        [done.strip(), f"{_short(rows)} rows", f"{_short(rate)}/s", *left],
    ]


def _bar(figures: Figures, free: int) -> list[str]:
    if figures.share is None or free < _BAR:
        return []
    cells = min(free, _LONGEST_BAR) - 2
    filled = round(figures.share * cells)
    return [f"[{'#' * filled}{'.' * (cells - filled)}]"]


def _short(number: float) -> str:
    """A number in at most four characters.

    >>> _short(950), _short(1_234), _short(812_345), _short(3_500_000)
    ('950', '1.2k', '812k', '3.5M')
    """
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size * 0.9995:
            return f"{number / size:.{int(number < size * 9.95)}f}{unit}"
    return f"{number:.0f}"


def _size(size: int) -> str:
    return f"{_short(size)}B"


def _clock(seconds: float) -> str:
    """Seconds as minutes and seconds, with hours or days if there are any."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 100:
        return f"{hours // 24} d"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def plain_line(progress: Progress, verb: str) -> str:
    """The line with bytes, percent, time left, records, their rate and the number of rejects.

    `verb` says what happens to records: `loaded` or `delivered`. If requests are tried again, the
    line says why.
    """
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
    line += f", {counts.loaded:,} {verb}, {rate:,.0f} records/s, {counts.rejected:,} rejected"
    return f"{line}, trying again after: {progress.failure}" if progress.failure else line
