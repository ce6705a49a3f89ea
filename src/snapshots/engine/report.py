"""What an import says of itself while it runs, and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from snapshots.model import Counts, ImportRecord, Reject


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that the user should see: what was detected, decided or renamed."""

    text: str


@dataclass(frozen=True, slots=True)
class Started:
    """An import has its number and begins, or goes on."""

    import_id: int
    input: str
    table: str
    database: str
    bytes_total: int | None
    resumed: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What is committed so far."""

    import_id: int
    input: str
    counts: Counts
    bytes_done: int
    """Of the input as it lies."""
    bytes_total: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How the import of one input ended."""

    record: ImportRecord | None
    """None for a dry run."""
    counts: Counts
    outcome: str
    """finished, already_imported, failed, interrupted, limited or dry_run."""
    exit_code: int
    message: str
    rejects_by_code: dict[str, int]
    hint: str = ""
    examples: tuple[Reject, ...] = ()
    """Of a dry run, whose rejects are kept nowhere else: the first ones."""


Event: TypeAlias = Notice | Started | Progress | ImportResult
Listener: TypeAlias = Callable[[Event], None]
