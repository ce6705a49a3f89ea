"""What was done so far, for progress and metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Failing:
    """What is being tried again."""

    last: str
    """The last failure: status and reason, or why there was no answer."""
    since: float
    """When the one that has failed for longest did so first, as `time.monotonic()` has it."""
    requests: int
    """How many."""


@dataclass(slots=True)
class Stats:
    """Counted by the event loop's thread alone; any thread may read."""

    requests: Counter[int] = field(default_factory=Counter)
    """Answers by status."""
    retries: int = 0
    """Requests that were made again."""
    ambiguous: int = 0
    """Requests that were sent and got no answer."""
    unreached: int = 0
    """Attempts that did not get as far as sending."""
    throttled: int = 0
    """Answers that asked for fewer requests: 429 and 503."""
    failing: Failing | None = None
    """None while nothing is being tried again."""
