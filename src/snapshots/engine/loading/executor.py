"""Executors carry cuts out: on threads of this process, or as tasks of other processes."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from snapshots.engine.input.chunk_sizes import ChunkSizes
from snapshots.engine.input.cutter import Cutter, ReadingCutter
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.loading.prefetched_chunks import PrefetchedChunks
from snapshots.engine.loading.worker import WorkerContext, work_on_chunks
from snapshots.engine.loading.write import RowWriter, writer_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.input.cut import Piece
    from snapshots.engine.job import JobContext
    from snapshots.engine.loading.flow import LoadingFlow
    from snapshots.engine.plan.options import Options
    from snapshots.ports import Session, Target

MAX_WORKERS = 4


class Executor(Protocol):
    """Carries the batches of one import out. Use an instance once."""

    @property
    def threads(self) -> int:
        """How many threads of this process call `work`."""

    def cutter(self, remainder: Remainder) -> Cutter:
        """Cuts the gaps of the input, for this executor."""

    def work(self, flow: LoadingFlow) -> None:
        """Takes batches from the flow until none follows, and carries them out; the flow hears of
        each committed chunk. Raises Stopped where the import must stop, and what loading raises."""

    def cancel(self) -> None:
        """Ends statements that are waited for. Any thread may call it. Never raises."""


class MakesExecutors(Protocol):
    """Somewhere else than here, imports can be carried out."""

    def executor(self, task: JobContext) -> Executor:
        """The executor of one import, ready to work."""


class ThreadExecutor:
    """Loads on threads of this process, each with a session of its own."""

    def __init__(self, target: Target, task: JobContext) -> None:
        self._task = task
        self.threads = workers(task.options, target)
        self._part = WorkerContext(target, task.lease, _rows(target, task, self.threads))
        self._sessions: set[Session] = set()

    def cutter(self, remainder: Remainder) -> Cutter:
        """See `Executor`: a chunk at a time, with its bytes."""
        task = self._task
        usual = self._part.target.chunk_bytes
        chosen = task.options.chunk_size is not None or task.plan.chunk_size != usual
        return ReadingCutter(reader(task, remainder, workers=1 if chosen else self.threads))

    def work(self, flow: LoadingFlow) -> None:
        """See `Executor`."""
        part, pieces = self._part, _pieces(flow)
        if self.threads > 1 or _ends_early(self._task.options):
            work_on_chunks(part, pieces, flow.watch, flow.count, flow.say, self._sessions)
            return
        chunks = PrefetchedChunks(pieces, part.rows.converter, part.rows.encoding)
        part = replace(part, rows=replace(part.rows, prefetched_chunks=chunks))
        # Who keeps an error keeps this frame, too: the thread must not live as long.
        with closing(chunks.pieces()) as made:
            work_on_chunks(part, made, flow.watch, flow.count, flow.say, self._sessions)

    def cancel(self) -> None:
        """See `Executor`."""
        for session in list(self._sessions):
            session.cancel()


def reader(task: JobContext, remainder: Remainder, *, workers: int = 1) -> Reader:
    """The one reader of an import's input. So many `workers` share what is left at its end."""
    sizes = ChunkSizes(task.plan.chunk_size, workers)
    return Reader(task.source, task.plan.dialect, sizes, remainder, task.content_hash)


def workers(options: Options, target: Target) -> int:
    """Returns one where the order of records matters, else one more than there are cores, within
    bounds: while one waits for its COMMIT to reach the disk, the others keep the cores busy."""
    if _ends_early(options):
        return 1
    wanted = options.workers or min(MAX_WORKERS, 1 + (os.cpu_count() or 1))
    return min(wanted, target.writers or wanted)


def _ends_early(options: Options) -> bool:
    """Whether a record may be the last one that is loaded, so that their order matters."""
    return options.limit is not None or options.stop_on_error


def _rows(target: Target, task: JobContext, threads: int) -> RowWriter:
    return writer_for(
        target,
        task.plan,
        task.lease.import_id,
        stop_at_reject=task.options.stop_on_error,
        prefetch_blocks=threads == 1,
    )


def _pieces(flow: LoadingFlow) -> Iterator[Piece]:
    for batch in flow.take():
        yield from batch.pieces
