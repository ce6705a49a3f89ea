"""Says when to try a request again, and when to give up."""

from __future__ import annotations

import random
import time

FIRST_SECONDS = 0.1
LONGEST_SECONDS = 30.0


class RetryBudget:
    """The time in which one request is tried again. It begins with the first failure and ends
    `seconds` later.

    >>> budget = RetryBudget(60.0)
    >>> budget.wait(asked=5.0)
    5.0
    >>> budget.wait(asked=600.0) is None
    True
    """

    def __init__(self, seconds: float) -> None:
        self.began = time.monotonic()
        self._deadline = self.began + seconds
        self._pause = FIRST_SECONDS

    def narrow(self, seconds: float) -> None:
        """Shortens the budget to at most `seconds` from now."""
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def wait(self, asked: float | None = None) -> float | None:
        """Returns the seconds until the next try, at least `asked`; None if that is too late, and
        the request is given up."""
        # Half of it is chance, so that those who failed together do not come back together.
        wait = max(self._pause * random.uniform(0.5, 1.0), asked or 0.0)  # noqa: S311
        self._pause = min(self._pause * 2, LONGEST_SECONDS)
        return wait if time.monotonic() + wait <= self._deadline else None
