"""What a dry run tells of a replacement: what would become of the table's rows, and how.

What the table itself would refuse is not known.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.engine.plan.publish import why_copied
from snapshots.engine.publishing.by_key.trial import TrialStage
from snapshots.engine.publishing.deletes import count_rows
from snapshots.engine.publishing.guards import require_fewer_deletes, require_rows
from snapshots.engine.run.dry_run_by_key import WouldChange
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
    """Tells what a replacement without a key would do. It takes rows only where rejects may keep
    rows of the table, by its primary key."""

    def __init__(self, target: Target, plan: Plan, options: Options) -> None:
        self._target, self._plan = target, plan
        self._session: Session | None = None
        self._trial: TrialStage | None = None
        self._refusal = ""
        with suppress(NoDatabase):
            self._session = target.connect(create=False)
        shape = None if self._session is None else target.inspect(self._session, plan.table)
        self._exists = shape is not None
        if self._session is None or shape is None or not options.reject_limit.allows_some:
            return
        columns = {column.name for column in plan.contract.columns}
        if shape.primary_key and columns.issuperset(shape.primary_key):
            by_key = replace(plan, key=shape.primary_key)
            try:
                self._trial = TrialStage.begin(target, self._session, by_key)
            except TargetError as error:
                self._refusal = str(error)

    def close(self) -> None:
        """Ends the session, and the table with it."""
        if self._session is not None:
            with closing(self._session):
                pass

    def take(self, blocks: Iterable[Block]) -> None:
        """Reads some rows, where they are needed."""
        if self._trial is None:
            return
        try:
            self._trial.load(blocks)
        except TargetError as error:
            self._refusal, self._trial = str(error), None

    def tell(self, counts: Counts, codes: Counter[str], options: Options) -> WouldChange:
        """What publishing would do with these counts."""
        _plan, table, rejected = self._plan, self._plan.table, sum(codes.values())
        before = 0
        if self._session is not None and self._exists:
            before = count_rows(self._target, self._session, table)
        deleted = self._found_by_key() if rejected else before
        sentence = (
            f"Dry run: nothing was written. Of {before:,} rows of table {table} {deleted:,} would"
            f" be deleted and {before - deleted:,} kept. {counts.loaded:,} would be inserted."
            f" {self._way(options, rejected)}"
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
            return WouldChange(f"{sentence} {refusal} ({refusal.option})", guarded=True)
        return WouldChange(sentence, guarded=False)

    def _found_by_key(self) -> int:
        """How many rows of the table have a key that the input has."""
        if self._trial is None:
            return 0
        trial = self._trial
        trial.index(self._target)
        return trial.count(trial.matched)

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
