"""The report of a verification: counts, differences and the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from snapshots.plain import plain
from snapshots.stored_rows import RowDifference, RowsCompared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.ledger.entry import CommittedChunk

Result = Literal["equal", "differs", "ledger_damaged", "not_compared"]
EXIT_CODES: dict[Result, int] = {
    "equal": 0, "differs": 8, "ledger_damaged": 7, "not_compared": 1,
}  # fmt: skip
SHOWN = 100
"""The most differences, differing chunks and sentences in a report."""


class ChunkDifferences(Struct, frozen=True):
    """A chunk of the input with missing, changed or extra rows in the table."""

    start: int
    end: int
    line: int
    equal: int
    changed: int
    missing: int
    more: int
    columns: Mapping[str, int]
    """The number of changed values by column, for columns that have any."""


class VerifyReport(Struct):
    """The report of a verification. It grows with each compared chunk."""

    import_id: int
    counts_only: bool = False
    """Whether only the counts were checked, without the input."""
    compared: bool = False
    """Whether the values were compared."""
    not_compared: str = ""
    """Why the values were not compared, as a sentence; empty if they were."""
    rows: int | None = None
    """The rows in the table with the number of the import; None if they were not counted."""
    chunks: int = 0
    """The number of rows compared so far."""
    equal: int = 0
    changed: int = 0
    missing: int = 0
    more: int = 0
    superseded: int = 0
    """Rows that a later import has changed or deleted, or may have; only in modes by key."""
    columns: dict[str, int] = field(default_factory=dict)
    """The number of changed values by column, for columns that have any."""
    differing: list[ChunkDifferences] = field(default_factory=list)
    """The first chunks with differences."""
    differences: list[RowDifference] = field(default_factory=list)
    """The first differences."""
    ledger: list[str] = field(default_factory=list)
    """What is wrong in the ledger, as sentences."""
    table: list[str] = field(default_factory=list)
    """What is wrong with the table as a whole, as sentences."""
    left_out: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    """The triggers of the table. What they changed counts as a difference."""
    generated: tuple[str, ...] = ()
    """The columns that the database computes. The input has no values for them."""

    @property
    def differences_left(self) -> int:
        """How many more differences the report can hold."""
        return max(0, SHOWN - len(self.differences))

    @property
    def differs(self) -> bool:
        """Whether the table differs from the input."""
        return bool(self.changed or self.missing or self.more or self.table)

    @property
    def result(self) -> Result:
        """The result in a word. If several apply, it is the worst one."""
        if self.ledger:
            return "ledger_damaged"
        if self.differs:
            return "differs"
        return "equal" if self.compared or self.counts_only else "not_compared"

    @property
    def exit_code(self) -> int:
        """The exit code of `snapshots verify`."""
        return EXIT_CODES[self.result]

    def add(self, chunk: CommittedChunk, taken: RowsCompared) -> None:
        """Adds the result of comparing one chunk."""
        self.chunks += 1
        self.add_rows(taken)
        one = ChunkDifferences(
            chunk.start,
            chunk.end,
            chunk.start_line,
            taken.equal,
            taken.changed,
            taken.missing,
            taken.more,
            dict(taken.by_column),
        )
        if (one.changed or one.missing or one.more) and len(self.differing) < SHOWN:
            self.differing.append(one)

    def add_rows(self, taken: RowsCompared) -> None:
        """Adds the result of comparing rows that belong to no particular chunk."""
        self.equal += taken.equal
        self.changed += taken.changed
        self.missing += taken.missing
        self.more += taken.more
        self.superseded += taken.superseded
        for name, count in taken.by_column.items():
            self.columns[name] = self.columns.get(name, 0) + count
        self.differences.extend(taken.differences[: self.differences_left])

    def complain(self, sentence: str) -> None:
        """Adds a sentence about an error in the ledger, up to the limit of sentences."""
        if len(self.ledger) < SHOWN:
            self.ledger.append(sentence)

    def to_object(self) -> dict[str, Any]:
        """Returns the report as an object for the ledger, `--json` and REST."""
        return {**plain(self), "result": self.result}

    @classmethod
    def from_object(cls, kept: Mapping[str, Any]) -> VerifyReport:
        """Makes a report from the object that `to_object` returned."""
        given = {name: value for name, value in kept.items() if name != "result"}
        given["differing"] = [ChunkDifferences(**one) for one in kept["differing"]]
        given["differences"] = [RowDifference(**one) for one in kept["differences"]]
        for name in ("left_out", "triggers", "generated"):
            given[name] = tuple(kept[name])
        return cls(**given)
