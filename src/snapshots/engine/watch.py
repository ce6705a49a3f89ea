"""What all threads of one import look at before they go on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.errors import Stopped
from snapshots.model import Counts

if TYPE_CHECKING:
    from snapshots.engine.budget import Budget


class Watch:
    """The committed counts of an import, and the reasons to stop it. Thread-safe."""

    def __init__(
        self,
        budget: Budget,
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
        """What the ledger holds."""
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
        """With these counts on top of the committed ones the import must not go on."""
        return self.over_budget(pending) or self.remaining(pending) == 0

    def over_budget(self, pending: Counts | None = None) -> bool:
        """More rejects than allowed."""
        with self._lock:
            judged = self._committed + Counts(rejected=-self._waiting)
        return self.budget.exceeded(judged + (pending or Counts()))

    def remaining(self, pending: Counts) -> int | None:
        """Records that may still be taken; None without a limit."""
        if self.limit is None:
            return None
        return max(0, self.limit - (self.committed + pending).records)

    def end(self) -> None:
        """No chunk may be begun any more; those in flight are rolled back."""
        self._ending.set()

    @property
    def ended(self) -> bool:
        """Somebody wants the import to stop."""
        return self._stop.is_set() or self._ending.is_set()

    def check(self) -> None:
        """Raises Stopped if somebody wants the import to stop."""
        if self.ended:
            raise Stopped("stopped")
