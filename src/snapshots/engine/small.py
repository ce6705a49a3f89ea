"""A small input in one transaction: its import, its chunk, its rows and its end.

A service that is given thousands of small files spends its time in transactions and connections;
here each file costs one of the first and none of the second. The steps are those of every import,
and the ledger is written by the same functions. What does not go smoothly is rolled back whole,
as if nothing had been tried, and the ordinary way is taken: it alone decides what becomes of
refused rows, budgets and errors.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.engine import owner
from snapshots.engine.commit import account_for
from snapshots.engine.faults import fault_point
from snapshots.engine.read import Reader, Remainder
from snapshots.engine.watch import Watch
from snapshots.engine.write import Rows
from snapshots.errors import SnapshotsError, Stopped
from snapshots.model import Counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.earlier import Known
    from snapshots.engine.plan import Options, Plan
    from snapshots.ledger.record import ChunkDone, Lease, Ledger
    from snapshots.ports import Source

SMALL_BYTES = 1 << 20
"""Of input as it lies."""


@dataclass(frozen=True, slots=True)
class Done:
    """A small import that has been committed."""

    lease: Lease
    chunk: ChunkDone


def is_small(source: Source, options: Options) -> bool:
    """Whether an input can be one chunk, by its size, and its import needs no watching."""
    size = source.identity.size
    if size is None or source.identity.mtime_ns is None:
        return False
    watched = options.limit is not None or options.stop_on_error or options.again
    return size <= min(SMALL_BYTES, options.chunk_size) and not watched


def import_small(
    ledger: Ledger,
    source: Source,
    plan: Plan,
    known: Known,
    options: Options,
    stop: threading.Event,
    still_new: Callable[[], bool],
) -> Done | None:
    """Loads an input into its table, which exists, in one transaction; None if that cannot be.

    `still_new` is asked where no other process can begin an import: whether nobody else has begun
    this one. The answer to COMMIT may be lost: whoever looks the input up again learns what became
    of it.
    """
    began = time.monotonic()
    watch = Watch(options.budget, committed=Counts(), limit=None, stop=stop)
    try:
        fault_point("before-claim")
        with ledger.locked():
            if not still_new():
                return None
            lease = ledger.begin(
                "import",
                known.identity,
                known.content_hash,
                plan.destination,
                plan.to_json(),
                owner.this_process(),
            )
            rows = Rows(plan.table, plan.columns, plan.converter(lease.import_id))
            reader = Reader(source, plan.dialect, plan.chunk_size, Remainder(), known.content_hash)
            done = None
            for piece in reader:
                if done is not None:
                    # Decompressed or decoded it is more than one chunk.
                    raise Stopped("too large for one transaction")
                done = account_for(ledger.session, ledger, lease, rows, piece, watch)
            if done is None or watch.enough(done.counts) or not source.unchanged():
                raise Stopped("not as simple as it looked")
            ledger.finish(
                lease,
                reader.end,
                reader.content_hash or "",
                reader.size if reader.size is not None else reader.end,
                time.monotonic() - began,
            )
            fault_point("before-commit")
        fault_point("after-commit")
    except SnapshotsError:
        return None
    return Done(lease, done)
