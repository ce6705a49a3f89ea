"""One run: an input is looked up, its import is begun or resumed, carried out and concluded."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots import inner_names
from snapshots.engine.events import ImportResult, Listener, Notice, Started, as_committed
from snapshots.engine.history import known_databases
from snapshots.engine.history.known_databases import where
from snapshots.engine.input.grown import taken_since
from snapshots.engine.input.identity import KnownInput, is_untouched, look_up
from snapshots.engine.input.versions import PreviousImport, previous_import
from snapshots.engine.job import Job, JobContext, SingleTransactionImport
from snapshots.engine.lease import owner
from snapshots.engine.lease.takeover import require_undamaged, session_name, take_over
from snapshots.engine.loading.job import LoadingJob
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan
from snapshots.engine.plan.rest import plan_of_rest, require_no_other
from snapshots.engine.run.already import already
from snapshots.engine.run.conclude import Conclusion
from snapshots.engine.run.grown_input import about_tail, with_growth
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import (
    AlreadyImported,
    CannotConnect,
    ConnectionLost,
    ContractError,
    Forbids,
    ImportBusy,
    LedgerError,
    LostLease,
    SnapshotsError,
    UsageError,
)
from snapshots.ledger import awaiting_parents, locks
from snapshots.ledger.chunk_pages import each_chunk
from snapshots.ledger.missing_tables import give_up
from snapshots.ledger.new_import import begin, identity_row

if TYPE_CHECKING:
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ledger.rows import Row
    from snapshots.model import RunKind
    from snapshots.ports import Source, Target


class Run:
    """One import or delivery of one open source. For one thread at a time.

    Its stages: `look_up` finds what the ledger has of the input. `begin` writes a new import, or
    `resume` takes up an unfinished one. `carry_out` has the job move the records. `Conclusion`
    writes how it ended.
    """

    def __init__(
        self,
        job: Job,
        ledger_session: LedgerSession,
        source: Source,
        options: Options,
        listener: Listener,
        stop: threading.Event,
        name: str | None = None,
    ) -> None:
        """`name`: what the ledger calls the input, if not as the source does."""
        self.name = name or source.identity.name
        self.job = job
        self.target = ledger_session.target
        self.ledger_session = ledger_session
        self.source = source
        self.options = options
        self.listener = listener
        self.stop = stop
        self.conclusion = Conclusion(
            job, ledger_session, source, options, self.stop, self.say, listener
        )

    def begin_or_resume(self) -> ImportResult:
        """Does for the input what the ledger says is still to be done."""
        known = self.look_up()
        if previous := self.previous_import(known):
            return already(previous, self.target, self.source.identity.name, known)
        if known.unfinished:
            self._require_same_options(known.unfinished)
            return self.resume(known)
        self._require_touched(known)
        return self.begin(known)

    def previous_import(self, known: KnownInput) -> PreviousImport | None:
        """The import after which there is nothing to do; None: the input is to be imported."""
        return previous_import(
            known, self.options, self.source.identity.name, self.ledger_session.ledger
        )

    def look_up(self) -> KnownInput:
        """Finds what the ledger has of the input."""
        wanted = self.job.requested_destination()
        likely = wanted or self.job.default_destination(self.source.identity.name)
        ledger = None if self.options.again else self.ledger_session.ledger
        known = look_up(self.source, ledger, self.job.kind, wanted, likely, self.name)
        if ledger is None or self.job.kind != "import":
            return known
        return with_growth(known, self.source, self.name, ledger, self.options)

    def plan(self, known: KnownInput) -> Plan:
        """Decides how the input is loaded, or the rest of one that has grown."""
        if known.growth is None:
            return self.job.plan(self.source, self.ledger_session, self.say)
        ledger = self.ledger_session.ledger
        plan = plan_of_rest(known.growth.plan, self.source, ledger, self.options)
        plan.require_convertible()
        return plan

    def begin(self, known: KnownInput) -> ImportResult:
        """Begins a new import; where another process has just begun one, looks it up again."""
        plan = self.plan(known)
        attempt = self.job.run_in_one_transaction(
            plan, self.ledger_session, self.source, known, self.stop
        )
        if attempt.done is not None:
            return self.tell_done(attempt.done, plan, known)
        ledger = self.ledger_session.renewed()
        if self.options.again and (done := committed_after_all(ledger, attempt.in_doubt)):
            return self.tell_done(done, plan, known)
        lease: Lease | None = None
        with ledger.writing(*self.locks(known)):
            if self.nothing_new(known):
                lease = begin(
                    ledger,
                    self.job.kind,
                    known.identity,
                    known.content_hash,
                    plan.destination,
                    plan.to_json(),
                    owner.this_process(),
                    attempt.number,
                    known.parts,
                    new_table=plan.create is not None,
                )
                give_up(ledger, known.gone, lease.import_id)
        if lease is None:
            return self.begin_or_resume()
        return self.carry_out(lease, plan, known, resumed=False)

    def locks(self, known: KnownInput) -> tuple[str, ...]:
        """The locks of who begins an import of this input; none where others may begin one, too."""
        fingerprint = known.identity.fingerprint
        if self.options.again or fingerprint is None:
            return ()
        return locks.of_new(self.job.kind, self.name, fingerprint)

    def nothing_new(self, known: KnownInput) -> bool:
        """Tells whether nobody has begun an input that looks like this one, or has its name, since
        it was looked up.

        Call it with the locks of the input.
        """
        fingerprint = known.identity.fingerprint
        if self.options.again or fingerprint is None:
            return True
        ledger = self.ledger_session.ledger
        counts = self.job.kind == "import" and not inner_names.nameless(self.name)
        if counts and ledger.named(self.name) != known.named:
            return False
        return ledger.lookalike_ids(fingerprint, self.job.kind) == known.lookalikes

    def resume(self, known: KnownInput) -> ImportResult:
        """Takes up an unfinished import. Raises ImportBusy while its owner lives."""
        entry = known.unfinished
        if entry is None:
            raise LedgerError("there is no unfinished import to resume")
        require_undamaged(entry)
        if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
            raise ImportBusy(
                f"import {entry.import_id} of {entry.input} is already running, in"
                f" {owner.in_words(entry.owner)}",
                hint="wait until it ends, or stop that process; see its progress with snapshots"
                " list",
            )
        ledger = self.ledger_session.ledger
        require_still_to_do(entry, ledger)
        lease = take_over(ledger, entry)
        if known.grew:
            self.takes_more(lease, known)
        return self.carry_out(lease, Plan.from_json(entry.plan), known, resumed=True)

    def takes_more(self, lease: Lease, known: KnownInput) -> None:
        """Writes that an import, which has not ended, goes on with what its input is by now."""
        row: Row = {**identity_row(known.identity), "content_hash": known.content_hash}
        ledger = self.ledger_session.ledger
        ledger.change(lease, {name: row[name] for name in row if name != "input"})
        fault_point("takes-more")
        self.say("the input has grown since this import began: it goes on to the new end")

    def _renew_identity(self, lease: Lease, known: KnownInput) -> None:
        """Writes by which mark the input is known that a resumed import goes on with: another
        version may begin alike, and the hash at the end is that of this one."""
        entry = known.unfinished
        if entry is not None and not is_untouched(known.identity, entry):
            row = identity_row(known.identity)
            marks = {name: row[name] for name in ("mtime_ns", "inode", "etag")}
            self.ledger_session.ledger.change(lease, marks)

    def carry_out(
        self, lease: Lease, plan: Plan, known: KnownInput, *, resumed: bool
    ) -> ImportResult:
        """Carries the plan out under the lease, and concludes the run."""
        self._tell_started(lease, plan, known, resumed=resumed)
        try:
            self._renew_identity(lease, known)
            context = self._prepare(lease, plan, known, resumed=resumed)
            outcome = self.job.transfer(context)
            return self.conclusion.conclude(lease, context.plan, known, outcome)
        except LostLease:
            raise
        except (ConnectionLost, CannotConnect) as error:
            # Nothing speaks against the import itself: the same command goes on with it.
            self.conclusion.end(lease, "interrupted", error)
            raise
        except SnapshotsError as error:
            self.conclusion.end(lease, "failed", error)
            raise
        except BaseException as error:
            self.conclusion.end(lease, "interrupted", error)
            raise

    def _prepare(self, lease: Lease, plan: Plan, known: KnownInput, *, resumed: bool) -> JobContext:
        """Makes the destination ready, and gathers what the job needs to know."""
        self.ledger_session.name_sessions(session_name(lease))
        fault_point("begun")
        begun = bool(self.ledger_session.ledger.chunks_from(lease.import_id, 0, 1))
        if not resumed and not self.job.create_destination(plan, self.ledger_session, lease):
            # Somebody has made the table since it was looked for: now its columns count.
            plan = self.job.plan(self.source, self.ledger_session, lambda _: None)
            self.ledger_session.ledger.replan(lease, plan.to_json())
        self.job.prepare_destination(plan, self.ledger_session, lease, new=not begun)
        ledger = self.ledger_session.ledger
        return JobContext(
            source=self.source,
            plan=plan,
            lease=lease,
            options=self.options,
            chunks=lambda: each_chunk(self.ledger_session.ledger, lease.import_id),
            committed=ledger.counts(lease.import_id),
            content_hash=known.content_hash,
            stop=self.stop,
            listener=self.listener,
            heartbeat=lambda: self._heartbeat(lease),
            waiting=awaiting_parents.count(ledger, lease.import_id) if begun else 0,
            beginning=ledger.beginning(lease.import_id),
        )

    def tell_done(
        self, done: SingleTransactionImport, plan: Plan, known: KnownInput
    ) -> ImportResult:
        """Concludes a run that was done in one transaction."""
        chunk = done.chunk
        self._tell_started(done.lease, plan, known, resumed=False)
        self.listener(as_committed(done.lease.import_id, chunk))
        return self.conclusion.finished(done.lease, known, chunk.counts, done=done)

    def _require_same_options(self, entry: Entry) -> None:
        """Raises UsageError where the import was begun with other options: its plan stays."""
        plan = Plan.from_json(entry.plan)
        if entry.continues is not None:
            require_no_other(plan, self.options, entry.input)
        elif plan.given != self.options.given():
            raise UsageError(
                f"import {entry.import_id} of this input is unfinished and has other options",
                place=entry.input,
                hint="To start over with the new options, add --again. To continue with the old"
                f" ones: snapshots resume {entry.import_id}{where(self.target)}",
            )

    def _require_touched(self, known: KnownInput) -> None:
        """Raises an error where an input whose tables are gone was not touched since it was last
        seen, and is loaded anew only then."""
        if self.options.reload_untouched or not known.reload_reason:
            return
        now = known.identity
        seen = self.ledger_session.ledger.sightings([now.name])
        same = (now.size, now.mtime_ns, now.inode)
        if seen and same not in [(one.size, one.mtime_ns, one.inode) for one in seen]:
            return
        kind = AlreadyImported if known.gone[0].state == "finished" else ContractError
        raise kind(known.lost, place=now.name, hint="to load the file again, touch it")

    def _tell_started(self, lease: Lease, plan: Plan, known: KnownInput, *, resumed: bool) -> None:
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
                continues=lease.continues,
                staged=bool(plan.stage),
            )
        )
        if known.growth is not None:
            self.say(about_tail(known.growth))
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


def committed_after_all(
    ledger: Ledger, attempt: SingleTransactionImport | None
) -> SingleTransactionImport | None:
    """Finds an import of one transaction that was committed without an answer; None if it was not.

    Whoever looks its input up needs no such question. With `--again` nothing is looked up.
    """
    if attempt is None:
        return None
    entry = ledger.entry(attempt.lease.import_id)
    # Some databases give the number of what was rolled back to another import.
    ours = entry is not None and (entry.state, entry.seconds) == ("finished", attempt.seconds)
    return replace(attempt, entry=entry) if ours else None


def require_still_to_do(entry: Entry, ledger: Ledger) -> None:
    """Raises Forbids where another import has loaded what an unfinished tail was to load."""
    other = taken_since(entry, ledger)
    if other is not None:
        raise Forbids(
            f"import {other} has loaded what import {entry.import_id} was to load: it does not go"
            " on",
            place=entry.input,
        )


def job_for(target: Target, options: Options, kind: RunKind) -> Job:
    """The job of a run of that kind."""
    if kind == "import" and options.cluster is None:
        return LoadingJob(target, options)
    if kind == "import" and options.cluster is not None:
        from snapshots.engine.cluster.address import Cluster

        cluster = Cluster(target, options, options.cluster)
        cluster.require_usable()
        return LoadingJob(target, options, cluster)
    # Imported here: it brings an HTTP client along, which an import does not need.
    from snapshots.engine.delivery.job import DeliveryJob

    return DeliveryJob(target, options)
