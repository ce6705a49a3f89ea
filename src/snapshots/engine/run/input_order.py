"""Which of many inputs wait for which.

Inputs that replace the rows of one table, or change them, keep their order. Those of different
tables do not wait for each other.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.engine.plan.table_name import table_for
from snapshots.errors import UsageError
from snapshots.redaction import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.plan.options import Options


class InOrder(Struct, eq=False):
    """Inputs of which each waits for the one before it."""

    names: deque[str]
    after: tuple[InOrder, ...] = ()
    """Those that wait for the last of them."""
    alone: bool = False
    """Whether the first one does not fit into a group of small files."""

    def left(self, *, made_the_table: bool = True) -> list[InOrder]:
        """What can go on when some of them have ended. Without a table, the next one is to make
        it."""
        if self.names:
            return [self]
        if made_the_table or not self.after:
            return list(self.after)
        first, *others = self.after
        return [InOrder(first.names, (*first.after, *others))]


def sequences_of(names: Sequence[str], options: Options, files: int = 1) -> list[InOrder]:
    """What may be imported at once: on a cluster, or `files` inputs by threads of this process.

    Nothing if that is one input after the other, or if a name does not say all that other hosts
    need.
    """
    known = all(name != "-" and shown(name) == name for name in names)
    at_once = files > 1 if options.cluster is None else known
    if not at_once or len(names) < 2:
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
