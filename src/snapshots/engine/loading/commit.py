"""Commits a chunk: its rows, its rejects, its counts and its claim, together or not at all.

Every promise of this package comes down to this file. The claim is a row of the ledger whose
primary key is the chunk, inserted first, in the same transaction of the target database that
receives the rows:

- killed anywhere before COMMIT, the database forgets claim and rows alike, and the chunk will
  be claimed again;
- killed after COMMIT, or the answer to COMMIT lost, the claim stands, and the chunk will never
  be loaded again;
- two loaders at the same chunk: the second waits at the claim, and then finds it taken.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.loading.isolation import RowIsolation
from snapshots.engine.loading.write import write_all
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import AlreadyCommitted, RefusedAndEnded, RefusedRows, Stopped
from snapshots.ledger.chunk_account import ChunkDone

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.engine.input.cut import Piece
    from snapshots.engine.limits import StopConditions
    from snapshots.engine.loading.write import ChunkWrite, RowWriter
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ports import Session

    Write = Callable[[], ChunkWrite]


def commit_chunk(
    session: Session,
    ledger: Ledger,
    lease: Lease,
    rows: RowWriter,
    piece: Piece,
    watch: StopConditions,
    *,
    counted_later: bool = False,
) -> ChunkDone | None:
    """Loads one chunk and its account, exactly once.

    Returns what was committed, durably, or None if the chunk had been committed before. The
    chunk is cut short where the import must stop (budget, limit, first reject), or where to load
    it as one would take too long (see `isolation.py`): then the next one begins at the account's
    `end`.

    Raises Stopped, LostLease, ConnectionLost, TargetError or AccountingMismatch; in every one
    of these cases nothing of the chunk was written (ConnectionLost: or all of it was; claiming
    it again tells).
    """
    chunk = piece.chunk
    try:
        if not piece.is_rest:
            with suppress(RefusedRows):
                write = partial(write_all, session, rows, chunk, watch)
                return _commit(session, ledger, lease, piece, write, counted_later)
        # The database names no record, and a part of the chunk cannot stay without its account:
        # so everything is rolled back, and the rows are given in smaller numbers.
        isolation = RowIsolation(session, rows, chunk, watch)
        while True:
            found = isolation.ended
            try:
                return _commit(session, ledger, lease, piece, isolation.write, counted_later)
            except RefusedAndEnded:
                if isolation.ended == found:
                    raise
    except AlreadyCommitted:
        return None


def _commit(
    session: Session,
    ledger: Ledger,
    lease: Lease,
    piece: Piece,
    write: Write,
    counted_later: bool,
) -> ChunkDone:
    began = time.monotonic()
    fault_point("before-claim")
    with session.transaction():
        ledger.claim(session, lease, piece.chunk.start, piece.chunk.line)
        fault_point("after-claim")
        written = write()
        done = account_of(piece, written, time.monotonic() - began)
        rejects = piece.all_as_in_the_input(written.rejects)
        ledger.record(session, lease, done, rejects, counted_later=counted_later)
        fault_point("before-commit")
    fault_point("after-commit")
    # COMMIT took time as well; the account that it made durable could not know how much.
    return replace(done, seconds=time.monotonic() - began)


def account_of(piece: Piece, written: ChunkWrite, seconds: float) -> ChunkDone:
    """Makes the account of a chunk whose rows are written. Raises Stopped if there are none."""
    chunk = piece.chunk
    if not written.position:
        raise Stopped("the limit of records is reached")
    complete = written.position == len(chunk)
    end = chunk.end if complete else chunk.start + written.position
    return ChunkDone(
        start=chunk.start,
        end=end,
        start_line=chunk.line,
        end_line=written.line,
        counts=written.counts,
        hash_state=piece.hash_state(end),
        hash=chunk.digest(written.position),
        seconds=seconds,
        rejects_by_code=written.rejects.codes(),
    )
