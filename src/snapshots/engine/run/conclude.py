"""Concludes a run: writes its end into the ledger, and tells the caller how it ended."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots import inner_names
from snapshots.engine.events import ImportResult, Settled
from snapshots.engine.history.known_databases import where
from snapshots.engine.input.reader import changed_meanwhile
from snapshots.engine.lease.takeover import require_ours
from snapshots.engine.publishing.asked import PublishAgain
from snapshots.engine.publishing.liveness import kept_alive
from snapshots.engine.publishing.stage import abandon
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.errors import (
    AppendAtWork,
    CannotConnect,
    GuardRefusal,
    InputChanged,
    InputError,
    LedgerError,
    LostLease,
    OlderVersion,
    OverBudget,
    SnapshotsError,
    Stopped,
    TableInUse,
    TargetError,
    out_of_memory,
    sentence,
)
from snapshots.ports import Described
from snapshots.time_limits import TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from snapshots.engine.events import Listener
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.job import Job, JobOutcome, SingleTransactionImport
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.publisher import Publication, Publisher
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Counts, RowChanges, State
    from snapshots.ports import Source


_APPEND_SECONDS = 0.5
"""Between two looks at an append that is waited for."""
_PAUSE_SECONDS = 1.0
"""Between two tries to rename a table that others use, so that they can go on meanwhile."""
_TABLE_SECONDS = 60.0
"""How long to try that."""


class Conclusion(Struct, frozen=True):
    """Concludes the run of one open source, however it ends."""

    job: Job
    ledger_session: LedgerSession
    source: Source
    options: Options
    stop: threading.Event
    say: Callable[[str], None]
    listener: Listener
    began: float = field(default_factory=time.monotonic)
    reported: set[str] = field(default_factory=set)

    def conclude(
        self, lease: Lease, plan: Plan, known: KnownInput, ended: JobOutcome
    ) -> ImportResult:
        """Writes the end of the run into the ledger, and returns it.

        Raises LostLease if another process has taken the import over, and an error that is none of
        this package.
        """
        error = ended.error
        if isinstance(error, LostLease):
            raise error
        if error is None and ended.complete and not self.source.unchanged():
            error = changed_meanwhile(self.source.identity.name)
        if error is not None:
            return self._failed(lease, error)
        if ended.over_budget:
            return self._over_budget(lease, plan, ended)
        if not ended.complete:
            return self._incomplete(lease, ended)
        try:
            note, ended = self._publish(lease, plan, known, ended)
        except LostLease:
            raise
        except SnapshotsError as failure:
            return self._failed(lease, failure)
        if ended.over_budget:
            return self._over_budget(lease, plan, ended)
        return self.finished(lease, known, ended.counts, note=note)

    def finished(
        self,
        lease: Lease,
        known: KnownInput,
        counts: Counts,
        note: str = "",
        done: SingleTransactionImport | None = None,
    ) -> ImportResult:
        """The result once the ledger says that the whole input is accounted for.

        `note` is what there is to say of the account or of publishing. `done` is an import that has
        just been committed as a whole, on the ledger's session.
        """
        reload_reason = sentence(known.reload_reason)
        if not counts.rejected:
            return self._result(lease, "finished", 0, reload_reason, note, done)
        see = (
            f"See them with: snapshots rejects {lease.import_id}{where(self.ledger_session.target)}"
        )
        hint = f"{note} {see}".strip()
        return self._result(lease, "finished", 3, reload_reason, hint, done)

    def end(self, lease: Lease, state: State, error: BaseException | None) -> None:
        """Writes the end of the run if it can: where the database is away, the lease runs out.

        Raises LostLease if another process has taken the import over: how it ends is for that one
        to say, and what went wrong here may only follow from it. An error that is none of this
        package, such as Ctrl-C in somebody's program, stays what it is.
        """
        fault_point("before-end")
        second = None
        try:
            self.ledger_session.renewed().end(
                lease,
                state,
                None if error is None else str(error),
                time.monotonic() - self.began,
                getattr(error, "code", None),
            )
        except SnapshotsError as failure:
            second = failure
        own = error is None or isinstance(error, SnapshotsError)
        if own and not isinstance(second, CannotConnect):
            require_ours(self.ledger_session, lease)
        if second is not None:
            self.say(f"the end of the run could not be recorded in the ledger: {second}")

    def _publish(
        self, lease: Lease, plan: Plan, known: KnownInput, ended: JobOutcome
    ) -> tuple[str, JobOutcome]:
        """Publishes the rows and finishes the import; rows that the table refuses then are rejects
        before.

        Returns what there is to say of it, as sentences, and how the work has ended now. Nothing is
        published where that has more rejects than allowed.
        """
        if not plan.stage:
            note, _ = self._finish(lease, plan, known, ended, self.job.publisher(plan))
            return note, ended
        publisher = self.job.publisher(plan)
        ledger = self.ledger_session.renewed()
        before, codes = ledger.counts(lease.import_id), ledger.reject_counts(lease.import_id)
        note, refused = self._finish(lease, plan, known, ended, publisher)
        while refused:
            counts = self.ledger_session.renewed().counts(lease.import_id)
            over = self.options.allowed.exceeded_by_all(counts)
            ended = replace(ended, counts=counts, over_budget=over)
            if over:
                break
            note, refused = self._finish(lease, plan, known, ended, publisher)
        self._tell_settled(lease, before, codes)
        if ended.over_budget:
            return "", ended
        try:
            publisher.clean_up(self.ledger_session.renewed(), lease, plan)
        except SnapshotsError as error:
            # The import is finished all the same, and the ledger knows what is left.
            self.say(f"the stage could not be dropped; snapshots prune does it: {error}")
        return note, ended

    def _tell_settled(self, lease: Lease, before: Counts, codes: dict[str, int]) -> None:
        """Tells what publishing has changed in the counts of committed chunks."""
        ledger = self.ledger_session.renewed()
        now = ledger.counts(lease.import_id)
        if now != before:
            found = ledger.reject_counts(lease.import_id)
            more = {code: n - codes.get(code, 0) for code, n in found.items()}
            self.listener(
                Settled(lease.import_id, now - before, {code: n for code, n in more.items() if n})
            )

    def _finish(
        self, lease: Lease, plan: Plan, known: KnownInput, ended: JobOutcome, publisher: Publisher
    ) -> tuple[str, int]:
        """Publishes the rows, completes the account and finishes the import, in one transaction.

        Tries again while the database is away, as long as the workers do. Returns what there is to
        say of it, as sentences, and how many rows the table has refused: then nothing is published.
        """
        patience = DatabaseRetry(self._require_no_stop)
        began = time.monotonic()
        while True:
            fault_point("before-finish")
            try:
                ledger = self.ledger_session.renewed()
                with kept_alive(self.ledger_session, lease, plan, self.stop), ExitStack() as stack:
                    stack.enter_context(publisher.prepared(ledger, lease, plan))
                    stack.enter_context(_publishing(ledger, publisher.lock(ledger, plan)))
                    published = publisher.publish(ledger, lease, plan, self.source)
                    if published.refused:
                        return "", published.refused
                    uncounted = self.job.complete_account(plan, lease, ledger)
                    ledger.finish(
                        lease,
                        ended.end,
                        ended.content_hash or known.content_hash or "",
                        ended.size if ended.size is not None else ended.end,
                        time.monotonic() - self.began,
                        self._changes(ledger, lease, plan, published),
                        published.note,
                        published.as_of,
                        published.way,
                    )
                    fault_point("finishing")
            except AppendAtWork as error:
                self._say_once(f"{error}: this one is published when that has ended")
                self._pause(lease, _APPEND_SECONDS)
                continue
            except PublishAgain:
                continue
            except TableInUse as error:
                self._await_table(lease, error, time.monotonic() - began)
                continue
            except SnapshotsError as error:
                if plan.stage and self.stop.is_set():
                    # This may be the cancelled statement.
                    raise Stopped("stopped") from error
                patience.bear(error, connected=True)
            else:
                fault_point("finished")
                return f"{uncounted} {published.note}".strip(), 0
            patience.wait()

    def _changes(
        self, ledger: Ledger, lease: Lease, plan: Plan, published: Publication
    ) -> RowChanges | None:
        """What publishing has done. What triggers do with inserted rows is theirs: those that they
        have left out are skipped records, as far as that could be counted."""
        changes = published.changes
        if changes is None or not plan.triggers or plan.key:
            return changes
        return replace(changes, inserted=ledger.counts(lease.import_id).loaded)

    def _await_table(self, lease: Lease, error: TableInUse, waited: float) -> None:
        """Waits a moment, so that others can use the table. Raises TargetError after a minute."""
        if waited > _TABLE_SECONDS:
            raise TargetError(
                f"{error} This import has waited for {waited:.0f} s.",
                hint="Nothing was published.",
            ) from error
        self._say_once(f"{error}: waiting for at most {_TABLE_SECONDS:.0f} s")
        self._pause(lease, _PAUSE_SECONDS)

    def _pause(self, lease: Lease, seconds: float) -> None:
        """Waits for others. Raises Stopped, LostLease."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._require_no_stop()
            time.sleep(TICK_SECONDS)
        ledger = self.ledger_session.renewed()
        ledger.heartbeat(lease)
        ledger.require(ledger.session, lease)

    def _say_once(self, text: str) -> None:
        if text not in self.reported:
            self.reported.add(text)
            self.say(text)

    def _require_no_stop(self) -> None:
        if self.stop.is_set():
            raise Stopped("stopped")

    def _incomplete(self, lease: Lease, ended: JobOutcome) -> ImportResult:
        if self.stop.is_set():
            self.end(lease, "interrupted", None)
            return self._result(lease, "interrupted", 130, "Stopped.", self._how_to_resume(lease))
        if not ended.limited:
            return self._failed(lease, Stopped("stopped before the end of the input"))
        message = f"Stopped at the limit of {self.options.limit} records."
        if self.options.first is not None:
            message = f"Sent {self.options.first:,} records and stopped, for a look."
        self.end(lease, "interrupted", LedgerError(message))
        code = 3 if ended.counts.rejected else 0
        return self._result(lease, "limited", code, message, self._how_to_resume(lease))

    def _over_budget(self, lease: Lease, plan: Plan, ended: JobOutcome) -> ImportResult:
        counts = ended.counts
        if self.options.stop_on_error:
            message = "Stopped at the first rejected record (--stop-on-error)."
            if ended.complete:
                message = (
                    "The last check rejected records (--stop-on-error); the others are loaded."
                )
        else:
            message = (
                f"{counts.rejected} of {counts.records} records were rejected, more than"
                f" --max-rejects {self.options.reject_limit} allows."
            )
        self.end(lease, "failed", OverBudget(message))
        which = f"{lease.import_id}{where(self.ledger_session.target)}"
        hint = self._unpublished(lease, plan) + (
            f"See them with: snapshots rejects {which}; continue regardless with: snapshots resume"
            f" {which} --max-rejects 100%"
        )
        return self._result(lease, "failed", 4, message, hint)

    def _unpublished(self, lease: Lease, plan: Plan) -> str:
        """What to say first of an import that has too many rejects: whether readers see rows."""
        if not plan.stage:
            return ""
        codes = self.ledger_session.renewed().reject_counts(lease.import_id)
        twice = "duplicate_key" in codes and self.options.duplicates == "reject"
        choose = " Add --again --duplicates first, or last, to take one record of each key."
        return f"Nothing was published.{choose if twice else ''}\n"

    def _failed(self, lease: Lease, error: BaseException) -> ImportResult:
        if isinstance(error, MemoryError):
            error = out_of_memory()
        for_good = isinstance(error, InputError | GuardRefusal | OlderVersion)
        self.end(lease, "failed" if for_good else "interrupted", error)
        if not isinstance(error, SnapshotsError):
            raise error
        # What was begun with other bytes never goes on with these.
        final = isinstance(error, InputChanged | OlderVersion)
        if final:
            with suppress(SnapshotsError):
                abandon(self.ledger_session.renewed(), lease.import_id)
        onward = "" if final else self._how_to_resume(lease)
        if isinstance(error, GuardRefusal):
            onward = self._how_to_publish(lease, error.option)
        hint = " ".join(part for part in (error.hint, onward) if part)
        try:
            return self._result(lease, "failed", error.exit_code, str(error), hint)
        except (LedgerError, Stopped):
            error.hint = hint
            raise error from None

    def _result(
        self,
        lease: Lease,
        outcome: str,
        exit_code: int,
        message: str,
        hint: str,
        done: SingleTransactionImport | None = None,
    ) -> ImportResult:
        only = None if done is None else done.chunk
        rejects = None if only is None else only.rejects_by_code
        skipped: dict[str, int] = {}
        try:
            ledger = self.ledger_session.renewed() if only is None else self.ledger_session.ledger
            entry = None if done is None else done.entry
            entry = entry or ledger.entry(lease.import_id, only)
            if rejects is None:
                rejects = ledger.reject_counts(lease.import_id)
            if entry is not None and entry.counts.skipped:
                skipped = ledger.skip_counts(lease.import_id)
        except SnapshotsError:
            entry = None
        if entry is None or rejects is None:
            kind = Stopped if exit_code == Stopped.exit_code else LedgerError
            raise kind(message or "the ledger cannot be read", hint=hint)
        return ImportResult(
            record=entry.record(self.ledger_session.target.display()),
            counts=entry.counts,
            outcome=outcome,
            exit_code=exit_code,
            message=message,
            rejects_by_code=dict(sorted(rejects.items(), key=lambda one: (-one[1], one[0]))),
            skipped_by_code=skipped,
            hint=hint,
            given=self.source.identity.name,
        )

    def _how_to_publish(self, lease: Lease, option: str) -> str:
        if inner_names.nameless(self.source.identity.name):
            return f"If that is right, give the same input again with {option}."
        which = f"{lease.import_id}{where(self.ledger_session.target)}"
        return f"If that is right: snapshots resume {which} {option}"

    def _how_to_resume(self, lease: Lease) -> str:
        if isinstance(self.source, Described):
            return self.source.again
        if self.source.identity.name == inner_names.FRAME:
            return "To continue, load the same frame again: it is known by its rows."
        if self.source.identity.name == "-":
            return (
                f"To continue, pipe in the same stream again: ... | {self.job.command_for_stream}"
            )
        return (
            f"Resume it with: snapshots resume {lease.import_id}{where(self.ledger_session.target)}"
        )


@contextmanager
def _publishing(ledger: Ledger, lock: str | None) -> Iterator[None]:
    """The transaction that finishes an import."""
    if lock is None:
        with ledger.session.transaction():
            yield
        return
    with ledger.writing(lock):
        yield
