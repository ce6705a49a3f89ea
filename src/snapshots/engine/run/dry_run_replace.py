"""What a dry run tells of a replacement: what would become of the table's rows, and how.

What the table itself would refuse is not known.
"""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.engine.plan.publish import why_copied
from snapshots.engine.publishing.by_key.trial import TrialStage
from snapshots.engine.publishing.deletes import count_rows
from snapshots.engine.publishing.guards import require_fewer_deletes, require_rows
from snapshots.engine.run.dry_run_by_key import WouldChange
from snapshots.engine.run.dry_run_examples import MOST, examples, inserted, named
from snapshots.errors import GuardRefusal, NoDatabase, TargetError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from snapshots._native import Block
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.model import Counts
    from snapshots.ports import Session, Target


class DryRunOfReplacement:
    """Tells what a replacement without a key would do. If the table has a primary key, rows are
    compared by it; otherwise the first ones are shown."""

    def __init__(self, target: Target, plan: Plan) -> None:
        self._target, self._plan = target, plan
        self._session: Session | None = None
        self._trial: TrialStage | None = None
        self._refusal = ""
        with suppress(NoDatabase):
            self._session = target.connect(create=False)
        shape = None if self._session is None else target.inspect(self._session, plan.table)
        self._exists = shape is not None
        self._by_key = self._has_some = False
        if self._session is None or shape is None:
            return
        columns = {column.name for column in plan.contract.columns}
        self._by_key = bool(shape.primary_key) and columns.issuperset(shape.primary_key)
        key = shape.primary_key if self._by_key else ()
        try:
            self._trial = TrialStage.begin(target, self._session, replace(plan, key=key))
        except TargetError as error:
            self._refusal = str(error)

    def close(self) -> None:
        """Ends the session, and the table with it."""
        if self._session is not None:
            with closing(self._session):
                pass

    def take(self, blocks: Iterable[Block]) -> None:
        """Reads rows: all of them if they are compared, otherwise some."""
        if self._trial is None:
            return
        try:
            if self._by_key:
                self._trial.load(blocks)
            elif not self._has_some:
                first = next((block for block in blocks if block.loaded), None)
                self._has_some = first is not None
                self._trial.load([] if first is None else [first])
        except TargetError as error:
            self._refusal, self._trial = str(error), None

    def tell(self, counts: Counts, codes: Counter[str], options: Options) -> WouldChange:
        """What publishing would do with these counts."""
        _plan, table, rejected = self._plan, self._plan.table, sum(codes.values())
        before = 0
        if self._session is not None and self._exists:
            before = count_rows(self._target, self._session, table)
        deleted, changes, hint = before, "", ""
        if self._trial is not None:
            matched, changes, hint = self._compared(self._trial, kept=rejected > 0)
            deleted = matched if rejected else before
        elif rejected:
            deleted = 0
        sentence = (
            f"Dry run: nothing was written. Of {before:,} rows of table {table} {deleted:,} would"
            f" be deleted and {before - deleted:,} kept. {counts.loaded:,} would be inserted."
            f" {changes}{self._way(options, rejected)}"
        )
        if rejected and before > deleted:
            sentence += " Because of the rejects, rows of before would be kept."
        if self._refusal:
            sentence += f" The rows to delete could not be counted: {self._refusal}"
        try:
            require_rows(counts, options)
            if not rejected:
                require_fewer_deletes(before, counts.loaded, options)
        except GuardRefusal as refusal:
            return WouldChange(f"{sentence} {refusal} ({refusal.option})", True, hint)
        return WouldChange(sentence, False, hint)

    def _compared(self, trial: TrialStage, *, kept: bool) -> tuple[int, str, str]:
        """How many rows of the table have a key of the input, what differs by it as a sentence, and
        the first rows, a line for each. `kept`: rows that the input lacks stay."""
        gone = "kept" if kept else "deleted"
        if not self._by_key:
            table = f"{trial.rows.table} AS t"
            rows = [f"{gone.capitalize()}: {named(row)}." for row in trial.first_rows(table, MOST)]
            return 0, "", "\n".join([*inserted(trial, f"{trial.rows.stage} AS s"), *rows])
        duplicates = trial.remove_duplicates("first")
        trial.index(self._target)
        matched, changed = trial.count(trial.matched), trial.count(trial.changed)
        new, lacking = trial.count(trial.lacking), trial.count(trial.vanished)
        names = ", ".join(trial.rows.key)
        twice = f", {duplicates:,} again" if duplicates else ""
        sentence = (
            f"By {names}, {changed:,} would be others, {matched - changed:,} the same, {new:,} new"
            f" and {lacking:,} {gone}{twice}. "
        )
        return matched, sentence, examples(trial, gone)

    def _way(self, options: Options, rejected: int) -> str:
        plan = self._plan
        if options.publish == "copy":
            return "The rows would be copied into it."
        why = why_copied(
            self._target,
            self._session,
            plan.table,
            exists=self._exists and not plan.add,
            lineage=plan.lineage,
        )
        if not why and rejected:
            why = "records were rejected"
        if why:
            return f"The rows would be copied into it, because {why}."
        return "A new table would take its name."
