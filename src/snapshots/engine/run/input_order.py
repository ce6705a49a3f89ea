"""Which of many inputs wait for which.

Inputs that replace the rows of one table, or change them, keep their order. Those of different
tables do not wait for each other.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.engine.plan.table_name import table_for
from snapshots.errors import UsageError
from snapshots.redaction import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.plan.options import Options


@dataclass(eq=False, slots=True)
class InOrder:
    """Inputs of which each waits for the one before it."""

    names: deque[str]
    after: tuple[InOrder, ...] = ()
    """Those that wait for the last of them."""

    def left(self) -> list[InOrder]:
        """What can go on when some of them have ended."""
        return [self] if self.names else list(self.after)


def sequences_of(names: Sequence[str], options: Options) -> list[InOrder]:
    """What a cluster may import at once. Nothing if there is none, if that is one input after the
    other, or if a name does not say all that other hosts need."""
    known = all(name != "-" and shown(name) == name for name in names)
    if options.cluster is None or len(names) < 2 or not known:
        return []
    if options.dry_run:
        return [InOrder(deque([name])) for name in names]
    tables: dict[str, list[str]] = {}
    for name in names:
        tables.setdefault(_table(name, options), []).append(name)
    if options.versioned:
        return [InOrder(deque(these)) for these in tables.values()] if len(tables) > 1 else []
    # The first one makes the table, and the others find it.
    return [
        InOrder(deque([first]), tuple(InOrder(deque([name])) for name in others))
        for first, *others in tables.values()
    ]


def _table(name: str, options: Options) -> str:
    try:
        return table_for(name, options.table)
    except UsageError:
        return ""  # its import says why
