"""When to try again what has failed, and when to give up: the one rule for all that is retried.

Databases (`engine/support/retry.py`), web servers that are read (`sources/remote/access.py`), APIs
(`endpoints/http/exchange.py`) and the folder watch (`sync/`) each give their figures.
"""

from __future__ import annotations

import math
import random
import time

from msgspec import Struct

_LONGEST_EXPONENT = 32
"""Pauses have reached any sensible maximum long before."""


class RetryPolicy(Struct, frozen=True):
    """Pauses that double with each failure, and the limits of trying. All times are in seconds.

    >>> policy = RetryPolicy(first_pause=0.5, longest_pause=60, jitter=(1, 1))
    >>> [policy.pause(failures) for failures in (1, 2, 3, 99)]
    [0.5, 1.0, 2.0, 60.0]
    """

    first_pause: float
    longest_pause: float
    jitter: tuple[float, float] = (0.5, 1.0)
    """A pause is multiplied by a random number from this range, so that those who failed together
    do not come back together."""
    seconds: float = math.inf
    """How long to try, from the first failure since the last progress."""
    most_failures: float = math.inf
    """How many failures in a row end the trying."""
    longest_asked: float = math.inf
    """A server that asks for a longer pause (`Retry-After`) is given up."""

    def pause(self, failures: int, asked: float | None = None) -> float:
        """The pause after so many failures in a row, at least the one that the server asks for."""
        doubled = self.first_pause * 2.0 ** min(failures - 1, _LONGEST_EXPONENT)
        jitter = random.uniform(*self.jitter)  # noqa: S311 - no secret
        return max(min(doubled, self.longest_pause) * jitter, asked or 0.0)


class Retries:
    """The failures of one thing that is tried until it works. For one thread."""

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        self.failures = 0
        """In a row, since the last progress."""
        self.began: float | None = None
        """When the first of them was, by `time.monotonic`."""
        self._deadline = math.inf

    def failed(self) -> None:
        """Counts a failure; the first one starts the clock."""
        if self.began is None:
            self.began = time.monotonic()
            self._deadline = self.began + self.policy.seconds
        self.failures += 1

    def progress(self) -> None:
        """Forgets the failures: the next one is the first again."""
        self.failures, self.began, self._deadline = 0, None, math.inf

    def narrow(self, seconds: float) -> None:
        """Brings the end of trying forward to `seconds` from now, if that is earlier."""
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def lasting(self) -> float:
        """Seconds since the first failure; 0 without one."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def pause(self, asked: float | None = None) -> float:
        """Seconds until the next try."""
        return self.policy.pause(self.failures, asked)

    def may_go_on(self, pause: float = 0.0, asked: float | None = None) -> bool:
        """Whether a try after `pause` is within the limits; `asked` is what the server asks for."""
        return (
            self.failures < self.policy.most_failures
            and (asked or 0.0) <= self.policy.longest_asked
            and time.monotonic() + pause <= self._deadline
        )
