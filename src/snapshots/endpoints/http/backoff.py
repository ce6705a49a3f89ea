"""When to try again, and for how long."""

from __future__ import annotations

import random
import time

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 30.0


class RetryBudget:
    """One request's patience; it begins with its first failure."""

    def __init__(self, seconds: float) -> None:
        self.began = time.monotonic()
        self._deadline = self.began + seconds
        self._pause = FIRST_SECONDS

    def narrow(self, seconds: float) -> None:
        """From now on no longer than that."""
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def wait(self, asked: float | None = None) -> float | None:
        """Seconds until the next try, at least those the server asked for; None: give up."""
        # Half of it is chance, so that those who failed together do not come back together.
        wait = max(self._pause * random.uniform(0.5, 1.0), asked or 0.0)  # noqa: S311
        self._pause = min(self._pause * 2, LONGEST_SECONDS)
        return wait if time.monotonic() + wait <= self._deadline else None
