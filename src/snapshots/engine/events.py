"""What an import says of itself while it runs, and when it is over.

This is the seam for whoever watches: progress, logs, metrics, traces. The engine guarantees:

- Events of one import come from one thread, in order; those of several imports that run at once
  may come from several threads, so a listener that is shared by them must be thread-safe.
- `Opened` comes first, and for each there is exactly one `ImportResult` or `Failed`, the last.
  Between them, if there is anything to do, `Started` and any number of `Committed`, `Progress` and
  `Retrying`, and behind these of `Settled`.
  Nothing of the input is committed by this process before `Opened`; a small one may be already
  when it is `Started`.
- `Committed` comes after the chunk's transaction is durable, once for each chunk that this process
  has committed, and before the end of its import is told. It may be missing only where the answer
  to COMMIT was lost and the database did not come back in time: then the import has failed, and
  the ledger knows better.
- An error that a listener raises ends the import, which can be resumed. Listeners that must not
  do that swallow their errors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots._native import PanicException
from snapshots.errors import Defect, out_of_memory
from snapshots.model import Counts, ImportRecord, Reject, RunKind

if TYPE_CHECKING:
    from snapshots.ledger.chunk_account import ChunkDone


class Notice(Struct, frozen=True):
    """Tells a sentence that the user should see: what was detected, decided or renamed."""

    json_name: ClassVar[str] = "notice"
    text: str
    input: str | None = None
    """The input that the notice is about; None if it is about none."""
    import_id: int | None = None
    """The number of the import; None before the import is in the ledger."""


class Opened(Struct, frozen=True):
    """Tells that an input is taken up. What is to be done with it is not known yet."""

    input: str
    loaded: bool = False
    """Whether its rows are loaded already, and are committed next, with those of others."""


class Started(Struct, frozen=True):
    """Tells that an import or a delivery has its number and begins, or is resumed."""

    json_name: ClassVar[str] = "started"
    import_id: int
    kind: RunKind
    input: str
    table: str
    database: str
    bytes_total: int | None
    resumed: bool
    replaces: int | None = None
    """The previous import of this name, if the content has changed since."""
    continues: int | None = None
    """The import that loaded the input before it grew: this one loads the rest."""
    staged: bool = False
    """Whether the rows wait in a stage until all are published at once."""


class Progress(Struct, frozen=True):
    """Tells what is committed so far."""

    json_name: ClassVar[str] = "progress"
    import_id: int
    input: str
    counts: Counts
    bytes_done: int
    """Bytes of the stored input, before decompression."""
    bytes_total: int | None
    seconds: float
    failure: str | None = None
    """The last failure of a delivery's requests that are being retried; None if none is being
    retried."""


class Retrying(Struct, frozen=True):
    """Tells that requests of a delivery have failed for a while, and are made again."""

    import_id: int
    input: str
    failure: str
    """The last status and reason, or why there was no answer."""
    requests: int
    """The number of requests that are being retried now."""
    seconds: float
    """Seconds since the first of them failed."""


class Committed(Struct, frozen=True):
    """Tells that a chunk is in the database: its rows, its rejects and its account."""

    import_id: int
    start: int
    """The first byte of the chunk in the input, decompressed and in UTF-8."""
    end: int
    counts: Counts
    rejects_by_code: Mapping[str, int]
    seconds: float
    """Seconds from the claim of the chunk to the answer to COMMIT."""
    at: float
    """The time of the commit, as from `time.time()`."""


class Settled(Struct, frozen=True):
    """Tells that records of committed chunks are no more what was told: those that waited for
    others are loaded or refused for good, or publishing left rows out or refused them."""

    import_id: int
    counts: Counts
    """What changes in the counts reported before. Rejects that were loaded after all are negative.
    """
    rejects_by_code: Mapping[str, int]
    """The same."""


class Failed(Struct, frozen=True):
    """Tells that an input could not be begun, or that its import ended with an error."""

    input: str
    import_id: int | None
    """The number of the import; None if it is not in the ledger."""
    error: BaseException


class InputsWaiting(Struct, frozen=True):
    """Tells how many inputs are found and not done, where a service queues them."""

    waiting: int


WAITING = "waiting"
"""The outcome of an import that went back into the queue and has not ended."""


class ImportResult(Struct, frozen=True):
    """Tells how the import of one input ended."""

    record: ImportRecord | None
    """None for a dry run."""
    counts: Counts
    outcome: str
    """finished, already_imported, already_delivered, failed, interrupted, limited or dry_run. A
    queued import that waits for another one has the outcome `waiting`, and has not ended."""
    exit_code: int
    message: str
    rejects_by_code: dict[str, int]
    skipped_by_code: dict[str, int] = field(default_factory=dict)
    """Skipped records by code, without blank lines, comments and the like."""
    hint: str = ""
    examples: tuple[Reject, ...] = ()
    """The first rejects of a dry run, which stores none."""
    given: str = ""
    """The name of the input in this run. `record` has the name of the import that loaded it."""
    requests: tuple[str, ...] = ()
    """The first requests of a dry run, as commands for curl without secrets."""
    emptied: bool = False
    """Whether the input is already imported and the table of that import is empty now."""
    deletes: ImportResult | None = None
    """The result of the delivery that has deleted rows which the input lacks; None: there was none.
    """


class ThreadFailed(Struct, frozen=True):
    """Tells that a thread met an error which nobody has foreseen. It goes on working."""

    thread: str
    """`importer` or `mover`."""
    input: str
    """The file that the thread was working on. It is tried again."""
    error: Defect


def as_committed(import_id: int, done: ChunkDone) -> Committed:
    """Makes the event of a chunk that has just been committed."""
    return Committed(
        import_id=import_id,
        start=done.start,
        end=done.end,
        counts=done.counts,
        rejects_by_code=done.rejects_by_code,
        seconds=done.seconds,
        at=time.time(),
    )


Event: TypeAlias = (
    Notice
    | Opened
    | Started
    | Committed
    | Progress
    | Retrying
    | Settled
    | Failed
    | InputsWaiting
    | ThreadFailed
    | ImportResult
)
Listener: TypeAlias = Callable[[Event], None]


def run_with_events(
    name: str,
    listener: Listener,
    work: Callable[[Listener], ImportResult],
    *,
    opened: bool = False,
) -> ImportResult:
    """Does the work on one input, and tells how it ended, whatever happens. `opened`: it was told
    before that the input is taken up.

    A panic of the kernel becomes a Defect here: it is no Exception, and would end all else.
    """
    import_id: int | None = None

    def hear(event: Event) -> None:
        nonlocal import_id
        if isinstance(event, Started):
            import_id = event.import_id
        elif isinstance(event, Notice):
            event = replace(event, input=name, import_id=import_id)
        listener(event)

    if not opened:
        listener(Opened(name))
    try:
        result = _in_our_words(name, lambda: work(hear))
    except BaseException as error:
        listener(Failed(name, import_id, error))
        raise
    listener(result)
    return result


def _in_our_words(name: str, work: Callable[[], ImportResult]) -> ImportResult:
    try:
        return work()
    except MemoryError as error:
        raise out_of_memory() from error
    except PanicException as panic:
        raise Defect(
            f"internal error in the kernel: {panic}",
            place=name,
            hint="Please report it. Committed rows stay, and you can resume the import.",
        ) from panic
