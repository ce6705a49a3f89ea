"""What flows between the cutter, who carries its batches out, and the thread that reports."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from snapshots.engine.events import Committed, Notice, as_committed
from snapshots.time_limits import TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.input.cut import Batch
    from snapshots.engine.limits import StopConditions
    from snapshots.ledger.chunk_account import ChunkDone


class LoadingFlow:
    """Batches one way; accounts, notices and errors the other. Thread-safe."""

    def __init__(self, import_id: int, watch: StopConditions) -> None:
        self.watch = watch
        self._import_id = import_id
        self._batches: queue.Queue[Batch | None] = queue.Queue(1)
        self._unreported: queue.SimpleQueue[Committed | Notice] = queue.SimpleQueue()
        self._noticed: set[str] = set()
        self._lock = threading.Lock()
        self._committed_bytes = 0
        self._error: BaseException | None = None

    @property
    def committed_bytes(self) -> int:
        """Bytes of the input, as the kernel sees them, that were committed in this run."""
        with self._lock:
            return self._committed_bytes

    @property
    def error(self) -> BaseException | None:
        """The first error."""
        return self._error

    def offer(self, batch: Batch | None) -> bool:
        """Waits until the batch is taken; None says to one taker that no other follows. False:
        the import must stop."""
        while not self.watch.ended:
            try:
                self._batches.put(batch, timeout=TICK_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def take(self) -> Iterator[Batch]:
        """The batches for one taker, until there is no other or the import must stop."""
        while not self.watch.ended:
            try:
                batch = self._batches.get(timeout=TICK_SECONDS)
            except queue.Empty:
                continue
            if batch is None:
                return
            yield batch

    def take_at_once(self) -> Batch | None:
        """The batch that is there. Raises queue.Empty if none is; None: no other follows."""
        return self._batches.get_nowait()

    def count(self, done: ChunkDone) -> None:
        """Takes the account of a chunk that has just been committed."""
        with self._lock:
            self._committed_bytes += done.end - done.start
        self._unreported.put(as_committed(self._import_id, done))
        self.watch.commit(done.counts, done.waiting)

    def say(self, text: str) -> None:
        """Tells the user a sentence, once."""
        with self._lock:
            new = text not in self._noticed
            self._noticed.add(text)
        if new:
            self._unreported.put(Notice(text))

    def unreported(self) -> Iterator[Committed | Notice]:
        """What the listener has not heard of yet."""
        while not self._unreported.empty():
            yield self._unreported.get()

    def fail(self, error: BaseException, *, let_workers_finish: bool = False) -> None:
        """Ends the import with the first error."""
        with self._lock:
            self._error = self._error or error
        if not let_workers_finish:
            self.watch.end()
