"""Reads the header `Retry-After`, for reading from servers and for sending to them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_SECONDS = 366 * 86_400.0
"""A longer wait counts as this one: it is given up, too."""


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Returns the seconds that are asked for, by a number or a date; None if it is neither.

    >>> retry_after("120"), retry_after("soon"), retry_after(None)
    (120.0, None, None)
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # A number of a thousand digits is infinite as a float; that is more, too.
        return min(float(text), MOST_SECONDS)
    try:
        at = parsedate_to_datetime(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        seconds = (at - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, seconds), MOST_SECONDS)
