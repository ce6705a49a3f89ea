"""The limits of a run: how many rejects it may have, and why it stops before its end."""

from __future__ import annotations

import threading

from msgspec import Struct

from snapshots.errors import Stopped, UsageError
from snapshots.model import Counts

JUDGED_FROM = 1000
"""Records. Below it a share says little, and one bad record of three would stop an import."""


class RejectLimit(Struct, frozen=True):
    """The most rejects that a run may have: a number, or a share of the records read so far.

    >>> RejectLimit.parse("5%").exceeded(Counts(records=2000, loaded=1899, rejected=101))
    True
    """

    count: int | None = None
    share: float | None = None
    at_the_end: bool = False
    """A share is judged once, over the whole input, however short that is."""

    @classmethod
    def parse(cls, text: str, *, at_the_end: bool = False) -> RejectLimit:
        """Reads `N` or `P%`. Raises UsageError."""
        try:
            return cls(*_number_or_share(text), at_the_end)
        except ValueError:
            raise UsageError(
                f"--max-rejects {text!r} is neither a number of records nor a percentage",
                hint="for example --max-rejects 100 or --max-rejects 5%",
            ) from None

    def exceeded(self, counts: Counts) -> bool:
        """Tells whether an import with these counts so far must stop."""
        if self.count is not None and counts.rejected > self.count:
            return True
        return (
            self.share is not None
            and not self.at_the_end
            and counts.records >= JUDGED_FROM
            and counts.rejected > self.share * counts.records
        )

    def exceeded_by_all(self, counts: Counts) -> bool:
        """Tells whether an import that has read its whole input has too many rejects."""
        if self.share is not None and self.at_the_end:
            return counts.rejected > self.share * counts.records
        return self.exceeded(counts)

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{100 * (self.share or 0):g}%"


class DeleteLimit(Struct, frozen=True):
    """By how much a table may shrink: a number of rows, or a share of those that it had.

    >>> DeleteLimit.parse("50%").exceeded(before=100, after=49)
    True
    """

    count: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> DeleteLimit:
        """Reads `N` or `P%`. Raises UsageError."""
        try:
            return cls(*_number_or_share(text))
        except ValueError:
            raise UsageError(
                f"--max-deletes {text!r} is neither a number of rows nor a percentage",
                hint="for instance --max-deletes 100 or --max-deletes 80%",
            ) from None

    def exceeded(self, before: int, after: int) -> bool:
        """Tells whether a table that had and would have so many rows must stay as it is."""
        lost = before - after
        if self.count is not None:
            return lost > self.count
        return lost > (self.share or 0) * before

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{100 * (self.share or 0):g}%"


def _number_or_share(text: str) -> tuple[int | None, float | None]:
    """Reads `N` or `P%`. Raises ValueError."""
    number = text.strip()
    if number.endswith("%"):
        share = float(number[:-1]) / 100
        if not 0 <= share <= 1:
            raise ValueError
        return None, share
    count = int(number)
    if count < 0:
        raise ValueError
    return count, None


class StopConditions:
    """Keeps the committed counts of an import, and knows the reasons to stop it. Thread-safe."""

    def __init__(
        self,
        budget: RejectLimit,
        *,
        committed: Counts,
        limit: int | None,
        stop: threading.Event,
        waiting: int = 0,
    ) -> None:
        """`waiting`: how many of the rejects do not count as such, for they are tried again."""
        self.budget = budget
        self.limit = limit
        self._stop = stop
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._committed = committed
        self._waiting = waiting

    @property
    def committed(self) -> Counts:
        """The counts that the ledger holds."""
        with self._lock:
            return self._committed

    @property
    def waiting(self) -> int:
        """How many of the rejects are to be tried again."""
        with self._lock:
            return self._waiting

    def commit(self, counts: Counts, waiting: int = 0) -> None:
        """Adds a chunk that has just been committed."""
        with self._lock:
            self._committed += counts
            self._waiting += waiting
        if self.enough(Counts()):
            self.end()

    def enough(self, pending: Counts) -> bool:
        """Tells whether the import must stop with these counts on top of the committed ones."""
        return self.over_budget(pending) or self.remaining(pending) == 0

    def over_budget(self, pending: Counts | None = None) -> bool:
        """Tells whether there are more rejects than allowed."""
        with self._lock:
            judged = self._committed + Counts(rejected=-self._waiting)
        return self.budget.exceeded(judged + (pending or Counts()))

    def over_budget_at_the_end(self) -> bool:
        """Tells the same once the whole input was read."""
        with self._lock:
            judged = self._committed + Counts(rejected=-self._waiting)
        return self.budget.exceeded_by_all(judged)

    def remaining(self, pending: Counts) -> int | None:
        """Returns how many records may still be taken; None without a limit."""
        if self.limit is None:
            return None
        return max(0, self.limit - (self.committed + pending).records)

    def end(self) -> None:
        """Lets no chunk begin any more. Those in flight are rolled back."""
        self._ending.set()

    @property
    def ended(self) -> bool:
        """Whether somebody wants the import to stop."""
        return self._stop.is_set() or self._ending.is_set()

    def check(self) -> None:
        """Raises Stopped if somebody wants the import to stop."""
        if self.ended:
            raise Stopped("stopped")
