"""Counts what a delivery has done so far, for progress and metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Failing:
    """The requests that are being tried again."""

    last: str
    """The last failure: status and reason, or why there was no answer."""
    since: float
    """The time of the first failure of the one that has failed for longest, as of
    `time.monotonic()`."""
    requests: int
    """How many requests fail."""


@dataclass(slots=True)
class Stats:
    """The counters of a delivery. Only the event loop's thread writes them; any thread may read."""

    requests: Counter[int] = field(default_factory=Counter)
    """Answers by status."""
    retries: int = 0
    """Requests that were made again."""
    ambiguous: int = 0
    """Requests that were sent and got no answer."""
    unreached: int = 0
    """Attempts that did not get as far as sending."""
    throttled: int = 0
    """Answers that asked for fewer requests, with 429 or 503."""
    failing: Failing | None = None
    """None while nothing is being tried again."""
