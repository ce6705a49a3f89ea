"""Settles the staged rows that share a key: one of each key is published.

The others are rejects, or skipped records if the user has said which one counts. The database finds
them. Here are only their lines, in a file if they are many, and the records of one piece at a time.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from contextlib import closing
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.engine.publishing.by_key.duplicate_records import rejects_of_lines
from snapshots.engine.support.fault_points import fault_point
from snapshots.errors import RefusedRows
from snapshots.ledger import refused_rows
from snapshots.model import TableName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from snapshots.engine.plan.plan import Plan
    from snapshots.engine.publishing.by_key.keyed_rows import KeyedRows
    from snapshots.engine.publishing.refusals import CertainRefusals
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ports import Source

CODE = "duplicate_key"
_BYTES_IN_MEMORY = 1 << 20
_PAIR_BYTES = 16
_PAIRS_AT_ONCE = 100_000


def reject_certain(
    ledger: Ledger, lease: Lease, plan: Plan, source: Source, refusals: CertainRefusals
) -> int:
    """Makes rejects of rows that the table is certain to refuse, and takes them out of the stage;
    returns how many there are. Their lines stay in a file.

    Raises TargetError for an input that can be read only once.
    """
    chunks, reasons = ledger.chunks(lease.import_id), refusals.reasons
    starts = [chunk.start_line for chunk in chunks]
    of_chunks: Counter[int] = Counter()
    with closing(refusals.pairs) as lines:
        while some := list(_pairs_of(lines, _PAIRS_AT_ONCE)):
            of_chunks.update(bisect_right(starts, line) - 1 for line, _ in some)
            remove_lines(ledger, plan, lease.import_id, [line for line, _ in some])
        lines.seek(0)
        counts = [(chunks[index], count) for index, count in sorted(of_chunks.items())]
        wanted = [(chunk, _pairs_of(lines, count)) for chunk, count in counts]
        code = RefusedRows.code
        for rejects in rejects_of_lines(source, plan, wanted, code, reasons.__getitem__):
            ledger.keep(ledger.session, lease, rejects)
    refused_rows.count_rejected(ledger, lease, {chunk.start: count for chunk, count in counts})
    return of_chunks.total()


def remove_lines(ledger: Ledger, plan: Plan, import_id: int, lines: Sequence[int]) -> None:
    """Takes rows out of the stage of an import by their lines, in one pass over it."""
    session, dialect = ledger.session, ledger.target.dialect
    stage, line = plan.stage_table(import_id).sql(dialect.quote), plan.stage_lineage[1]
    wanted = dialect.quote("snapshots_lines")
    session.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {wanted} (line bigint NOT NULL PRIMARY KEY)"
    )
    session.execute(f"{dialect.empty_temporary} {wanted}")
    session.insert(TableName("snapshots_lines"), ("line",), [(one,) for one in lines])
    session.execute(
        f"DELETE FROM {stage} WHERE {dialect.quote(line)} IN (SELECT line FROM {wanted})"
    )
    session.execute(f"DROP {dialect.temporary_table} {wanted}")


class DuplicateRows(Struct, frozen=True):
    """The staged rows of an import that share their key with another one."""

    ledger: Ledger
    lease: Lease
    plan: Plan
    source: Source
    rows: KeyedRows

    def settle(self) -> int:
        """Takes all rows but one of each key out of the stage; returns how many these were.

        Raises TargetError where rejects are to be made of an input that can be read only once.
        """
        if not self._exist():
            return 0
        chunks = self.ledger.chunks(self.lease.import_id)
        starts = [chunk.start_line for chunk in chunks]
        of_chunks: Counter[int] = Counter()
        with SpooledTemporaryFile(_BYTES_IN_MEMORY) as lines:
            with closing(self.ledger.session.stream(self._pairs)) as found:
                for page in found:
                    pairs = cast("list[tuple[int, int]]", page)
                    of_chunks.update(bisect_right(starts, line) - 1 for line, _ in pairs)
                    lines.write(array("q", (one for pair in pairs for one in pair)).tobytes())
            lines.seek(0)
            counts = [(chunks[index], count) for index, count in sorted(of_chunks.items())]
            moved = {chunk.start: count for chunk, count in counts}
            if self.plan.duplicates == "reject":
                wanted = [(chunk, _pairs_of(lines, count)) for chunk, count in counts]
                for rejects in rejects_of_lines(
                    self.source,
                    self.plan,
                    wanted,
                    CODE,
                    lambda other: f"Line {other} has the same key.",
                ):
                    self.ledger.keep(self.ledger.session, self.lease, rejects)
                refused_rows.count_rejected(self.ledger, self.lease, moved)
            else:
                refused_rows.count_skipped(self.ledger, self.lease, moved, CODE)
        self._remove()
        fault_point("duplicates")
        return sum(moved.values())

    def _exist(self) -> bool:
        names = self.rows.keys_of("s")
        return bool(
            self.ledger.session.execute(
                f"SELECT COUNT(*) FROM {self.rows.stage} AS s GROUP BY {names}"
                f" HAVING COUNT(*) > 1{self.rows.dialect.limit(1)}"
            )
        )

    @property
    def _marked(self) -> str:
        """The lines of the stage, each with the line of its key that is published."""
        line, which = f"s.{self.rows.line}", "MAX" if self.plan.duplicates == "last" else "MIN"
        return (
            f"(SELECT {line} AS line, {which}({line}) OVER (PARTITION BY"
            f" {self.rows.keys_of('s')}) AS taken FROM {self.rows.stage} AS s) AS marked"
        )

    @property
    def _pairs(self) -> str:
        return f"SELECT line, taken FROM {self._marked} WHERE line <> taken ORDER BY line"

    def _remove(self) -> None:
        self.ledger.session.execute(
            f"DELETE FROM {self.rows.stage} WHERE {self.rows.line} IN"
            f" (SELECT line FROM {self._marked} WHERE line <> taken)"
        )


def _pairs_of(lines: IO[bytes], count: int) -> Iterator[tuple[int, int]]:
    """The next pairs of a file: a line, and the line whose record is loaded."""
    numbers = array("q", lines.read(count * _PAIR_BYTES))
    return zip(numbers[::2], numbers[1::2], strict=True)
