"""The verification of one import, from its number to its result in the ledger."""

from __future__ import annotations

import getpass
import json
import socket
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, cast

from snapshots import system
from snapshots._native import Converter
from snapshots.engine.input.versions import replaced_by
from snapshots.engine.lease import owner
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.plan.plan import LINEAGE, Plan
from snapshots.engine.support import threads
from snapshots.engine.verify import accounting
from snapshots.engine.verify.by_key import RowsComparedByKey
from snapshots.engine.verify.corrected_rows import CorrectedRows
from snapshots.engine.verify.located import VerifyOptions, located
from snapshots.engine.verify.report import VerifyReport
from snapshots.engine.verify.values import ValueComparison
from snapshots.errors import (
    Forbids,
    ImportBusy,
    InputChanged,
    NoSuchImport,
    SnapshotsError,
    Stopped,
    UsageError,
)
from snapshots.formats.kernel_json import converter_spec
from snapshots.ledger import verifications
from snapshots.stored_rows import RowSelection
from snapshots.time_limits import HEARTBEAT_SECONDS, TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.ledger.entry import CommittedChunk, Entry
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableShape
    from snapshots.ports import Source, Target
    from snapshots.stored_rows import StoredRows

_WORTH_SAYING = 32 << 20
"""Rows of up to this many bytes are sorted without a notice."""


def verify_import(
    import_id: int,
    target: Target,
    options: VerifyOptions,
    say: Callable[[str], None],
    stop: threading.Event | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> VerifyReport:
    """Compares the table of an import with its input, and its account with both.

    `say` gets sentences. `progress` gets the compared bytes of the decompressed input, and the
    total. The ledger keeps the result; an interrupted verification continues after the last
    compared chunk.

    Raises NoSuchImport; UsageError; ImportBusy while another process loads or verifies the import;
    Stopped; or TargetError.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as session:
        ledger = session.ledger
        entry = ledger.entry(import_id) if ledger.exists() else None
        if entry is None:
            raise NoSuchImport(
                f"{target.display()} has no import {import_id}",
                hint="see the imports with snapshots list",
            )
        require_verifiable(ledger, entry)
        run = _Run(target, ledger, entry, options, say, stop or threading.Event(), progress)
        return run.verify()


def require_verifiable(ledger: Ledger, entry: Entry) -> Plan:
    """Returns the plan of an import that can be verified. Raises UsageError, Forbids or ImportBusy
    for any other."""
    which = f"{entry.kind} {entry.import_id}"
    if entry.kind != "import":
        raise UsageError(f"{which} sent rows to an API, so there is no table to compare")
    if entry.duplicate:
        raise UsageError(
            f"import {entry.import_id} loaded nothing: import {entry.same_as} had already loaded"
            " its bytes",
            hint=f"verify that one: snapshots verify {entry.same_as}",
        )
    if entry.state == "undone":
        raise Forbids(f"{which} was undone: its rows were removed")
    if not entry.plan or entry.state == "queued":
        raise Forbids(f"import {entry.import_id} has not loaded anything yet")
    if entry.mode == "history":
        raise Forbids(
            f"import {entry.import_id} is a version of a table with history: unchanged rows have"
            " the numbers of earlier imports",
            hint="to compare its file with the current rows: snapshots diff FILE --table NAME",
        )
    if entry.state == "finished" and (later := replaced_by(ledger, entry)) is not None:
        raise Forbids(
            f"import {later} has replaced the rows of import {entry.import_id}",
            hint=f"verify that one: snapshots verify {later}",
        )
    if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
        raise ImportBusy(
            f"import {entry.import_id} is still running, in {owner.in_words(entry.owner)}",
            hint="verify it after it has ended",
        )
    found = verifications.find(ledger, entry.import_id)
    if found and found.state == "running" and owner.alive(found.owner, found.heartbeat_age):
        raise ImportBusy(
            f"import {entry.import_id} is already being verified, in {owner.in_words(found.owner)}",
            hint="wait until it ends; see the result with snapshots show",
        )
    return Plan.from_json(entry.plan)


class _Run:
    """One verification of one import."""

    def __init__(
        self,
        target: Target,
        ledger: Ledger,
        entry: Entry,
        options: VerifyOptions,
        say: Callable[[str], None],
        stop: threading.Event,
        progress: Callable[[int, int], None],
    ) -> None:
        self.target = target
        self.ledger = ledger
        self.entry = entry
        self.options = options
        self.say = say
        self.stop = stop
        self.progress = progress
        self.plan = Plan.from_json(entry.plan)
        self.chunks = tuple(ledger.chunks(entry.import_id))
        self.owner = owner.this_process()
        self.wishes = json.dumps([sorted(options.left_out), entry.fence, len(self.chunks)])
        self._rows: StoredRows | None = None
        self._error: BaseException | None = None
        self._advanced = time.monotonic()
        self._compared = 0

    def verify(self) -> VerifyReport:
        shape = self.target.inspect(self.ledger.session, self.plan.table)
        report = self._looked_at(shape)
        complete = accounting.check(self.ledger, self.entry, self.chunks, report)
        source = None
        if not self.options.counts:
            report.not_compared = self._cannot_compare(shape, complete=complete)
        if not self.options.counts and not report.not_compared:
            source, report.not_compared = located(self.entry, self.plan, self.options)
        if source is None or shape is None:
            self._count_rows(shape, report)
            self._begin(report)
        else:
            try:
                with closing(source):
                    report = self._compare(source, shape, report)
            except InputChanged as error:
                report = self._looked_at(shape)
                accounting.check(self.ledger, self.entry, self.chunks, report)
                report.not_compared = f"The input is not the one that was loaded: {error}"
                self._count_rows(shape, report)
                self._begin(report)
        verifications.end(
            self.ledger, self.entry.import_id, self.owner, report.result, report.to_object()
        )
        return report

    def _looked_at(self, shape: TableShape | None) -> VerifyReport:
        """Returns a new report with the current columns and triggers of the table."""
        planned = [column.name for column in self.plan.contract.columns]
        for name in self.options.left_out:
            if name not in planned:
                raise UsageError(
                    f"import {self.entry.import_id} did not load a column {name!r}",
                    hint=f"its columns are {', '.join(planned)}",
                )
        report = VerifyReport(
            self.entry.import_id,
            counts_only=self.options.counts,
            left_out=self.options.left_out,
        )
        if shape is None:
            if self.entry.counts.loaded:
                report.table.append(f"The table {self.plan.table} is gone.")
            return report
        there = {column.name for column in shape.columns}
        report.table += [
            f"The table no longer has the column {name!r}." for name in planned if name not in there
        ]
        report.triggers = self.target.triggers(self.ledger.session, self.plan.table)
        report.generated = tuple(column.name for column in shape.columns if column.generated)
        return report

    def _cannot_compare(self, shape: TableShape | None, *, complete: bool) -> str:
        """Returns why the values cannot be compared, as a sentence; empty if they can."""
        if shape is None:
            return "The table does not exist."
        if not complete:
            return "The chunks in the ledger do not cover the input."
        if not self.plan.key and (not self.plan.lineage or not _has_lineage(shape)):
            return (
                f"The table has no columns {' and '.join(LINEAGE)}, so the rows of this import"
                " cannot be found."
            )
        return ""

    def _count_rows(self, shape: TableShape | None, report: VerifyReport) -> None:
        """Counts the rows of the import, if the table has the lineage columns."""
        # By key, unchanged rows have the number of an earlier import.
        if shape is None or self.plan.key or not self.plan.lineage or not _has_lineage(shape):
            return
        quote = self.target.dialect.quote
        ((rows,),) = self.ledger.session.execute(
            f"SELECT COUNT(*) FROM {self.plan.table.sql(quote)}"  # noqa: S608
            f" WHERE {quote(LINEAGE[0])} = ?",
            (self.entry.import_id,),
        )
        report.rows = cast("int", rows)
        if report.rows != self.entry.counts.loaded:
            report.table.append(
                f"The table has {report.rows} rows of import {self.entry.import_id}, and"
                f" {self.entry.counts.loaded} were loaded."
            )

    def _begin(self, report: VerifyReport) -> None:
        verifications.begin(
            self.ledger,
            self.entry.import_id,
            self.owner,
            self.options.by or this_user(),
            self.wishes,
            report.to_object(),
        )

    def _begin_or_go_on(self, report: VerifyReport) -> tuple[int, int | None, VerifyReport]:
        """Returns the byte and the line at which to continue, and the report so far.

        The line is None at the beginning of the input.
        """
        found = verifications.find(self.ledger, self.entry.import_id)
        known = found is not None and found.state != "finished" and found.wishes == self.wishes
        if found is None or not known or not found.next_offset:
            self._begin(report)
            return 0, None, report
        before = VerifyReport.from_object(found.report)
        before.ledger = list(dict.fromkeys((*report.ledger, *before.ledger)))
        before.table = report.table
        verifications.go_on(self.ledger, self.entry.import_id, self.owner)
        self.say(f"continuing at byte {found.next_offset} of the input, in a new database snapshot")
        return found.next_offset, found.next_line, before

    def _compare(self, source: Source, shape: TableShape, report: VerifyReport) -> VerifyReport:
        offset, line, report = self._begin_or_go_on(report)
        self._compared = offset
        left = [chunk for chunk in self.chunks if chunk.start >= offset]
        there = {column.name for column in shape.columns}
        columns = self.plan.contract.columns
        gone = {column.name for column in columns} - there
        selection = RowSelection(
            self.plan.table,
            self.entry.import_id,
            line,
            columns,
            frozenset(self.options.left_out) | gone,
            self.plan.encoding,
        )
        self._say_space()
        work = threads.start("verifier", lambda: self._work(source, selection, left, report))
        try:
            self._wait(work)
        except BaseException:
            self.stop.set()
            self._cancel()
            work.join()
            self._interrupted()
            raise
        if self._error is not None:
            self._interrupted()
            if self.stop.is_set():
                raise Stopped("stopped before the whole table was compared") from self._error
            raise self._error
        report.compared = True
        return report

    def _work(
        self,
        source: Source,
        selection: RowSelection,
        left: Sequence[CommittedChunk],
        report: VerifyReport,
    ) -> None:
        try:
            session = self.ledger.session
            self._rows = rows = (
                RowsComparedByKey(self.ledger, self.entry, self.plan, selection)
                if self.plan.key
                else self.target.stored_rows(session, selection, report.differences_left)
            )
            try:
                if left:
                    ValueComparison(
                        source,
                        self.plan,
                        self._converter(rows),
                        CorrectedRows(self.plan, rows.encoding.name, self.entry.import_id),
                        left,
                        rows,
                        self.stop,
                        self.entry.state == "finished",
                        lambda: self.say(
                            "the input has grown since; only its loaded part is compared"
                        ),
                        self._advance,
                    ).run(self.ledger, self.entry.import_id, report)
                else:
                    rows.pass_by()
                    report.add_rows(rows.take())
            finally:
                rows.close()
        except BaseException as error:
            self._error = error

    def _converter(self, rows: StoredRows) -> Converter:
        """Returns the plan's converter, with the row encoding that `rows` compares."""
        plan = self.plan
        return Converter(
            converter_spec(
                plan.dialect, plan.contract, plan.header, rows.encoding.name, self.entry.import_id
            )
        )

    def _advance(self, chunk: CommittedChunk, report: VerifyReport) -> None:
        self._compared = chunk.end
        # By key, rows are compared many at a time.
        settled = not isinstance(self._rows, RowsComparedByKey) or self._rows.settled
        if settled and self._rows is not None and not self._rows.blocks_writers:
            verifications.advance(
                self.ledger,
                self.entry.import_id,
                self.owner,
                chunk.end,
                chunk.end_line,
                report.to_object(),
            )
            self._advanced = time.monotonic()

    def _wait(self, work: threading.Thread) -> None:
        with closing(LedgerSession(self.target, create=False)) as beside:
            while work.is_alive():
                work.join(TICK_SECONDS)
                self.progress(self._compared, self.chunks[-1].end if self.chunks else 0)
                if self.stop.is_set():
                    self._cancel()
                    continue
                rows = self._rows
                silent = time.monotonic() - self._advanced
                if rows is not None and not rows.blocks_writers and silent > HEARTBEAT_SECONDS:
                    self._advanced = time.monotonic()
                    with suppress(SnapshotsError):
                        ledger = beside.renewed()
                        verifications.heartbeat(ledger, self.entry.import_id, self.owner)

    def _cancel(self) -> None:
        if self._rows is not None:
            self._rows.cancel()

    def _interrupted(self) -> None:
        """Marks the verification as interrupted, so that the next one continues after the last
        compared chunk."""
        with suppress(SnapshotsError):
            verifications.interrupt(self.ledger, self.entry.import_id, self.owner)

    def _say_space(self) -> None:
        size, quote = self.entry.read, self.target.dialect.quote
        if size < _WORTH_SAYING or self.plan.key:
            return
        query = (
            f"SELECT * FROM {self.plan.table.sql(quote)} WHERE {quote(LINEAGE[0])} = ?"  # noqa: S608
            f" ORDER BY {quote(LINEAGE[1])}"
        )
        if self.target.sorts(self.ledger.session, query, (self.entry.import_id,), 0):
            self.say(
                f"the database sorts {self.entry.counts.loaded:,} rows by line and needs about"
                f" {size / 1e6:,.0f} MB of its temporary space"
            )


def _has_lineage(shape: TableShape) -> bool:
    return {column.name for column in shape.columns}.issuperset(LINEAGE)


def this_user() -> str:
    """Returns the current user and host, as USER@HOST."""
    try:
        name = getpass.getuser()
    except (ImportError, KeyError, OSError):
        name = system.user_id()
    return f"{name}@{socket.gethostname()}"
