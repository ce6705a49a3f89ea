"""Figures, times and bytes as people read them: the filters of the templates."""

from __future__ import annotations

from datetime import UTC, datetime

from snapshots.screen_text import plain

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_SHORT = ("", "k", "M", "G")
_LONGEST = 2000


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
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    if rounded < 86400:
        return f"{rounded // 3600} h {rounded % 3600 // 60} min"
    return f"{rounded // 86400} d {rounded % 86400 // 3600} h"


def clock(at: float) -> str:
    """A time of the day, UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def moment(text: str) -> str:
    """A time of the ledger, to the second."""
    return f"{text[:19].replace('T', ' ')} UTC"


def visible(text: str) -> str:
    """What cannot be seen, or changes how the rest is seen, as an escape."""
    return plain(text, keep="\n")


def record(raw: bytes) -> str:
    """A rejected record; bytes that are no UTF-8 in hexadecimal, and no more than fits a page."""
    text = visible(raw.decode("utf-8", "backslashreplace"))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


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
    "visible": visible,
    "record": record,
}
