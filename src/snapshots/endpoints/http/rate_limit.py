"""Limits the requests per second."""

from __future__ import annotations

import time

BURST_SECONDS = 0.1
"""Seconds whose unused requests may be made at once, because timers are not exact."""


class RequestRate:
    """A token bucket, stored as the time at which it will have been filled again."""

    def __init__(self, per_second: float) -> None:
        self._each = 1 / per_second
        self._burst = max(0.0, BURST_SECONDS - self._each)
        self._next = time.monotonic()

    def take(self) -> float:
        """Takes a token, and returns the seconds to wait before it may be used."""
        now = time.monotonic()
        self._next = max(self._next, now - self._burst)
        wait = self._next - now
        self._next += self._each
        return max(0.0, wait)
