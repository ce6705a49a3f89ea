"""Times as the ledger writes them: UTC, ISO 8601, by the clock of its database."""

from __future__ import annotations

from datetime import datetime


def seconds_between(start: str, end: str) -> float:
    """Of two times as the ledger writes them."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def unix_time(text: object) -> float:
    """A time of the ledger as `time.time()` has it."""
    return datetime.fromisoformat(str(text)).timestamp()
