"""A worker commits pieces, one after the other, and comes back after a lost connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.lease.takeover import session_name
from snapshots.engine.loading.commit import commit_chunk
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.errors import LedgerError, SnapshotsError, Stopped, TargetError
from snapshots.ledger.chunk_account import ChunkDone
from snapshots.ledger.record import Ledger
from snapshots.time_limits import RETRY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from snapshots.engine.input.cut import Piece
    from snapshots.engine.limits import StopConditions
    from snapshots.engine.loading.write import RowWriter
    from snapshots.ledger.record import Lease
    from snapshots.ports import Session, Target


class WorkerContext(Struct, frozen=True):
    """Everything a worker needs to know besides its pieces."""

    target: Target
    lease: Lease
    rows: RowWriter
    task: str = ""
    """The name of the task that this is a part of, where another process may have to end it."""


def work_on_chunks(
    part: WorkerContext,
    pieces: Iterable[Piece],
    watch: StopConditions,
    committed: Callable[[ChunkDone], None],
    say: Callable[[str], None],
    sessions: set[Session],
) -> None:
    """Commits each piece exactly once; `committed` hears of it afterwards, and `say` of what is
    waited for.

    The session in use is in `sessions`, so that another thread can cancel what it waits for.

    Raises what `commit_chunk` raises, once retrying has not helped for RETRY_SECONDS.
    """
    session: Session | None = None
    try:
        for piece in pieces:
            rest: Piece | None = piece
            while rest is not None:
                session, done = _commit(part, session, rest, watch, say, sessions)
                committed(done)
                # A chunk that was cut short because the import must stop has nothing behind it.
                rest = None if watch.ended else rest.after(done.end, done.end_line)
    finally:
        if session is not None:
            sessions.discard(session)
            session.close()


def _commit(
    part: WorkerContext,
    session: Session | None,
    piece: Piece,
    watch: StopConditions,
    say: Callable[[str], None],
    sessions: set[Session],
) -> tuple[Session, ChunkDone]:
    patience = DatabaseRetry(watch.check)
    connected = session is not None
    while True:
        watch.check()
        try:
            if session is None:
                session = part.target.connect(create=False)
                connected = True
                sessions.add(session)
                session.name(session_name(part.lease), part.task)
            ledger = Ledger(part.target, session)
            done = commit_chunk(
                session,
                ledger,
                part.lease,
                part.rows,
                piece,
                watch,
                counted_later=bool(part.task),
            )
            return session, done or _already(ledger, part, piece)
        except SnapshotsError as error:
            if watch.ended and isinstance(error, TargetError):
                # Whoever ended the import knows why; this may be the cancelled statement.
                raise Stopped("stopped") from error
            patience.bear(error, connected=connected)
            if patience.worth_saying():
                say(f"retrying for up to {RETRY_SECONDS:.0f} s: {error}")
            if session is not None:
                sessions.discard(session)
                session.close()
                session = None
        patience.wait()


def _already(ledger: Ledger, part: WorkerContext, piece: Piece) -> ChunkDone:
    """The account of a chunk that turned out to be committed: the answer was lost before."""
    start = piece.chunk.start
    for chunk in ledger.chunks(part.lease.import_id, start=start):
        return ChunkDone(
            start,
            chunk.end,
            chunk.start_line,
            chunk.end_line,
            chunk.counts,
            seconds=chunk.seconds,
            rejects_by_code=ledger.reject_counts(part.lease.import_id, chunk),
        )
    raise LedgerError(
        f"the chunk at byte {start} is claimed but not recorded",
        hint="resume the import: it continues after the committed chunks",
    )
