"""The import of one input, from its name to its place in the history."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from snapshots import locations
from snapshots.engine import dry, owner
from snapshots.engine import known as known_databases
from snapshots.engine.columns import require_unchanged
from snapshots.engine.earlier import Known, look_up, require_same
from snapshots.engine.execute import Ended, Execution
from snapshots.engine.plan import Options, Plan, make_plan
from snapshots.engine.read import Remainder
from snapshots.engine.report import ImportResult, Listener, Notice, Started
from snapshots.engine.tables import table_for
from snapshots.errors import (
    ImportBusy,
    InputChanged,
    InputError,
    LedgerError,
    LostLease,
    SnapshotsError,
    Stopped,
    TargetError,
    UsageError,
)
from snapshots.ledger.record import Ledger
from snapshots.sources import open_source

if TYPE_CHECKING:
    from snapshots.ledger.history import Entry
    from snapshots.ledger.record import Lease
    from snapshots.model import State
    from snapshots.ports import Source, Target


def import_input(
    name: str,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
) -> ImportResult:
    """Loads one input, goes on with an unfinished import of it, or finds that it is loaded.

    Raises the errors of planning, with nothing written; what goes wrong later is in the result
    and in the ledger.
    """
    source = open_source(name)
    try:
        if options.dry_run:
            return dry.run(source, target, options, listener)
        session = target.connect()
        try:
            ledger = Ledger(target, session)
            ledger.ensure()
            run = _Run(target, ledger, source, options, listener, stop or threading.Event())
            return run.import_or_go_on()
        finally:
            session.close()
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
    """
    session = target.connect(create=False)
    try:
        ledger = Ledger(target, session)
        entry = ledger.entry(import_id) if ledger.exists() else None
        if entry is None:
            raise LedgerError(
                f"there is no import {import_id} in {target.display()}",
                hint="snapshots list shows those there are",
            )
        if entry.state == "finished":
            return _already(entry, target)
        if entry.input == "-":
            raise InputError(
                f"import {import_id} read standard input, which is gone",
                hint="give the same stream again: ... | snapshots import -",
            )
        source = open_source(_where_it_is(entry))
        try:
            run = _Run(target, ledger, source, options, listener, stop or threading.Event())
            return run.go_on(require_same(source, entry, ledger))
        finally:
            source.close()
    finally:
        session.close()


class _Run:
    """One import of one open source."""

    def __init__(
        self,
        target: Target,
        ledger: Ledger,
        source: Source,
        options: Options,
        listener: Listener,
        stop: threading.Event,
    ) -> None:
        self.target = target
        self.ledger = ledger
        self.source = source
        self.options = options
        self.listener = listener
        self.stop = stop
        self.began = time.monotonic()

    def import_or_go_on(self) -> ImportResult:
        known = self._look_up()
        if known.imported:
            return _already(known.imported, self.target)
        if known.unfinished:
            self._require_same_wishes(known.unfinished)
            return self.go_on(known)
        plan = make_plan(
            self.source,
            self.target,
            self.ledger.session,
            self.options,
            self._say,
            self.ledger.last_plan,
        )
        # What cannot work is said before the ledger knows of it.
        plan.converter(0)
        if plan.create:
            self.target.check(plan.create, lineage=plan.lineage)
        with self.ledger.locked():
            lease = None
            if self._nothing_new(known):
                lease = self.ledger.begin(
                    known.identity,
                    known.content_hash,
                    str(plan.table),
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
        now = tuple(entry.import_id for entry in self.ledger.lookalikes(fingerprint))
        return now == known.lookalikes

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
        with self.ledger.locked():
            lease = self.ledger.take(entry, owner.this_process())
        return self._execute(lease, Plan.from_json(entry.plan), known, resumed=True)

    def _require_same_wishes(self, entry: Entry) -> None:
        """An import goes on by its plan; who wants another one must not get the old in silence."""
        if Plan.from_json(entry.plan).given != self.options.given():
            raise UsageError(
                f"import {entry.import_id} of this input is unfinished, and was begun with other"
                " options",
                place=entry.input,
                hint="--again loads all of it anew, with these. Go on with it as it is with:"
                f" snapshots resume {entry.import_id}{self._where()}",
            )

    def _look_up(self) -> Known:
        table = self.options.table
        if table is not None:
            table = str(self.target.table_name(table))
        name = self.source.identity.name
        likely = table or (None if name == "-" else table_for(name, None))
        ledger = None if self.options.again else self.ledger
        return look_up(self.source, ledger, table, likely)

    def _execute(self, lease: Lease, plan: Plan, known: Known, *, resumed: bool) -> ImportResult:
        self.listener(
            Started(
                import_id=lease.import_id,
                input=self.source.identity.name,
                table=str(plan.table),
                database=self.target.display(),
                bytes_total=known.identity.size,
                resumed=resumed,
            )
        )
        try:
            known_databases.remember(self.target.display())
            chunks = self.ledger.chunks(lease.import_id)
            self._prepare_table(plan, new=not chunks)
            execution = Execution(
                self.target,
                self.source,
                plan,
                lease,
                self.options,
                remainder=Remainder.after(chunks),
                committed=self.ledger.counts(lease.import_id),
                content_hash=known.content_hash,
                stop=self.stop,
                listener=self.listener,
                heartbeat=lambda: self._heartbeat(lease),
            )
            ended = execution.run()
            return self._conclude(lease, known, ended)
        except LostLease:
            raise
        except SnapshotsError as error:
            self._end(lease, "failed", error)
            raise
        except BaseException as error:
            self._end(lease, "interrupted", error)
            raise

    def _prepare_table(self, plan: Plan, *, new: bool) -> None:
        """All DDL comes before the first chunk: on MySQL it would commit one in its middle."""
        session = self.ledger.session
        if plan.create and new and self.target.inspect(session, plan.table) is None:
            try:
                self.target.create_table(session, plan.table, plan.create, lineage=plan.lineage)
            except TargetError:
                # Another process may have made it since it was looked for.
                if self.target.inspect(session, plan.table) is None:
                    raise
        if plan.add:
            shape = self.target.inspect(session, plan.table)
            there = {column.name for column in shape.columns} if shape else set()
            missing = [
                column
                for column in plan.contract.columns
                if column.name in plan.add and column.name not in there
            ]
            if missing:
                self.target.add_columns(session, plan.table, missing)
        if plan.loads:
            require_unchanged(
                self.target.inspect(session, plan.table), plan.contract, plan.encoding
            )

    def _conclude(self, lease: Lease, known: Known, ended: Ended) -> ImportResult:
        """Writes the end of the import into the ledger and says it to the caller."""
        error = ended.error
        if isinstance(error, LostLease):
            raise error
        if error is None and ended.whole and not self.source.unchanged():
            error = InputChanged(
                "the input was changed while it was being loaded",
                place=self.source.identity.name,
                hint="what is loaded is a mixture: snapshots show tells which bytes are in"
                " the table",
            )
        if error is not None:
            return self._failed(lease, error)
        if ended.over_budget:
            return self._over_budget(lease, ended)
        if not ended.whole:
            return self._not_whole(lease, ended)
        self._renewed().finish(
            lease,
            ended.end,
            ended.content_hash or known.content_hash or "",
            ended.size if ended.size is not None else ended.end,
            time.monotonic() - self.began,
        )
        if not ended.counts.rejected:
            return self._result(lease, "finished", 0, "", "")
        hint = f"See them with: snapshots rejects {lease.import_id}{self._where()}"
        return self._result(lease, "finished", 3, "", hint)

    def _not_whole(self, lease: Lease, ended: Ended) -> ImportResult:
        if self.stop.is_set():
            self._end(lease, "interrupted", None)
            return self._result(lease, "interrupted", 130, "Stopped.", self._how_to_resume(lease))
        if not ended.limited:
            return self._failed(lease, Stopped("stopped before the end of the input"))
        message = f"Stopped at the limit of {self.options.limit} records."
        self._end(lease, "interrupted", LedgerError(message))
        code = 3 if ended.counts.rejected else 0
        return self._result(lease, "limited", code, message, self._how_to_resume(lease))

    def _over_budget(self, lease: Lease, ended: Ended) -> ImportResult:
        counts = ended.counts
        if self.options.stop_on_error:
            message = "Stopped at the first rejected record (--stop-on-error)."
        else:
            message = (
                f"{counts.rejected} of {counts.records} records were rejected, more than"
                f" --max-rejects {self.options.budget} allows."
            )
        self._end(lease, "failed", LedgerError(message))
        hint = (
            f"See them with: snapshots rejects {lease.import_id}{self._where()}; go on all the"
            f" same with: snapshots resume {lease.import_id}{self._where()} --max-rejects 100%"
        )
        return self._result(lease, "failed", 4, message, hint)

    def _failed(self, lease: Lease, error: BaseException) -> ImportResult:
        self._end(lease, "failed" if isinstance(error, InputError) else "interrupted", error)
        if not isinstance(error, SnapshotsError):
            raise error
        hint = " ".join(part for part in (error.hint, self._how_to_resume(lease)) if part)
        try:
            return self._result(lease, "failed", error.exit_code, str(error), hint)
        except LedgerError:
            error.hint = hint
            raise error from None

    def _end(self, lease: Lease, state: State, error: BaseException | None) -> None:
        """Notes the end as well as it can be: if the database is away, the lease runs out."""
        try:
            self._renewed().end(
                lease, state, None if error is None else str(error), time.monotonic() - self.began
            )
        except SnapshotsError as second:
            self._say(f"the ledger could not be told: {second}")

    def _result(
        self, lease: Lease, outcome: str, exit_code: int, message: str, hint: str
    ) -> ImportResult:
        try:
            ledger = self._renewed()
            entry = ledger.entry(lease.import_id)
            rejects = ledger.reject_counts(lease.import_id)
        except SnapshotsError:
            entry, rejects = None, {}
        if entry is None:
            raise LedgerError(message or "the ledger cannot be read", hint=hint)
        return ImportResult(
            record=entry.record(self.target.display()),
            counts=entry.counts,
            outcome=outcome,
            exit_code=exit_code,
            message=message,
            rejects_by_code=rejects,
            hint=hint,
        )

    def _heartbeat(self, lease: Lease) -> None:
        try:
            self.ledger.heartbeat(lease)
        except SnapshotsError as error:
            if not error.retryable:
                raise
            # The workers try to get the database back; so does the next heartbeat.
            self._reconnect()

    def _renewed(self) -> Ledger:
        """The ledger, on a session that works."""
        try:
            self.ledger.session.execute("SELECT 1")
        except SnapshotsError:
            self.ledger.session.close()
            self.ledger = Ledger(self.target, self.target.connect(create=False))
        return self.ledger

    def _reconnect(self) -> None:
        try:
            self._renewed()
        except SnapshotsError:
            return

    def _how_to_resume(self, lease: Lease) -> str:
        if self.source.identity.name == "-":
            return "Go on by giving the same stream again: ... | snapshots import - --table TABLE"
        return f"Go on with: snapshots resume {lease.import_id}{self._where()}"

    def _where(self) -> str:
        """What a later command needs to find this import: nothing for the default database."""
        shown = self.target.display()
        return "" if shown == locations.target(None).display() else f" --database {shown}"

    def _say(self, text: str) -> None:
        self.listener(Notice(text))


def _where_it_is(entry: Entry) -> str:
    """The input as it was named, or else by its path: this may be another folder."""
    path = Plan.from_json(entry.plan).path
    return entry.input if path is None or os.path.exists(entry.input) else path  # noqa: PTH110


def _already(entry: Entry, target: Target) -> ImportResult:
    when = entry.finished_at or entry.started_at
    return ImportResult(
        record=entry.record(target.display()),
        counts=entry.counts,
        outcome="already_imported",
        exit_code=5,
        message=f"Already imported as {entry.import_id} ({entry.input}, {when}): nothing done.",
        rejects_by_code={},
        hint="--again loads it once more.",
    )
