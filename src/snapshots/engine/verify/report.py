"""What a verification has come to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from snapshots.stored_rows import RowDifference, RowsCompared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.ledger.entry import CommittedChunk

Result = Literal["equal", "differs", "ledger_damaged", "not_compared"]
EXIT_CODES: dict[Result, int] = {
    "equal": 0, "differs": 8, "ledger_damaged": 7, "not_compared": 1,
}  # fmt: skip
SHOWN = 100
"""Differences, chunks that differ and sentences that a report holds at most."""


@dataclass(frozen=True, slots=True)
class ChunkDifferences:
    """A chunk of the input whose rows are not all equal."""

    start: int
    end: int
    line: int
    equal: int
    changed: int
    missing: int
    more: int
    columns: Mapping[str, int]
    """Changed values of each column that has some."""


@dataclass(slots=True)
class VerifyReport:
    """The account of a verification; it grows with the chunks."""

    import_id: int
    counts_only: bool = False
    """Only what needs no input was asked for."""
    compared: bool = False
    """The values were."""
    not_compared: str = ""
    """Why not, as a sentence."""
    rows: int | None = None
    """Rows that the table has under the import's number, where they were counted."""
    chunks: int = 0
    """So many have been compared."""
    equal: int = 0
    changed: int = 0
    missing: int = 0
    more: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    """Changed values of each column that has some."""
    differing: list[ChunkDifferences] = field(default_factory=list)
    """The first chunks that differ."""
    differences: list[RowDifference] = field(default_factory=list)
    """The first ones."""
    ledger: list[str] = field(default_factory=list)
    """What does not add up, as sentences."""
    table: list[str] = field(default_factory=list)
    """What is wrong with the table as a whole, as sentences."""
    left_out: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    """Of the table: what they have changed is a difference."""
    generated: tuple[str, ...] = ()
    """Columns of the table that the database computes, which have no values in the input."""

    @property
    def differences_left(self) -> int:
        """Differences that can still be kept."""
        return max(0, SHOWN - len(self.differences))

    @property
    def differs(self) -> bool:
        """The table has not the rows of the input."""
        return bool(self.changed or self.missing or self.more or self.table)

    @property
    def result(self) -> Result:
        """In a word; the worst counts."""
        if self.ledger:
            return "ledger_damaged"
        if self.differs:
            return "differs"
        return "equal" if self.compared or self.counts_only else "not_compared"

    @property
    def exit_code(self) -> int:
        """Of the command."""
        return EXIT_CODES[self.result]

    def add(self, chunk: CommittedChunk, taken: RowsCompared) -> None:
        """Adds the account of a chunk."""
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
        """Adds rows, of whatever chunk."""
        self.equal += taken.equal
        self.changed += taken.changed
        self.missing += taken.missing
        self.more += taken.more
        for name, count in taken.by_column.items():
            self.columns[name] = self.columns.get(name, 0) + count
        self.differences.extend(taken.differences[: self.differences_left])

    def complain(self, sentence: str) -> None:
        """The ledger does not add up."""
        if len(self.ledger) < SHOWN:
            self.ledger.append(sentence)

    def to_object(self) -> dict[str, Any]:
        """For the ledger, `--json` and REST."""
        return {**asdict(self), "result": self.result}

    @classmethod
    def from_object(cls, kept: Mapping[str, Any]) -> VerifyReport:
        """What `to_object` gave."""
        given = {name: value for name, value in kept.items() if name != "result"}
        given["differing"] = [ChunkDifferences(**one) for one in kept["differing"]]
        given["differences"] = [RowDifference(**one) for one in kept["differences"]]
        for name in ("left_out", "triggers", "generated"):
            given[name] = tuple(kept[name])
        return cls(**given)
