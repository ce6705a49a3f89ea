"""What is to be replayed, and what that has come to."""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from msgspec import Struct, field

from snapshots.engine.repair.mended import MendedReading
from snapshots.engine.verify.located import VerifyOptions
from snapshots.plain import plain

SHOWN: Final = 10
"""Sentences about single records in a report."""
OPEN_EXIT_CODE: Final = 3
"""Rejects are left that are neither corrected nor dismissed."""


class ReplayOptions(Struct, frozen=True):
    """What is to be replayed, and how it is read."""

    corrections: BinaryIO | None = None
    """A file of corrections, which can be read twice; None: the rejects as they are."""
    name: str = ""
    """What the file is called."""
    codes: tuple[str, ...] = ()
    """Only rejects with one of these codes; empty: all."""
    reading: MendedReading = field(default_factory=MendedReading)
    input: VerifyOptions | None = field(default_factory=VerifyOptions)
    """Where the input is now, for records of more than 64 KiB; None: it must not be read."""
    by: str = ""
    """Who asks for it; empty for the current user."""


class ReplayReport(Struct):
    """What replaying has come to."""

    import_id: int
    database: str
    table: str
    loaded: int = 0
    """Rejects that are rows now."""
    refused: int = 0
    """Corrections that are still wrong: they stay rejects, with their new reason."""
    unchanged: int = 0
    """Records of the file that nobody has edited, or rejects whose reason is still the same."""
    already: int = 0
    """Corrections that were loaded before."""
    open: int = 0
    """Rejects that are left, without dismissed ones."""
    dismissed: int = 0
    open_by_code: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    """Sentences about the first records that were refused."""

    @property
    def exit_code(self) -> int:
        """The exit code of `snapshots replay`."""
        return OPEN_EXIT_CODE if self.open else 0

    def to_object(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return plain(self)

    def tell(self, line: int, why: str) -> None:
        """Keeps a sentence about a record, while there is room for it."""
        if len(self.examples) < SHOWN:
            self.examples.append(f"line {line}: {why}")
