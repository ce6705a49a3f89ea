"""Values as dicts, for JSON, logs and the ledger."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from msgspec import to_builtins

KEPT = (bytes, bytearray, date, datetime, time, timedelta, Decimal)
"""What stays as it is: each consumer has a form of its own for them."""


def plain(value: object) -> dict[str, Any]:
    """A value's fields by name, and those of the values in it.

    `plain(Counts(loaded=1))` is `{"loaded": 1, ...}`.
    """
    known: dict[str, Any] = to_builtins(value, builtin_types=KEPT, enc_hook=_base_of)
    return known


def _base_of(value: object) -> object:
    """Raises TypeError for what is neither a value nor a text."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no plain form")
