"""Loads single records into a table, and finds those that it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.engine.limits import RejectLimit, StopConditions
from snapshots.engine.loading.altered_values import AlteredValues
from snapshots.errors import RefusedAndEnded, RefusedRows
from snapshots.model import Counts, Reject

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from snapshots._native import Block, Chunk
    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.repair.row_placing import RowPlacing
    from snapshots.ports import Session, Target


class PreparedRow(Struct, frozen=True):
    """A record that is a valid row by its contract."""

    line: int
    block: Block


class RowConversion:
    """Makes rows of single records by one plan."""

    def __init__(
        self,
        target: Target,
        plan: Plan,
        import_id: int,
        stop: threading.Event,
        *,
        with_lines: bool = False,
    ) -> None:
        """`with_lines`: rows have columns of lineage, even if the table has none."""
        self._watch = StopConditions(RejectLimit(), committed=Counts(), limit=None, stop=stop)
        lineage = plan.lineage or with_lines
        self._converter = replace(plan, lineage=lineage).converter(import_id)
        self._altered = AlteredValues(target, plan)

    def row(self, session: Session, chunk: Chunk) -> PreparedRow | Reject | None:
        """The row of the one record of a chunk, or why it is none. None: it is no one record.

        Call it within a transaction.
        """
        block = self._converter.convert(chunk, 0, chunk.line, len(chunk))
        if block.records != 1 or block.skipped:
            return None
        if block.loaded and self._altered.any_possible(session):
            try:
                with session.savepoint():
                    found = self._altered.altered(session, chunk, self._watch, 0, chunk.line)
            except RefusedRows as refusal:
                return Reject(chunk.line, 0, None, refusal.code, str(refusal), b"")
            if found is not None:
                block = self._converter.convert(chunk, 0, chunk.line, len(chunk), altered=found)
        if block.rejected:
            return Reject(*block.rejects()[0])
        return PreparedRow(chunk.line, block)


class RowLoading:
    """Loads rows into a table, or else their halves, until each refused one is alone."""

    def __init__(self, placing: RowPlacing, check: Callable[[], None]) -> None:
        self._placing = placing
        self._check = check
        self.ended: dict[int, str] = {}
        """Lines of rows that have ended the transaction they were in, and why."""
        self.lacked_parent = False
        """Whether a row was refused because the row that it refers to is missing."""

    def load(self, session: Session, rows: Sequence[PreparedRow]) -> dict[int, str]:
        """Loads the rows; returns the lines of those that the table refuses, and why.

        Raises RefusedAndEnded where a row has ended the transaction. If `ended` knows it now, the
        transaction can begin again.
        """
        refused = {row.line: self.ended[row.line] for row in rows if row.line in self.ended}
        left = [row for row in rows if row.line not in refused]
        while left:
            found: dict[int, str] = {}
            self._halve(session, left, found)
            again = [row for row in left if row.line in found]
            if len(again) == len(left) or not again:
                refused |= found
                break
            # A row may refer to one that stands behind it.
            left = again
        return refused

    def _halve(
        self, session: Session, rows: Sequence[PreparedRow], refused: dict[int, str]
    ) -> None:
        self._check()
        try:
            with session.savepoint():
                self._placing.put(session, [row.block for row in rows])
            return
        except RefusedAndEnded as refusal:
            index = 0 if len(rows) == 1 else refusal.taken
            if index is not None and index < len(rows):
                self.ended[rows[index].line] = str(refusal)
            raise
        except RefusedRows as refusal:
            if len(rows) == 1:
                self.lacked_parent = self.lacked_parent or refusal.key is not None
                refused[rows[0].line] = str(refusal)
                return
        middle = len(rows) // 2
        self._halve(session, rows[:middle], refused)
        self._halve(session, rows[middle:], refused)
