"""What a dry run tells of an import by key: which rows would be changed, and the first of these.

The rows are loaded into a table that ends with the session. What the table itself would refuse is
not known.
"""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.publishing.by_key.cascades import require_no_cascade
from snapshots.engine.publishing.by_key.trial import TrialStage
from snapshots.engine.publishing.guards import require_few_deletes, require_rows
from snapshots.engine.run.dry_run_examples import examples
from snapshots.errors import GuardRefusal, NoDatabase, TargetError
from snapshots.model import Counts

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from snapshots._native import Block
    from snapshots.engine.plan.options import Options
    from snapshots.engine.plan.plan import Plan
    from snapshots.ports import Session, Target


class WouldChange(Struct, frozen=True):
    """What publishing would do."""

    message: str
    guarded: bool
    """A guard would stop it."""
    hint: str = ""
    """The first rows that would change, come, go or be kept: a line for each."""
    rejected: int = 0
    """Records that are rejects because another one has their key."""
    skipped: int = 0
    """Records that are skipped for that reason."""


class DryRunByKey:
    """Takes the rows of an input, and tells then what would become of those of the table."""

    def __init__(self, target: Target, plan: Plan) -> None:
        self._target, self._plan = target, plan
        self._session: Session | None = None
        self._trial: TrialStage | None = None
        self._refusal = ""
        with suppress(NoDatabase):
            self._session = target.connect(create=False)
        if self._session is not None and target.inspect(self._session, plan.table) is not None:
            try:
                self._trial = TrialStage.begin(target, self._session, plan)
            except TargetError as error:
                self._refusal = str(error)

    def close(self) -> None:
        """Ends the session, and the table with it."""
        if self._session is not None:
            with closing(self._session):
                pass

    def take(self, blocks: Iterable[Block]) -> None:
        """Reads some rows."""
        if self._trial is None:
            for _ in blocks:
                pass
            return
        try:
            self._trial.load(blocks)
        except TargetError as error:
            self._refusal, self._trial = str(error), None
            for _ in blocks:
                pass

    def tell(self, counts: Counts, codes: Counter[str], options: Options) -> WouldChange:
        """What publishing would do with all rows that were taken."""
        plan = self._plan
        begin = "Dry run: nothing was written."
        if self._refusal:
            return WouldChange(f"{begin} The changes could not be counted: {self._refusal}", False)
        if self._trial is None:
            rows = f"{counts.loaded:,} rows would be inserted into table {plan.table}."
            return WouldChange(f"{begin} At most {rows}", False)
        trial = self._trial
        duplicates = trial.remove_duplicates(plan.duplicates)
        rejects = duplicates if plan.duplicates == "reject" else 0
        trial.index(self._target)
        before = trial.count(f"{trial.rows.table} AS t")
        inserted, updated = trial.count(trial.lacking), trial.count(trial.changed)
        loaded = counts.loaded - duplicates
        matched = loaded - inserted
        rejected = sum(codes.values())
        deleted = 0 if rejected or not plan.deletes else trial.count(trial.vanished)
        sentence = (
            f"{begin} Of {before:,} rows of table {plan.table} {updated:,} would be updated,"
            f" {matched - updated:,} unchanged, {deleted:,} deleted and"
            f" {before - matched - deleted:,} kept. {inserted:,} would be inserted."
        )
        if rejected and plan.deletes:
            sentence += " Because of the rejects, rows with their keys would be kept."
        hint = examples(trial, "deleted" if deleted else "kept")
        guarded = False
        if plan.deletes:
            try:
                require_rows(Counts(loaded=loaded), options)
                if deleted and plan.mode != "history":
                    cascade = require_no_cascade(
                        self._target,
                        trial.session,
                        plan.table,
                        trial.rows,
                        allowed=options.allow_cascade,
                    )
                    sentence = f"{sentence} {cascade}".strip()
                require_few_deletes(before, deleted, loaded, options)
            except GuardRefusal as refusal:
                sentence, guarded = f"{sentence} {refusal} ({refusal.option})", True
            except TargetError as refusal:
                sentence, guarded = f"{sentence} {refusal}", True
        return WouldChange(sentence, guarded, hint, rejects, duplicates - rejects)
