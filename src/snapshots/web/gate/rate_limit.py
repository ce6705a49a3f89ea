"""Limits how often one client may ask."""

from __future__ import annotations

import time
from collections import OrderedDict

BURST_SECONDS = 4.0
"""A client may ask at once for what it has not asked for in this many seconds."""
_MOST = 10_000


class ClientRateLimit:
    """A token bucket for each client. For one thread."""

    def __init__(self, per_second: float) -> None:
        """`rate`: requests a second; 0 for no limit."""
        self._rate = per_second
        self._burst = max(per_second * BURST_SECONDS, 1.0)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Returns 0 if the client may ask now, else the seconds until it may."""
        if not self._rate:
            return 0.0
        now = time.monotonic()
        left, then = self._buckets.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > _MOST:
            # Who has been silent for longest has the fullest bucket.
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate
