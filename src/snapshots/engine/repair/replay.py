"""Replays the rejects of a finished import: with corrections, or as they are.

A batch of them is one transaction: their rows are loaded, their rejects removed, the counts of
their chunks and of the import moved, and the history written, together or not at all. Killed
anywhere, the same command goes on where it was: what is loaded is no reject any more.
"""

from __future__ import annotations

import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.plan.corrected import (
    chunk_of_correction,
    chunk_of_record,
    fields_of_correction,
    plan_of_corrections,
)
from snapshots.engine.repair import allowed
from snapshots.engine.repair.corrections_file import SeenLines, corrections
from snapshots.engine.repair.edited import Unclear, corrected, same_fields
from snapshots.engine.repair.mended import mended_plan
from snapshots.engine.repair.records import RejectedRecords
from snapshots.engine.repair.report import SHOWN, ReplayOptions, ReplayReport
from snapshots.engine.repair.row_loading import PreparedRow, RowConversion, RowLoading
from snapshots.engine.repair.row_placing import RowPlacing
from snapshots.engine.support.fault_points import fault_point
from snapshots.engine.support.retry import DatabaseRetry
from snapshots.engine.verify.verify import this_user
from snapshots.errors import (
    AccountingMismatch,
    LostLease,
    RefusedAndEnded,
    RefusedRows,
    SnapshotsError,
    Stopped,
    UsageError,
)
from snapshots.ledger import repairs
from snapshots.ledger.repairs import KeptReject, ReplayedReject
from snapshots.model import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from snapshots._native import Chunk
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.repair.corrections_file import GivenCorrection
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.ledger.repairs import LoadedCorrection
    from snapshots.ports import Target


def replay_import(
    import_id: int,
    target: Target,
    options: ReplayOptions,
    say: Callable[[str], None],
    stop: threading.Event | None = None,
) -> ReplayReport:
    """Replays rejects of one import. `say` gets sentences about the ledger.

    Raises NoSuchImport, Forbids, ImportBusy or OlderVersion where the import cannot be replayed;
    UsageError for a file that is no file of corrections, or has a line that was no reject, before
    anything is changed; ContractError, TargetError, or Stopped between two batches.
    """
    with closing(LedgerSession(target, create=False, migrate=say)) as session:
        ledger = session.ledger
        entry = allowed.find(ledger, import_id)
        plan = allowed.require_replayable(ledger, entry)
        with closing(RejectReplay(session, entry, plan, options, stop)) as replay:
            return replay.run()


class TriedRecord(Struct, frozen=True):
    """A reject that is tried, as it is or corrected."""

    kept: KeptReject
    correction: bytes | None
    chunk: Chunk


class RejectReplay:
    """One replay of one import. Close it."""

    def __init__(
        self,
        session: LedgerSession,
        entry: Entry,
        plan: Plan,
        options: ReplayOptions,
        stop: threading.Event | None,
    ) -> None:
        target = session.target
        self._session = session
        self._entry = entry
        self._plan = plan
        self._options = options
        self._stop = stop = stop or threading.Event()
        read = mended_plan(session.ledger, plan, options.reading)
        self._reading = read
        self._read_as = None if read == plan else read.to_json()
        self._placing = RowPlacing(target, entry, plan)
        self._rows = RowLoading(self._placing, self._check)
        self._records = RejectedRecords(entry, plan, options.input)
        self._number: int | None = None
        self._report = ReplayReport(entry.import_id, target.display(), plan.destination)
        self._prepare(target, read)

    def _prepare(self, target: Target, read: Plan) -> None:
        """Makes what turns records into rows."""
        number, stop, by_key = self._entry.import_id, self._stop, self._placing.by_key
        corrected = plan_of_corrections(read)
        self._corrected = RowConversion(target, corrected, number, stop, with_lines=by_key)
        self._as_it_is = RowConversion(target, read, number, stop, with_lines=by_key)

    def run(self) -> ReplayReport:
        """Replays all that is asked for. Use it once."""
        if self._options.corrections is not None:
            seen = SeenLines()
            for batch in self._given():
                self._require_once(batch, seen)
                self._durably(partial(self._require_rejects, batch=batch))
            for batch in self._given():
                self._transaction(partial(self._of_file, batch=batch))
            self._again_for_parents()
        else:
            self._own_bytes(self._options.codes)
        entry = allowed.find(self._session.renewed(), self._entry.import_id)
        self._report.dismissed = entry.dismissed
        self._report.open = entry.counts.rejected - entry.dismissed
        self._report.open_by_code = repairs.open_counts(self._session.ledger, entry.import_id)
        return self._report

    def close(self) -> None:
        """Closes the input, if that was read again."""
        self._records.close()

    def _given(self) -> Iterator[list[GivenCorrection]]:
        file = self._options.corrections
        assert file is not None  # noqa: S101 - for the type checker
        return corrections(file, self._options.name, self._plan)

    def _require_once(self, batch: Sequence[GivenCorrection], seen: SeenLines) -> None:
        for one in batch:
            if not seen.add(one.line):
                raise UsageError(
                    f"line {one.place}: line {one.line} of the input stands in it twice",
                    place=self._options.name,
                )

    def _require_rejects(self, ledger: Ledger, batch: Sequence[GivenCorrection]) -> None:
        """Raises UsageError for a line that is, and was, no reject."""
        lines = [one.line for one in batch]
        name, which = self._options.name, f"import {self._entry.import_id}"
        known = repairs.of_lines(ledger, self._entry.import_id, lines)
        left = [one for one in batch if one.line not in known]
        loaded = repairs.loaded(ledger, self._entry.import_id, [one.line for one in left])
        for one in left:
            if one.line not in loaded:
                raise UsageError(
                    f"line {one.place}: line {one.line} of the input is no reject of {which}",
                    place=name,
                    hint=f"see its rejects with snapshots rejects {self._entry.import_id}",
                )
            if not self._known(loaded[one.line], one):
                raise UsageError(
                    f"line {one.place}: line {one.line} of the input is loaded already, with"
                    " another correction",
                    place=name,
                    hint="leave the line out, and change the row in the table",
                )

    def _known(self, done: LoadedCorrection, given: GivenCorrection) -> bool:
        """Whether a correction of a record that is loaded says nothing new."""
        if done.correction is not None and same_fields(
            fields_of_correction(done.correction), given
        ):
            return True
        record = self._records.of(KeptReject(done.original, None, 0, dismissed=False))
        try:
            return corrected(record, given, self._plan) in (None, done.correction)
        except Unclear:
            return True

    def _of_file(self, ledger: Ledger, batch: Sequence[GivenCorrection]) -> ReplayReport:
        found = ReplayReport(0, "", "")
        kept = repairs.of_lines(ledger, self._entry.import_id, [one.line for one in batch])
        gone = [one.line for one in batch if one.line not in kept]
        loaded = repairs.loaded(ledger, self._entry.import_id, gone)
        tried: list[TriedRecord] = []
        for given in batch:
            self._check()
            one = kept.get(given.line)
            if one is None:
                # Where the answer to COMMIT was lost, this is a row of this very replay.
                own = given.line in loaded and loaded[given.line].replay == self._number
                found.loaded += own
                found.already += not own
                continue
            if self._options.codes and one.reject.code not in self._options.codes:
                continue
            try:
                correction = corrected(self._records.of(one), given, self._plan)
            except Unclear as why:
                found.refused += 1
                found.tell(given.line, str(why))
                continue
            if correction is None:
                found.unchanged += 1
                continue
            tried.append(TriedRecord(one, correction, chunk_of_correction(correction, given.line)))
        self._try(ledger, tried, found)
        return found

    def _again_for_parents(self) -> None:
        """Tries corrections again whose parent may have come in a later batch, while some are
        taken."""
        refused = self._report.refused
        while self._rows.lacked_parent:
            self._rows.lacked_parent = False
            before = self._report.loaded
            self._own_bytes((RefusedRows.code,), only_corrected=True)
            taken = self._report.loaded - before
            refused -= taken
            if not taken:
                break
        self._report.refused = refused
        self._report.examples = self._report.examples[: max(refused, 0)]

    def _own_bytes(self, codes: tuple[str, ...], *, only_corrected: bool = False) -> None:
        offset = -1
        while True:
            page = self._durably(
                partial(
                    repairs.after,
                    import_id=self._entry.import_id,
                    offset=offset,
                    codes=codes,
                    most=500,
                )
            )
            if not page:
                return
            self._transaction(
                partial(
                    self._of_page,
                    first=page[0],
                    last=page[-1],
                    most=len(page),
                    codes=codes,
                    only_corrected=only_corrected,
                )
            )
            offset = page[-1].reject.byte_offset

    def _of_page(
        self,
        ledger: Ledger,
        first: KeptReject,
        last: KeptReject,
        most: int,
        codes: tuple[str, ...],
        *,
        only_corrected: bool,
    ) -> ReplayReport:
        """Replays the rejects of a stretch, as they are now."""
        found = ReplayReport(0, "", "")
        page = repairs.after(
            ledger,
            self._entry.import_id,
            first.reject.byte_offset - 1,
            codes,
            most,
        )
        tried = []
        for one in page:
            self._check()
            line = one.reject.line
            if one.reject.byte_offset > last.reject.byte_offset:
                break
            if one.correction is not None:
                tried.append(
                    TriedRecord(one, one.correction, chunk_of_correction(one.correction, line))
                )
                continue
            if only_corrected:
                continue
            record, cut = self._records.complete(one.reject)
            if cut:
                found.unchanged += 1
                found.tell(
                    line, f"The ledger has only the record's beginning. {self._records.gone}"
                )
                continue
            tried.append(
                TriedRecord(one, None, chunk_of_record(record, line, self._reading.dialect))
            )
        self._try(ledger, tried, found)
        return found

    def _try(self, ledger: Ledger, tried: Sequence[TriedRecord], found: ReplayReport) -> None:
        """Loads what is valid, and settles all of it."""
        rows: list[PreparedRow] = []
        refused: dict[int, Reject] = {}
        for one in tried:
            self._check()
            how = self._as_it_is if one.correction is None else self._corrected
            row = how.row(ledger.session, one.chunk)
            if isinstance(row, PreparedRow):
                rows.append(row)
            elif row is not None:
                refused[one.kept.reject.line] = row
            else:
                refused[one.kept.reject.line] = one.kept.reject
        for line, why in self._rows.load(ledger.session, rows).items():
            refused[line] = Reject(line, 0, None, RefusedRows.code, why, b"")
        fault_point("replay-loaded")
        self._settle(ledger, tried, refused, found)

    def _settle(
        self,
        ledger: Ledger,
        tried: Sequence[TriedRecord],
        refused: Mapping[int, Reject],
        found: ReplayReport,
    ) -> None:
        """Writes what became of the records; `refused` says by their lines which stay rejects."""
        done = []
        for one in tried:
            old, new = one.kept.reject, refused.get(one.kept.reject.line)
            if new is not None and self._is_no_news(one, new):
                found.unchanged += 1
                continue
            done.append(ReplayedReject(one.kept, one.correction, new))
            if new is None:
                found.loaded += 1
            else:
                found.refused += 1
                found.tell(old.line, new.reason)
        if done:
            if self._number is None:
                by = self._options.by or this_user()
                self._number = repairs.begin(
                    ledger, self._entry.import_id, by, self._options.name, self._read_as
                )
            repairs.settle(ledger, self._entry, self._number, done)
        fault_point("replay-settled")

    def _is_no_news(self, one: TriedRecord, refusal: Reject) -> bool:
        """Whether nothing needs to be written of a record that is still a reject."""
        return one.correction == one.kept.correction and _same(one.kept.reject, refusal)

    def _transaction(self, step: Callable[[Ledger], ReplayReport]) -> None:
        """Makes one transaction, and adds what it has come to to the report."""
        known = self._number

        def locked(ledger: Ledger) -> ReplayReport:
            self._number = known
            fault_point("replay-begun")
            if repairs.lock(ledger, self._entry.import_id) != (self._entry.fence, "finished"):
                raise LostLease(
                    f"another process has changed import {self._entry.import_id} meanwhile",
                    hint="see it with snapshots show",
                )
            self._placing.lock_rows(ledger.session)
            entry = allowed.find(ledger, self._entry.import_id)
            self._require_allowed(ledger, entry)
            found = step(ledger)
            self._require_balanced(ledger, entry, found.loaded)
            fault_point("replay-before-commit")
            return found

        self._add(self._durably(locked, transaction=True))
        fault_point("replay-committed")

    def _add(self, found: ReplayReport) -> None:
        report = self._report
        for name in ("loaded", "refused", "unchanged", "already"):
            setattr(report, name, getattr(report, name) + getattr(found, name))
        report.examples += found.examples[: SHOWN - len(report.examples)]

    def _require_allowed(self, ledger: Ledger, entry: Entry) -> None:
        """Raises an error where the rejects cannot be replayed now."""
        allowed.require_replayable(ledger, entry)

    def _require_balanced(self, ledger: Ledger, before: Entry, loaded: int) -> None:
        now = allowed.find(ledger, before.import_id)
        moved = before.counts.rejected - now.counts.rejected
        if now.counts != now.ended_with or not now.counts.balanced or moved > loaded:
            raise AccountingMismatch(
                f"import {before.import_id} had {before.counts} and would have {now.counts}; it"
                f" ended with {now.ended_with}",
                hint="nothing of this batch was written; this is a bug, please report it",
            )

    def _durably(self, step: Callable[[Ledger], Any], *, transaction: bool = False) -> Any:
        patience = DatabaseRetry(self._check)
        while True:
            self._check()
            known = len(self._rows.ended)
            try:
                ledger = self._session.ledger
                if not transaction:
                    return step(ledger)
                self._placing.prepare(ledger.session)
                with self._placing.alone(ledger):
                    result = step(ledger)
            except RefusedAndEnded:
                if len(self._rows.ended) == known:
                    raise
                # Begun anew, without the row that has ended it.
                continue
            except SnapshotsError as error:
                patience.bear(error, connected=True)
                self._session.close()
            else:
                return result
            patience.wait()

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped("stopped; the same command goes on with the rest")


def _same(old: Reject, new: Reject) -> bool:
    return (old.code, old.column, old.reason) == (new.code, new.column, new.reason)
