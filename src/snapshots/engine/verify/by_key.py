"""Compares the rows of an import by key with its input: rows find each other by their key.

A row that the import left unchanged has the number of an earlier one. A later import may have
changed or deleted a row: it is superseded then, and no difference.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from snapshots.engine.plan.open_tables import canonical
from snapshots.engine.plan.plan import LINEAGE, Plan, placed
from snapshots.engine.publishing.by_key.trial import TrialStage
from snapshots.engine.verify.report import SHOWN
from snapshots.stored_rows import RowDifference, RowsCompared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots._native import Block
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Value
    from snapshots.row_encoding import RowEncoding
    from snapshots.stored_rows import RowSelection

_VALUE = 60
"""Characters of a value that are shown."""


class RowsComparedByKey:
    """See `StoredRows`. The input is read into a table of the session first, and compared then."""

    def __init__(self, ledger: Ledger, entry: Entry, plan: Plan, selection: RowSelection) -> None:
        """Opens a session of its own. Raises TargetError."""
        self._ledger, self._entry, self._plan = ledger, entry, plan
        self._selection = selection
        self._session = ledger.target.connect(create=False)
        try:
            self._trial = TrialStage.begin(ledger.target, self._session, plan)
        except BaseException:
            self._session.close()
            raise
        self._taken = RowsCompared()

    @property
    def encoding(self) -> RowEncoding:
        """See `StoredRows`."""
        return self._plan.encoding

    @property
    def blocks_writers(self) -> bool:
        """See `StoredRows`."""
        return False

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        """Keeps the rows until all are there. See `StoredRows`."""
        self._trial.load([block])
        inside = [line for line in refused if block.first_line <= line < block.line]
        self._trial.remove(inside)

    def pass_by(self) -> None:
        """Compares all rows. See `StoredRows`."""
        trial, rows = self._trial, self._trial.rows
        if self._plan.duplicates != "reject":
            trial.remove_duplicates(self._plan.duplicates)
        trial.index(self._ledger.target)
        later, deletes = self._later()
        number = rows.dialect.quote(LINEAGE[0])
        numbers = ", ".join(str(one) for one in later)
        of_later = f"t.{number} IN ({numbers})" if later and rows.lineage else "1 = 0"
        compared = [
            one.name for one in self._selection.columns if one.name not in self._selection.left_out
        ]
        differs = rows.differs("t", "s", compared)
        both = f"{rows.table} AS t JOIN {rows.stage} AS s ON {rows.same}"
        changed = f"{both} WHERE {differs} AND NOT COALESCE({of_later}, FALSE)"
        missing = trial.count(trial.lacking)
        superseded = trial.count(f"{both} WHERE {differs} AND {of_later}")
        own = f"t.{number} = {self._entry.import_id:d}"
        more = trial.count(f"{trial.vanished} AND {own}") if rows.lineage else 0
        numbers_of = [trial.count(changed), 0 if deletes else missing]
        self._taken = RowsCompared(
            trial.count(both) - superseded - numbers_of[0],
            numbers_of[0],
            numbers_of[1],
            more,
            superseded + (missing if deletes else 0),
            self._by_column(changed, compared),
            tuple(self._differences(changed, [] if deletes else [trial.lacking])),
        )

    def take(self) -> RowsCompared:
        """See `StoredRows`."""
        taken, self._taken = self._taken, RowsCompared()
        return taken

    def cancel(self) -> None:
        """See `StoredRows`."""
        self._session.cancel()

    def close(self) -> None:
        """See `StoredRows`."""
        with closing(self._session):
            pass

    def _later(self) -> tuple[list[int], bool]:
        """The imports that came after, and whether one of them may have deleted rows."""
        own, found, deletes = canonical(self._ledger, self._plan.table), [], False
        finished = self._entry.finished_at or self._entry.now
        for entry in self._ledger.entries():
            table = placed(entry.plan)[0] if entry.plan and entry.kind == "import" else None
            ended = entry.finished_at or entry.now
            if table is None or entry.import_id == self._entry.import_id or ended < finished:
                continue
            if canonical(self._ledger, table) == own:
                found.append(entry.import_id)
                undone = entry.state == "undone"
                deletes = deletes or undone or Plan.from_json(entry.plan).deletes
        return found, deletes

    def _by_column(self, changed: str, compared: Sequence[str]) -> dict[str, int]:
        dialect, counts = self._trial.rows.dialect, {}
        for column in self._trial.rows.shape.columns:
            if column.name in compared:
                mine, theirs = (f"{of}.{dialect.quote(column.name)}" for of in "ts")
                condition = f"NOT ({dialect.alike(column, mine, theirs)})"
                counts[column.name] = self._trial.count(f"{changed} AND {condition}")
        return {name: count for name, count in counts.items() if count}

    def _differences(self, changed: str, missing: Sequence[str]) -> list[RowDifference]:
        trial, found = self._trial, []
        for line, values in trial.examples(changed, SHOWN):
            found += [
                RowDifference("changed", line, name, _shown(new), _shown(old))
                for name, old, new in values
            ]
        for source in missing:
            lines = trial.session.execute(
                f"SELECT s.{trial.rows.line} FROM {source}"  # noqa: S608
                f" ORDER BY 1{trial.rows.dialect.limit(SHOWN)}"
            )
            found += [
                RowDifference("missing", int(str(line)), None, None, None) for (line,) in lines
            ]
        return found[:SHOWN]


def _shown(value: Value) -> str | None:
    return None if value is None else str(value)[:_VALUE]
