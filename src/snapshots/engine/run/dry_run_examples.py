"""The first rows that an import would change, insert, delete or keep, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.publishing.by_key.trial import TrialStage
    from snapshots.ports import Value

MOST = 5
"""Examples of each kind."""
_VALUE = 40
"""Characters of a value that are shown."""


def examples(trial: TrialStage, vanished: str) -> str:
    """A line for each of the first rows by key. `vanished` says what becomes of rows that the input
    lacks, such as `deleted`."""
    changed = [
        f"Line {line}: {_changes(values)}." for line, values in trial.examples(trial.changed, MOST)
    ]
    gone = [
        f"{vanished.capitalize()}: {named(row)}." for row in trial.first_rows(trial.vanished, MOST)
    ]
    return "\n".join([*changed, *inserted(trial, trial.lacking), *gone])


def inserted(trial: TrialStage, source: str) -> list[str]:
    """A line for each of the first rows of the input; `source` is what stands behind FROM."""
    return [f"Line {line}: new: {named(row)}." for line, row in trial.first_lines(source, MOST)]


def named(row: Sequence[tuple[str, Value]]) -> str:
    """The values of a row, each with its column."""
    return ", ".join(f"{name} {_shown(value)}" for name, value in row)


def _changes(values: Sequence[tuple[str, Value, Value]]) -> str:
    return ", ".join(f"{name} {_shown(old)} -> {_shown(new)}" for name, old, new in values)


def _shown(value: object) -> str:
    return "NULL" if value is None else repr(str(value)[:_VALUE])
