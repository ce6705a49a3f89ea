"""Counts what a delivery has done so far, for progress and metrics."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field


class Failing(Struct, frozen=True):
    """The requests that are being tried again."""

    last: str
    """The last failure: status and reason, or why there was no answer."""
    since: float
    """When the request that has failed for longest failed first, as from `time.monotonic()`."""
    requests: int
    """The number of requests that are failing."""


class Stats(Struct):
    """The counters of a delivery. Only the event loop's thread writes them; any thread may read."""

    requests: Counter[int] = field(default_factory=Counter)
    """The number of answers by status."""
    retries: int = 0
    """The number of retried requests."""
    ambiguous: int = 0
    """The number of requests that were sent and got no answer."""
    unreached: int = 0
    """The number of attempts that failed before anything was sent."""
    throttled: int = 0
    """The number of answers that asked for fewer requests, with 429 or 503."""
    failing: Failing | None = None
    """The requests that are being retried; None if there are none."""
