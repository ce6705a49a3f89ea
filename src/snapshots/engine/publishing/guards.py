"""The guards of modes that delete: what looks like a mistake is not published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.limits import DeleteLimit
from snapshots.errors import EmptyInput, TooManyDeletes

if TYPE_CHECKING:
    from snapshots.engine.plan.options import Options
    from snapshots.model import Counts


def require_rows(counts: Counts, options: Options) -> None:
    """Raises EmptyInput where an input has no row for the table, and that is not allowed."""
    if not counts.loaded and not options.allow_empty:
        raise EmptyInput(
            "The input has no row for the table: nothing was published.",
        )


def require_fewer_deletes(before: int, after: int, options: Options) -> None:
    """Raises TooManyDeletes where the table would shrink by more rows than it may."""
    limit = DeleteLimit.parse(options.max_deletes)
    # An input without rows has been allowed by name.
    if after and limit.exceeded(before, after):
        raise TooManyDeletes(
            f"The table has {before:,} rows and would have {after:,}, {before - after:,} fewer:"
            f" --max-deletes {limit} does not allow that. Nothing was published.",
        )


def require_few_deletes(before: int, deleted: int, loaded: int, options: Options) -> None:
    """Raises TooManyDeletes where more rows would be deleted than allowed, because the input lacks
    their keys."""
    limit = DeleteLimit.parse(options.max_deletes)
    # An input without rows has been allowed by name.
    if loaded and limit.exceeded(before, before - deleted):
        raise TooManyDeletes(
            f"The input lacks {deleted:,} of the {before:,} rows of the table: --max-deletes"
            f" {limit} does not allow that. Nothing was published.",
        )
