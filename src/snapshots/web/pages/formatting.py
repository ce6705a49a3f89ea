"""Figures, times and bytes as people read them: the filters of the templates."""

from __future__ import annotations

from datetime import UTC, datetime

from snapshots.screen_text import plain

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_SHORT = ("", "k", "M", "G")
_LONGEST = 2000
"""Characters of a value on a page."""


def count(number: float) -> str:
    """`1234567` as 1,234,567."""
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Bytes, as 2.9 GB."""
    return _scaled(number, 1000, _SIZES, " ")


def short(number: float) -> str:
    """For the axis of a plot, as 1.2M."""
    return _scaled(number, 1000, _SHORT, "")


def percent(number: float) -> str:
    """Never 100 % before it is all."""
    return f"{int(number * 10) / 10:.1f} %" if number < 100 else "100 %"


def span(seconds: float) -> str:
    """How long, in the units that matter."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def clock(at: float) -> str:
    """A time of the day, UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def moment(text: str) -> str:
    """A time of the ledger, to the second: `2026-03-01 06:00:05 UTC`."""
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
    """What cannot be seen, or changes how the rest is seen, as an escape."""
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
