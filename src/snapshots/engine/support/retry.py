"""How long to go on trying when the database is away, and how often."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from snapshots.errors import CannotConnect, SnapshotsError

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_TICK = 0.1
_WORTH_SAYING = 1.0


class RetryPolicy:
    """With one thing that is tried until it works. Its time runs from the first failure."""

    def __init__(self, seconds: float, check: Callable[[], None]) -> None:
        """`check` raises when somebody wants no more trying."""
        self._seconds = seconds
        self._check = check
        self._deadline: float | None = None
        self._reported = False
        self._pause = _FIRST_PAUSE

    def bear(self, error: SnapshotsError, *, connected: bool) -> None:
        """Raises the error if it does not pass by waiting, or has not for too long.

        `connected`: we were let in before, so that being refused now may pass too.
        """
        now = time.monotonic()
        self._deadline = self._deadline or now + self._seconds
        may_pass = error.retryable or (connected and isinstance(error, CannotConnect))
        if not may_pass or now > self._deadline:
            raise error

    def worth_saying(self) -> bool:
        """Once: it has lasted so long that the user should know what is waited for."""
        now = time.monotonic()
        if self._reported or self._deadline is None:
            return False
        self._reported = now > self._deadline - self._seconds + _WORTH_SAYING
        return self._reported

    def wait(self) -> None:
        """Until the next try: longer each time, and not all workers at once."""
        until = time.monotonic() + self._pause * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        while (left := until - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, _TICK))
