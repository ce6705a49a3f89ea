"""Chooses the types of columns that `--columns-changed add` adds to a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from snapshots.contract.evidence import binary_floats, remark
from snapshots.contract.infer import infer
from snapshots.engine.plan.merged_columns import named
from snapshots.model import Column, Contract, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from snapshots.contract.infer import Inferred
    from snapshots.engine.plan.column_options import ColumnOptions
    from snapshots.formats.names import HeaderNames
    from snapshots.formats.sniff import Sniffed
    from snapshots.ports import Source, Target


class AddedColumns(Struct, frozen=True):
    """Where the columns of one input come from that its table does not have."""

    source: Source
    target: Target
    sniffed: Sniffed
    names: HeaderNames
    wanted: ColumnOptions
    declared: Contract | None
    """The user's contract. Its columns have its types and rules; those of others are inferred."""
    say: Callable[[str], None]

    def at(self, positions: Sequence[int]) -> tuple[Column, ...]:
        """The columns for the fields at these positions, with the types that the target will have
        of them. `say` gets a sentence for a type that may surprise."""
        plain = [
            Column(name.name, name.source, Type("text"))
            for name in (self.names.columns[position] for position in positions)
        ]
        inferred = iter(self._inferred([
            position for position, column in zip(positions, plain, strict=True)
            if named(self.declared, column) is None
        ]))  # fmt: skip
        columns = []
        for column in plain:
            theirs = named(self.declared, column)
            columns.append(
                next(inferred) if theirs is None else replace(theirs, source=column.source)
            )
        return self.target.physical(Contract(tuple(columns))).columns

    def _inferred(self, positions: Sequence[int]) -> list[Column]:
        """The columns for these fields, with the types that their values fit."""
        if not positions:
            return []
        wanted = self.wanted
        missing = wanted.missing_values
        if missing is None and self.declared is not None:
            missing = self.declared.missing_values
        found = infer(
            self.source,
            self.sniffed.dialect,
            self.names,
            missing_values=missing,
            exact=wanted.exact,
            all_text=wanted.all_text,
        )
        columns = [found.contract.columns[position] for position in positions]
        if not wanted.all_text and found.records:
            self._remark(columns, [found.evidence[position] for position in positions], found)
        return columns

    def _remark(
        self, columns: Sequence[Column], evidence: Sequence[Mapping[str, Any]], found: Inferred
    ) -> None:
        if not found.complete:
            # The first note says what the types are inferred from.
            self.say(found.notes[0])
        own = [column.name for column in columns]
        exact = self.wanted.exact
        for name, seen in zip(own, evidence, strict=True):
            if note := remark(name, seen, lines=found.complete, exact=exact):
                self.say(note)
        for note in binary_floats(own, evidence, exact):
            self.say(note)
