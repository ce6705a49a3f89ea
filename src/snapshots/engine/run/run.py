"""The import of one input, from its name to its place in the history."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from shlex import quote
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from snapshots.engine.events import (
    ImportResult,
    Listener,
    Notice,
    Started,
    as_committed,
    run_with_events,
)
from snapshots.engine.history import known_databases
from snapshots.engine.input.identity import KnownInput, look_up, require_same
from snapshots.engine.job import Job, JobContext
from snapshots.engine.lease import owner
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import require_undamaged, session_name, take_over
from snapshots.engine.loading.job import LoadingJob
from snapshots.engine.plan.plan import Options, Plan
from snapshots.engine.run import dry_run
from snapshots.engine.run.conclude import Ending, already, where
from snapshots.engine.run.refusal import record_refusal
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import (
    AlreadyImported,
    CannotConnect,
    ConnectionLost,
    ContractError,
    ImportBusy,
    InputError,
    LedgerError,
    LostLease,
    SnapshotsError,
    TargetError,
    UsageError,
)
from snapshots.ledger import awaiting_parents
from snapshots.ledger.missing_tables import TABLE_GONE, give_up
from snapshots.redaction import HIDDEN
from snapshots.sources import open_source, shown

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease
    from snapshots.model import ImportRecord, RunKind
    from snapshots.ports import Source, Target


class Importer:
    """Imports one input after the other, over one session with the target that is kept.

    For one thread at a time.
    """

    def __init__(
        self,
        target: Target,
        options: Options,
        listener: Listener,
        stop: threading.Event | None = None,
    ) -> None:
        self.ledger_session = LedgerSession(
            target, create=True, migrate=lambda text: listener(Notice(text))
        )
        self.options = options
        self.listener = listener
        self.stop = stop or threading.Event()

    def import_input(self, given: str | Source) -> ImportResult:
        """Loads one input, by its name or open; goes on with an unfinished import of it, or finds
        that it is loaded.

        With a request among the options its rows are sent to an API, and the target is the
        database that keeps the account.

        Raises the errors of planning, with nothing written; what goes wrong later is in the result
        and in the ledger. The listener hears of the end, too.
        """
        name = shown(given) if isinstance(given, str) else given.identity.name
        return run_with_events(name, self.listener, lambda hear: self._import(given, hear))

    def _import(self, given: str | Source, listener: Listener) -> ImportResult:
        options, target = self.options, self.ledger_session.target
        source = open_source(given, options.access) if isinstance(given, str) else given
        try:
            if options.dry_run:
                return dry_run.run(source, target, options, listener)
            job = job_for(target, options, "import" if options.request is None else "delivery")
            run = Run(job, self.ledger_session, source, options, listener, self.stop)
            return run.import_or_go_on()
        except TargetError:
            # Whatever is wrong with the session, the next import gets another.
            self.ledger_session.close()
            raise
        finally:
            source.close()

    def record_refusal(self, name: str, error: SnapshotsError) -> ImportRecord:
        """Notes in the ledger that an input failed before it had a plan."""
        return record_refusal(self.ledger_session.ledger, shown(name), self.options.table, error)

    def close(self) -> None:
        """Ends the session; another import would begin another."""
        self.ledger_session.close()


def import_input(
    given: str | Source,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
) -> ImportResult:
    """What `Importer.import_input` does, for a single input."""
    with closing(Importer(target, options, listener, stop)) as importer:
        return importer.import_input(given)


def resume_import(
    import_id: int,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
    url: str | None = None,
) -> ImportResult:
    """Goes on with an unfinished import, by its plan; `url` is that of its input, with the
    credentials that are kept nowhere.

    Raises LedgerError if there is no such import, InputChanged if its input is not what it was.
    The listener hears of the end, too.
    """
    return run_with_events(
        f"import {import_id}",
        listener,
        lambda hear: _resume(import_id, target, options, hear, stop or threading.Event(), url),
    )


def _resume(
    import_id: int,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event,
    url: str | None,
) -> ImportResult:
    migrated = LedgerSession(target, create=False, migrate=lambda text: listener(Notice(text)))
    with closing(migrated) as ledger_session:
        ledger = ledger_session.ledger
        entry = ledger.entry(import_id) if ledger.exists() else None
        if entry is None:
            raise LedgerError(
                f"there is no import {import_id} in {target.display()}",
                hint="snapshots list shows those there are",
            )
        require_undamaged(entry)
        if entry.state == "finished":
            of = ledger.entry(entry.same_as) if entry.same_as is not None else None
            return already(of or entry, target, entry.input)
        if entry.error_code == TABLE_GONE:
            raise ContractError(entry.error or "", hint="snapshots list shows how that one goes")
        job = job_for(target, options, entry.kind)
        if entry.plan and Plan.from_json(entry.plan).from_query:
            raise InputError(
                f"{entry.kind} {import_id} sent the rows of a query, which is over",
                hint="give its snapshots send again, or snapshots run PROJECT",
            )
        if entry.input == "-":
            raise InputError(
                f"import {import_id} read standard input, which is gone",
                hint=f"give the same stream again: ... | {job.stream_again}",
            )
        if not entry.plan:
            raise LedgerError(
                f"import {import_id} failed before anything could be loaded: {entry.error}",
                hint=f"correct the input, and import it: snapshots import {quote(entry.input)}",
            )
        source = open_source(_where_it_is(entry, url), options.access)
        try:
            run = Run(job, ledger_session, source, options, listener, stop)
            return run.go_on(require_same(source, entry, ledger))
        finally:
            source.close()


class Run:
    """One import or delivery of one open source."""

    def __init__(
        self,
        job: Job,
        ledger_session: LedgerSession,
        source: Source,
        options: Options,
        listener: Listener,
        stop: threading.Event,
    ) -> None:
        self.job = job
        self.target = ledger_session.target
        self.ledger_session = ledger_session
        self.source = source
        self.options = options
        self.listener = listener
        self.stop = stop
        self.ending = Ending(job, ledger_session, source, options, self.stop, self.say)

    def import_or_go_on(self) -> ImportResult:
        """Does for the input what the ledger says is still to be done."""
        known = self.look_up()
        if known.imported:
            return already(known.imported, self.target, self.source.identity.name, known)
        if known.unfinished:
            self._require_same_wishes(known.unfinished)
            return self.go_on(known)
        self._require_touched(known)
        plan = self.job.plan(self.source, self.ledger_session, self.say)
        if result := self._import_small(plan, known):
            return result
        ledger = self.ledger_session.renewed()
        with ledger.locked():
            lease = None
            if self.nothing_new(known):
                lease = ledger.begin(
                    self.job.kind,
                    known.identity,
                    known.content_hash,
                    plan.destination,
                    plan.to_json(),
                    owner.this_process(),
                )
                give_up(ledger, known.gone, lease.import_id)
        if lease is None:
            return self.import_or_go_on()
        return self.execute(lease, plan, known, resumed=False)

    def _import_small(self, plan: Plan, known: KnownInput) -> ImportResult | None:
        """All of it in one transaction; None where that cannot be, and nothing was done."""
        done = self.job.at_once(plan, self.ledger_session, self.source, known, self.stop)
        if done is None:
            return None
        self._started(done.lease, plan, known, resumed=False)
        self.listener(as_committed(done.lease.import_id, done.chunk))
        chunk = done.chunk
        return self.ending.finished(done.lease, known, chunk.counts, chunk.rejects_by_code)

    def nothing_new(self, known: KnownInput) -> bool:
        """Nobody has begun an input that looks like this one since it was looked up."""
        fingerprint = known.identity.fingerprint
        if self.options.again or fingerprint is None:
            return True
        now = self.ledger_session.ledger.lookalikes(fingerprint, self.job.kind)
        return tuple(entry.import_id for entry in now) == known.lookalikes

    def go_on(self, known: KnownInput) -> ImportResult:
        """Takes an unfinished import up. Raises ImportBusy while its owner lives."""
        entry = known.unfinished
        if entry is None:
            raise LedgerError("there is nothing to go on with")
        require_undamaged(entry)
        if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
            raise ImportBusy(
                f"import {entry.import_id} of {entry.input} is being worked on by {entry.owner}",
                hint="wait for it, or stop that process; snapshots list shows how it goes",
            )
        lease = take_over(self.ledger_session.ledger, entry)
        return self.execute(lease, Plan.from_json(entry.plan), known, resumed=True)

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

    def _require_touched(self, known: KnownInput) -> None:
        """Of what is only loaded anew once somebody has touched it: that somebody has, since it was
        last seen under its name."""
        if self.options.reload_untouched or not known.reload_reason:
            return
        now = known.identity
        seen = self.ledger_session.ledger.sightings([now.name])
        same = (now.size, now.mtime_ns, now.inode)
        if seen and same not in [(one.size, one.mtime_ns, one.inode) for one in seen]:
            return
        kind = AlreadyImported if known.gone[0].state == "finished" else ContractError
        raise kind(known.lost, place=now.name, hint="touch the file to load it anew")

    def look_up(self) -> KnownInput:
        """What the ledger has of the input."""
        wanted = self.job.destination()
        likely = wanted or self.job.likely(self.source.identity.name)
        ledger = None if self.options.again else self.ledger_session.ledger
        return look_up(self.source, ledger, self.job.kind, wanted, likely)

    def execute(
        self, lease: Lease, plan: Plan, known: KnownInput, *, resumed: bool
    ) -> ImportResult:
        """Carries the plan out under the lease, and writes down how that ended."""
        self._started(lease, plan, known, resumed=resumed)
        try:
            self.ledger_session.name_sessions(session_name(lease))
            fault_point("begun")
            chunks = self.ledger_session.ledger.chunks(lease.import_id)
            if not resumed and not self.job.make(plan, self.ledger_session, lease):
                # Somebody has made the table since it was looked for: now its columns count.
                plan = self.job.plan(self.source, self.ledger_session, lambda _: None)
                self.ledger_session.ledger.replan(lease, plan.to_json())
            self.job.prepare(plan, self.ledger_session, lease, new=not chunks)
            task = JobContext(
                source=self.source,
                plan=plan,
                lease=lease,
                options=self.options,
                chunks=tuple(chunks),
                committed=self.ledger_session.ledger.counts(lease.import_id),
                content_hash=known.content_hash,
                stop=self.stop,
                listener=self.listener,
                heartbeat=lambda: self._heartbeat(lease),
                waiting=awaiting_parents.count(self.ledger_session.ledger, lease.import_id)
                if chunks
                else 0,
            )
            ended = self.job.carry_out(task)
            return self.ending.conclude(lease, plan, known, ended)
        except LostLease:
            raise
        except (ConnectionLost, CannotConnect) as error:
            # Nothing speaks against the import itself: the same command goes on with it.
            self.ending.end(lease, "interrupted", error)
            raise
        except SnapshotsError as error:
            self.ending.end(lease, "failed", error)
            raise
        except BaseException as error:
            self.ending.end(lease, "interrupted", error)
            raise

    def _started(self, lease: Lease, plan: Plan, known: KnownInput, *, resumed: bool) -> None:
        self.listener(
            Started(
                import_id=lease.import_id,
                kind=self.job.kind,
                input=self.source.identity.name,
                table=plan.destination,
                database=self.target.display(),
                bytes_total=known.identity.size,
                resumed=resumed,
                replaces=lease.replaces,
            )
        )
        if lease.replaces is not None:
            self.say(f"import {lease.replaces} had this name: its rows stay in the table")
        if known.reload_reason and not resumed:
            self.say(known.reload_reason)
        known_databases.remember(self.target.display())

    def _heartbeat(self, lease: Lease) -> None:
        """Says that the owner is alive. Raises LostLease if it is the owner no more: who waits, for
        input or for an API, would learn that from no chunk."""
        fault_point("heartbeat")
        try:
            ledger = self.ledger_session.ledger
            ledger.heartbeat(lease)
            ledger.require(ledger.session, lease)
        except SnapshotsError as error:
            if not error.retryable and not isinstance(error, CannotConnect):
                raise
            # The workers try to get the database back, even if it refuses who was let in before;
            # so does the next heartbeat.
            self.ledger_session.renew_if_possible()

    def say(self, text: str) -> None:
        """Tells the listener a sentence."""
        self.listener(Notice(text))


def job_for(target: Target, options: Options, kind: RunKind) -> Job:
    """What is done with an input in a run of that kind."""
    if kind == "import":
        return LoadingJob(target, options)
    # Imported here: it brings an HTTP client along, which an import does not need.
    from snapshots.engine.delivery.job import DeliveryJob

    return DeliveryJob(target, options)


def _where_it_is(entry: Entry, url: str | None) -> str:
    """The input as it was named, or else by its path: this may be another folder."""
    if url is not None:
        # Older releases wrote a query down in another spelling.
        if unquote_plus(shown(url)) != unquote_plus(entry.input):
            raise UsageError(
                f"import {entry.import_id} is not of this URL",
                place=shown(url),
                hint=f"it is of {entry.input}",
            )
        return url
    if HIDDEN in entry.input:
        raise InputError(
            f"the URL of import {entry.import_id} has a part that is kept nowhere",
            place=entry.input,
            hint="give the whole URL again, in the variable SNAPSHOTS_URL or with --url",
        )
    path = Plan.from_json(entry.plan).path
    return entry.input if path is None or os.path.exists(entry.input) else path  # noqa: PTH110
