"""The beginning of an input that earlier imports have loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.entry import Beginning, Entry
    from snapshots.ledger.parts import Part


class Growth(Struct, frozen=True):
    """What earlier imports have loaded of the beginning of an input."""

    parts: tuple[Part, ...]
    """The finished ones that it begins with, in the order of the input."""
    end: Beginning
    """Where they end, and what is new begins."""
    stored: int
    """The bytes of the input before that, as it lies; 0 where that cannot be known."""
    inside_record: bool
    """Whether it cannot be excluded that they end within a record."""
    is_all: bool
    """Whether nothing follows."""
    unfinished: Entry | None
    """The import of what follows that was begun before the input grew, and can go on with it."""
    plan: Plan
    """What the parts were loaded by."""

    @property
    def loaded(self) -> int:
        """The rows of all parts."""
        return sum(part.loaded for part in self.parts)
