"""Writes figures, times and bytes as people read them: the filters of the templates."""

from __future__ import annotations

from datetime import UTC, datetime

from snapshots.screen_text import plain

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_SHORT = ("", "k", "M", "G")
_LONGEST = 2000
"""Characters of a value on a page."""


def count(number: float) -> str:
    """Writes a number with commas.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Writes a number of bytes in its best unit, such as 2.9 GB."""
    return _scaled(number, 1000, _SIZES, " ")


def short(number: float) -> str:
    """Writes a number for the axis of a plot, such as 1.2M."""
    return _scaled(number, 1000, _SHORT, "")


def percent(number: float) -> str:
    """Writes a share in percent; 100 % only if it is all."""
    return f"{int(number * 10) / 10:.1f} %" if number < 100 else "100 %"


def span(seconds: float) -> str:
    """Writes a duration in the units that matter.

    >>> span(3725)
    '1 h 2 min'
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    if rounded < 86400:
        return f"{rounded // 3600} h {rounded % 3600 // 60} min"
    return f"{rounded // 86400} d {rounded % 86400 // 3600} h"


def clock(at: float) -> str:
    """Writes the time of day of a moment, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def moment(text: str) -> str:
    """Writes a time of the ledger, to the second."""
    return f"{text[:19].replace('T', ' ')} UTC"


def minute(text: str) -> str:
    """A time of the ledger, to the minute: `2026-03-01 06:00 UTC`."""
    return f"{text[:16].replace('T', ' ')} UTC"


def folder(name: str) -> str:
    """The part of a path or URL that says where its file is; without one, nothing."""
    path, query, _ = name.partition("?")
    head, slash, file = path.rpartition("/")
    return head + slash if file or query else ""


def visible(text: str) -> str:
    """Writes what cannot be seen, or changes how other text is seen, as an escape."""
    return plain(text, keep="\n")


def record(raw: bytes) -> str:
    """The start of a rejected record, with bytes that are not UTF-8 in hexadecimal."""
    return bounded(raw.decode("utf-8", "backslashreplace"))


def bounded(text: str) -> str:
    """The start of a text that may be long, with escapes as in `visible`."""
    start = visible(text[: _LONGEST + 1])
    return start if len(start) <= _LONGEST else f"{start[:_LONGEST]}…"


def _scaled(number: float, step: int, units: tuple[str, ...], between: str) -> str:
    for unit in units:
        if abs(number) < step or unit == units[-1]:
            digits = 0 if unit == units[0] or number >= 100 else 1
            return f"{number:,.{digits}f}{between}{unit}"
        number /= step
    raise AssertionError(units)


FILTERS = {
    "count": count,
    "size": size,
    "short": short,
    "percent": percent,
    "span": span,
    "clock": clock,
    "moment": moment,
    "minute": minute,
    "folder": folder,
    "visible": visible,
    "record": record,
    "bounded": bounded,
}
