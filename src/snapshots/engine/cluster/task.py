"""What a task does: it reads the bytes of a batch, and commits its chunks.

A task may run anywhere, any number of times, and at the same time as its copy: the claim in the
ledger decides which of them commits a chunk. Secrets do not cross: each host has its own.
"""

from __future__ import annotations

import os
import platform
import socket
import threading
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots import locations
from snapshots.engine.cluster.survey_task import CommittedRange, KeptBytes, compare, survey
from snapshots.engine.input.cut import pieces_of
from snapshots.engine.limits import StopConditions
from snapshots.engine.loading.worker import WorkerContext, work_on_chunks
from snapshots.engine.loading.write import writer_for
from snapshots.engine.plan.plan import Plan
from snapshots.errors import CannotConnect, InputError, SnapshotsError, Stopped, UsageError
from snapshots.sources import open_again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.cluster.survey_task import Range, Surveyed
    from snapshots.engine.input.cut import Batch, Piece
    from snapshots.engine.limits import RejectLimit
    from snapshots.ledger.chunk_account import ChunkDone
    from snapshots.ledger.record import Lease
    from snapshots.model import Counts
    from snapshots.ports import Identity, Source, Target
    from snapshots.sources.remote.access import RemoteAccess


class Share(Struct, frozen=True):
    """What every task of an import knows. It holds no secret."""

    release: str
    """Of snapshots, on the driver."""
    lease: Lease
    plan: str
    database: str
    """Its URL, without a password."""
    identity: Identity
    reads: bool
    """Whether tasks read the input; else its bytes go with them."""
    access: RemoteAccess
    allowed: RejectLimit
    committed: Counts
    """What the import had when the task was submitted."""
    waiting: int


class TaskReport(Struct, frozen=True):
    """What a task has done."""

    done: tuple[ChunkDone, ...]
    """The chunks of its batch that are committed now, by it or by its copy."""
    notices: tuple[str, ...]
    host: str
    read: int
    """Bytes of the input that it has read."""
    seconds: float


_sources: dict[Identity, Source] = {}
"""Open inputs of this process: tasks follow each other."""
_given: list[Target] = []
"""The target that the process was started for, on the driver's own machine."""


def begin_with(target: Target) -> None:
    """Says which database tasks of this process load into; otherwise the environment does."""
    _given[:] = [target]


def load(share: Share, batch: Batch, task: str) -> TaskReport:
    """Loads a batch as the task of that name.

    Raises what loading raises, with this host's name, and what a host lacks as a sentence.
    """
    began = time.monotonic()
    require_release(share.release)
    plan = Plan.from_json(share.plan)
    target = target_of(share.database)
    part = WorkerContext(target, share.lease, writer_for(target, plan, share.lease.import_id), task)
    watch = StopConditions(
        share.allowed,
        committed=share.committed,
        limit=None,
        stop=threading.Event(),
        waiting=share.waiting,
    )
    done: list[ChunkDone] = []
    notices: list[str] = []

    def count(chunk: ChunkDone) -> None:
        watch.commit(chunk.counts, chunk.waiting)
        # The ledger has them; nobody else needs them.
        done.append(replace(chunk, hash=None, hash_state=None))

    try:
        work_on_chunks(part, _pieces(share, plan, batch), watch, count, notices.append, set())
    except Stopped:
        # Too many rejects: the driver counts them, too.
        pass
    except (CannotConnect, InputError) as error:
        raise on_this_host(error) from error
    read = 0 if batch.pieces else batch.end - batch.start
    return TaskReport(
        tuple(done), tuple(notices), socket.gethostname(), read, time.monotonic() - began
    )


def survey_range(share: Share, wanted: Range | CommittedRange) -> Surveyed:
    """Cuts one range of the input, to be loaded later, or compares what is loaded of it."""
    require_release(share.release)
    plan = Plan.from_json(share.plan)
    try:
        if isinstance(wanted, CommittedRange):
            return compare(_source(share), wanted)
        found = survey(_source(share), plan.dialect, plan.chunk_size, wanted)
    except InputError as error:
        raise on_this_host(error) from error
    if wanted.kept is not None:
        wanted.kept.drop()
    return found


def look(share: Share) -> None:
    """Raises what a task on this host would raise, because it cannot reach the database or the
    input."""
    require_release(share.release)
    target_of(share.database).connect(create=False).close()
    if share.reads:
        next(_source(share).read(0, 1), b"")


def target_of(database: str) -> Target:
    """The target of that URL, with the credentials that this host has for it."""
    own = _given or [locations.target(text) for text in _from_environment()]
    for one in own:
        if one.display() == database:
            return one
    return locations.target(database)


def _from_environment() -> list[str]:
    found = os.environ.get("SNAPSHOTS_DATABASE")
    return [found] if found else []


def require_release(of_driver: str) -> None:
    """Raises UsageError if this host has another release than the driver."""
    if of_driver != release():
        raise UsageError(
            f"host {socket.gethostname()} has {release()}, and the driver {of_driver}",
            hint="Install the same release on every host.",
        )


def release() -> str:
    """What must be the same on every host."""
    python = ".".join(platform.python_version_tuple()[:2])
    return f"snapshots {version('snapshots')} for Python {python}"


def _pieces(share: Share, plan: Plan, batch: Batch) -> Iterator[Piece]:
    if batch.pieces:
        yield from batch.pieces
        return
    place = share.identity.name
    kept = batch.kept if isinstance(batch.kept, KeptBytes) else None
    here = kept.read(batch.start, batch.end) if kept else None
    data = here or _source(share).read(batch.start, batch.end)
    yield from pieces_of(batch.cuts, data, plan.dialect, place)
    if kept:
        kept.drop()


def _source(share: Share) -> Source:
    source = _sources.get(share.identity)
    if source is None:
        for old in _sources.values():
            old.close()
        _sources.clear()
        source = _sources[share.identity] = open_again(share.identity, share.access)
    return source


def on_this_host(error: SnapshotsError) -> SnapshotsError:
    """Returns the same error; its hint names the host on which it has happened."""
    hint = f"This happened on host {socket.gethostname()}. {error.hint}".strip()
    return type(error)(error.message, hint=hint, place=error.place, retryable=error.retryable)
