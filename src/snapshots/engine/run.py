"""The import of one input, from its name to its place in the history."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from snapshots.engine import dry, owner
from snapshots.engine import known as known_databases
from snapshots.engine.books import Books
from snapshots.engine.conclude import Ending, already, where
from snapshots.engine.earlier import Known, look_up, require_same
from snapshots.engine.job import Job, Task
from snapshots.engine.loading import Loading
from snapshots.engine.plan import Options, Plan
from snapshots.engine.report import ImportResult, Listener, Notice, Started, told
from snapshots.errors import (
    ImportBusy,
    InputError,
    LedgerError,
    LostLease,
    SnapshotsError,
    UsageError,
)
from snapshots.sources import open_source

if TYPE_CHECKING:
    from snapshots.ledger.history import Entry
    from snapshots.ledger.record import Lease
    from snapshots.model import RunKind
    from snapshots.ports import Source, Target


def import_input(
    given: str | Source,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
) -> ImportResult:
    """Loads one input, by its name or open; goes on with an unfinished import of it, or finds
    that it is loaded.

    With a request among the options its rows are sent to an API, and `target` is the database
    that keeps the account.

    Raises the errors of planning, with nothing written; what goes wrong later is in the result
    and in the ledger. The listener hears of the end, too.
    """
    return told(
        given if isinstance(given, str) else given.identity.name,
        listener,
        lambda hear: _import(given, target, options, hear, stop or threading.Event()),
    )


def _import(
    given: str | Source,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event,
) -> ImportResult:
    source = open_source(given) if isinstance(given, str) else given
    try:
        if options.dry_run:
            return dry.run(source, target, options, listener)
        with Books(target, create=True) as books:
            job = _job(target, options, "import" if options.request is None else "delivery")
            return _Run(job, books, source, options, listener, stop).import_or_go_on()
    finally:
        source.close()


def resume_import(
    import_id: int,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
) -> ImportResult:
    """Goes on with an unfinished import, by its plan.

    Raises LedgerError if there is no such import, InputChanged if its input is not what it was.
    The listener hears of the end, too.
    """
    return told(
        f"import {import_id}",
        listener,
        lambda hear: _resume(import_id, target, options, hear, stop or threading.Event()),
    )


def _resume(
    import_id: int, target: Target, options: Options, listener: Listener, stop: threading.Event
) -> ImportResult:
    with Books(target, create=False) as books:
        ledger = books.ledger
        entry = ledger.entry(import_id) if ledger.exists() else None
        if entry is None:
            raise LedgerError(
                f"there is no import {import_id} in {target.display()}",
                hint="snapshots list shows those there are",
            )
        if entry.state == "finished":
            return already(entry, target)
        job = _job(target, options, entry.kind)
        if entry.input == "-":
            raise InputError(
                f"import {import_id} read standard input, which is gone",
                hint=f"give the same stream again: ... | {job.stream_again}",
            )
        source = open_source(_where_it_is(entry))
        try:
            run = _Run(job, books, source, options, listener, stop)
            return run.go_on(require_same(source, entry, ledger))
        finally:
            source.close()


class _Run:
    """One import or delivery of one open source."""

    def __init__(
        self,
        job: Job,
        books: Books,
        source: Source,
        options: Options,
        listener: Listener,
        stop: threading.Event,
    ) -> None:
        self.job = job
        self.target = books.target
        self.books = books
        self.source = source
        self.options = options
        self.listener = listener
        self.stop = stop
        self.ending = Ending(job, books, source, options, self.stop, self._say)

    def import_or_go_on(self) -> ImportResult:
        known = self._look_up()
        if known.imported:
            return already(known.imported, self.target)
        if known.unfinished:
            self._require_same_wishes(known.unfinished)
            return self.go_on(known)
        plan = self.job.plan(self.source, self.books, self._say)
        with self.books.ledger.locked():
            lease = None
            if self._nothing_new(known):
                lease = self.books.ledger.begin(
                    self.job.kind,
                    known.identity,
                    known.content_hash,
                    plan.destination,
                    plan.to_json(),
                    owner.this_process(),
                )
        if lease is None:
            return self.import_or_go_on()
        return self._execute(lease, plan, known, resumed=False)

    def _nothing_new(self, known: Known) -> bool:
        """Nobody has begun an input that looks like this one since it was looked up."""
        fingerprint = known.identity.fingerprint
        if self.options.again or fingerprint is None:
            return True
        now = self.books.ledger.lookalikes(fingerprint, self.job.kind)
        return tuple(entry.import_id for entry in now) == known.lookalikes

    def go_on(self, known: Known) -> ImportResult:
        """Takes an unfinished import up. Raises ImportBusy while its owner lives."""
        entry = known.unfinished
        if entry is None:
            raise LedgerError("there is nothing to go on with")
        if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
            raise ImportBusy(
                f"import {entry.import_id} of {entry.input} is being worked on by {entry.owner}",
                hint="wait for it, or stop that process; snapshots list shows how it goes",
            )
        with self.books.ledger.locked():
            lease = self.books.ledger.take(entry, owner.this_process())
        return self._execute(lease, Plan.from_json(entry.plan), known, resumed=True)

    def _require_same_wishes(self, entry: Entry) -> None:
        """An import goes on by its plan; who wants another one must not get the old in silence."""
        if Plan.from_json(entry.plan).given != self.options.given():
            raise UsageError(
                f"import {entry.import_id} of this input is unfinished, and was begun with other"
                " options",
                place=entry.input,
                hint="--again loads all of it anew, with these. Go on with it as it is with:"
                f" snapshots resume {entry.import_id}{where(self.target)}",
            )

    def _look_up(self) -> Known:
        wanted = self.job.destination()
        likely = wanted or self.job.likely(self.source.identity.name)
        ledger = None if self.options.again else self.books.ledger
        return look_up(self.source, ledger, self.job.kind, wanted, likely)

    def _execute(self, lease: Lease, plan: Plan, known: Known, *, resumed: bool) -> ImportResult:
        self.listener(
            Started(
                import_id=lease.import_id,
                kind=self.job.kind,
                input=self.source.identity.name,
                table=plan.destination,
                database=self.target.display(),
                bytes_total=known.identity.size,
                resumed=resumed,
            )
        )
        try:
            known_databases.remember(self.target.display())
            chunks = self.books.ledger.chunks(lease.import_id)
            self.job.prepare(plan, self.books, new=not chunks)
            task = Task(
                source=self.source,
                plan=plan,
                lease=lease,
                options=self.options,
                chunks=tuple(chunks),
                committed=self.books.ledger.counts(lease.import_id),
                content_hash=known.content_hash,
                stop=self.stop,
                listener=self.listener,
                heartbeat=lambda: self._heartbeat(lease),
            )
            ended = self.job.carry_out(task)
            return self.ending.conclude(lease, known, ended)
        except LostLease:
            raise
        except SnapshotsError as error:
            self.ending.end(lease, "failed", error)
            raise
        except BaseException as error:
            self.ending.end(lease, "interrupted", error)
            raise

    def _heartbeat(self, lease: Lease) -> None:
        try:
            self.books.ledger.heartbeat(lease)
        except SnapshotsError as error:
            if not error.retryable:
                raise
            # The workers try to get the database back; so does the next heartbeat.
            self.books.renew_if_possible()

    def _say(self, text: str) -> None:
        self.listener(Notice(text))


def _job(target: Target, options: Options, kind: RunKind) -> Job:
    if kind == "import":
        return Loading(target, options)
    # Imported here: it brings an HTTP client along, which an import does not need.
    from snapshots.engine.delivery.job import Delivering

    return Delivering(target, options)


def _where_it_is(entry: Entry) -> str:
    """The input as it was named, or else by its path: this may be another folder."""
    path = Plan.from_json(entry.plan).path
    return entry.input if path is None or os.path.exists(entry.input) else path  # noqa: PTH110
