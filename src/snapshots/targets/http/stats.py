"""What was done so far, for progress and metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


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
