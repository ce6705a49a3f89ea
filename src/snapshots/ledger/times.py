"""Reads times as the ledger writes them: UTC, ISO 8601, by the clock of its database."""

from __future__ import annotations

from datetime import datetime


def seconds_between(earlier: str, later: str) -> float:
    """Returns the seconds between two times of the ledger."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def unix_time(text: object) -> float:
    """Returns a time of the ledger as `time.time()` has it."""
    return datetime.fromisoformat(str(text)).timestamp()
