"""Compares the rows of an import by key with its input: rows find each other by their key.

A row that the import left unchanged has the number of an earlier one. A later import may have
changed or deleted a row: it is superseded then, and no difference.
"""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
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

_ROWS_AT_ONCE = 200_000
"""Rows that are compared at a time, at least."""
_VALUE = 60
"""Characters of a value that are shown."""


class RowsComparedByKey:
    """See `StoredRows`. Some chunks at a time are read into a table of the session, and compared.

    Where records with the key of another one are skipped, only the end of the input tells which
    one counts: it is compared as a whole then.
    """

    def __init__(self, ledger: Ledger, entry: Entry, plan: Plan, selection: RowSelection) -> None:
        """Opens a session of its own. Raises TargetError."""
        self._ledger, self._entry, self._plan = ledger, entry, plan
        self._selection = selection
        self._lines = selection.line or 0, selection.line or 0
        """The first line that is not compared yet, and the one behind the last one that is read."""
        self._read = 0
        """Rows that wait to be compared."""
        self._taken = RowsCompared()
        self._at_once = _ROWS_AT_ONCE if plan.duplicates == "reject" else None
        self._session = ledger.target.connect(create=False)
        try:
            query = ledger.target.dialect.readers_block
            self._blocks_writers = bool(query and self._session.execute(query))
            self._trial = TrialStage.begin(ledger.target, self._session, plan)
            if self._at_once is not None:
                self._begin()
        except BaseException:
            self._session.close()
            raise

    def _begin(self) -> None:
        """From here on all rows come from one snapshot."""
        self._trial.index(self._ledger.target)
        for statement in self._trial.rows.dialect.one_snapshot:
            self._session.execute(statement)
        # Some databases take it at the first SELECT only.
        self._session.execute(f"SELECT 1 FROM {self._trial.rows.table} WHERE 1 = 0")  # noqa: S608

    @property
    def encoding(self) -> RowEncoding:
        """See `StoredRows`."""
        return self._plan.encoding

    @property
    def blocks_writers(self) -> bool:
        """See `StoredRows`."""
        return self._blocks_writers

    @property
    def settled(self) -> bool:
        """Whether all rows that were read are compared."""
        return not self._read

    def compare(self, block: Block, refused: Sequence[int]) -> None:
        """Keeps the rows until there are many. See `StoredRows`."""
        if self._at_once is None:
            self._trial.load([block])
        else:
            self._trial.add([block])
        inside = [line for line in refused if block.first_line <= line < block.line]
        self._trial.remove(inside)
        self._read += block.loaded
        self._lines = self._lines[0], max(self._lines[1], block.line)

    def pass_by(self) -> None:
        """Compares the rest. See `StoredRows`."""
        if self._at_once is None:
            self._trial.remove_duplicates(self._plan.duplicates)
            self._begin()
        self._compare_read(last=True)

    def take(self) -> RowsCompared:
        """See `StoredRows`."""
        if self._at_once is not None and self._read >= self._at_once:
            self._compare_read()
        taken, self._taken = self._taken, RowsCompared()
        return taken

    def cancel(self) -> None:
        """See `StoredRows`."""
        self._session.cancel()

    def close(self) -> None:
        """See `StoredRows`."""
        with closing(self._session):
            pass

    def _compare_read(self, *, last: bool = False) -> None:
        trial, rows = self._trial, self._trial.rows
        later, deletes = self._later
        quote, dialect = rows.dialect.quote, rows.dialect
        number, line = (f"t.{quote(name)}" for name in LINEAGE)
        numbers = ", ".join(map(str, later))
        of_later = f"COALESCE({number} IN ({numbers}), FALSE)" if later and rows.lineage else "1=0"
        begin, end = self._lines
        own = f"{number} = {self._entry.import_id:d} AND {line} >= {begin:d}"
        own = "" if not rows.lineage else own if last else f"{own} AND {line} < {end:d}"
        compared = [
            one.name for one in self._selection.columns if one.name not in self._selection.left_out
        ]
        lacking, differs = f"t.{rows.key_names[0]} IS NULL", rows.differs("t", "s", compared)
        both = f"{rows.stage} AS s LEFT JOIN {rows.table} AS t ON {rows.same}"
        changed = f"NOT ({lacking}) AND {differs} AND NOT ({of_later})"
        unlike = {
            column.name: dialect.alike(column, f"t.{quote(column.name)}", f"s.{quote(column.name)}")
            for column in rows.shape.columns
            if column.name in compared
        }
        conditions = [
            lacking,
            f"NOT ({lacking}) AND {differs} AND {of_later}",
            changed,
            own or "1 = 0",
            *(f"{changed} AND NOT ({alike})" for alike in unlike.values()),
        ]
        sums = ", ".join(f"COALESCE(SUM(CASE WHEN {one} THEN 1 END), 0)" for one in conditions)
        (counts,) = trial.session.execute(f"SELECT COUNT(*), {sums} FROM {both}")  # noqa: S608
        every, missing, superseded, differing, found, *by_column = (int(str(n)) for n in counts)
        more = trial.count(f"{rows.table} AS t WHERE {own}") - found if own else 0
        if deletes:
            superseded, missing = superseded + missing, 0
        self._taken = RowsCompared(
            every - superseded - missing - differing,
            differing,
            missing,
            max(more, 0),
            superseded,
            {name: count for name, count in zip(unlike, by_column, strict=True) if count},
            tuple(
                self._differences(
                    f"{both} WHERE {changed}" if differing else "",
                    f"{both} WHERE {lacking}" if missing else "",
                )
            ),
        )
        self._lines, self._read = (end, end), 0
        trial.empty()

    @cached_property
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

    def _differences(self, changed: str, missing: str) -> list[RowDifference]:
        """The first ones of what stands behind FROM; empty: there are none of them."""
        trial, found = self._trial, []
        for line, values in trial.examples(changed, SHOWN) if changed else ():
            found += [
                RowDifference("changed", line, name, _shown(new), _shown(old))
                for name, old, new in values
            ]
        if missing:
            lines = trial.session.execute(
                f"SELECT s.{trial.rows.line} FROM {missing}"  # noqa: S608
                f" ORDER BY 1{trial.rows.dialect.limit(SHOWN)}"
            )
            found += [
                RowDifference("missing", int(str(line)), None, None, None) for (line,) in lines
            ]
        return found[:SHOWN]


def _shown(value: Value) -> str | None:
    return None if value is None else str(value)[:_VALUE]
