"""How a lost connection with a database is borne: it is tried again until its time is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from snapshots.errors import CannotConnect, SnapshotsError
from snapshots.retry import Retries, RetryPolicy
from snapshots.time_limits import RETRY_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

_WORTH_SAYING = 1.0
"""Seconds. Shorter interruptions are not worth a message."""


class DatabaseRetry:
    """The tries of one transaction while its database is away, for one thread.

    Call `bear` with each failure, then `wait` before the next try.
    """

    def __init__(self, check: Callable[[], None], seconds: float = RETRY_SECONDS) -> None:
        """`check` raises once the run must stop; it is called while this waits.

        `seconds` is how long to try, from the first failure.
        """
        self._check = check
        self._retries = Retries(RetryPolicy(0.1, 5.0, jitter=(0.5, 1.5), seconds=seconds))
        self._reported = False

    def bear(self, error: SnapshotsError, *, connected: bool) -> None:
        """Raises the error if waiting does not help, or has lasted too long.

        `connected`: the database has let this run in before, so that a refusal may pass, too.
        """
        self._retries.failed()
        may_pass = error.retryable or (connected and isinstance(error, CannotConnect))
        if not may_pass or not self._retries.may_go_on():
            raise error

    def worth_saying(self) -> bool:
        """True once: when it has lasted so long that the user should know what is waited for."""
        if self._reported:
            return False
        self._reported = self._retries.lasting() > _WORTH_SAYING
        return self._reported

    def wait(self) -> None:
        """Waits until the next try. Raises what `check` raises."""
        until = time.monotonic() + self._retries.pause()
        while (left := until - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, TICK_SECONDS))
