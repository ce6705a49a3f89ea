"""Reads a user's text as a value of a column's type, as databases compare it."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.model import TypeKind

LONG: Final = 1 << 63
_NUMBER: Final = re.compile(r"[+-]?\d{1,65}(\.\d{1,65})?")
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


def _integer(text: str) -> int:
    number = int(text)
    if not -LONG <= number < 2 * LONG:
        raise ValueError
    return number


def _decimal(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return text


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError
    return _TRUTH[text.lower()]


def _date(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _time(text: str) -> str:
    return short_fraction(time.fromisoformat(text).isoformat())


def _moment(text: str) -> str:
    """A timestamp as databases write it, in UTC if the text has a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return short_fraction(moment.isoformat(" "))


def short_fraction(text: str) -> str:
    """A time without the zeros at the end of its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _uuid(text: str) -> str:
    return str(UUID(text))


READERS: Final[dict[TypeKind | None, Callable[[str], int | float | str | bool]]] = {
    "integer": _integer,
    "decimal": _decimal,
    "float": _float,
    "boolean": _boolean,
    "date": _date,
    "time": _time,
    "timestamp": _moment,
    "timestamptz": _moment,
    "uuid": _uuid,
}
"""What reads a text, by kind of value. Each raises ValueError or OverflowError."""
