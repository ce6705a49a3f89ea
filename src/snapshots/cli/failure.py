"""Errors as users see them: what happened, what to do, and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.cli.say import say_error

if TYPE_CHECKING:
    from snapshots.errors import SnapshotsError


def fail(error: SnapshotsError) -> int:
    """Prints an error on stderr and returns its exit code."""
    say_error(str(error), error.hint)
    return error.exit_code


def as_object(error: SnapshotsError) -> dict[str, object]:
    """An error as `--json` prints it everywhere."""
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "place": error.place,
        "retryable": error.retryable,
    }


_SEVERITY = (130, 143, 7, 6, 2, 1, 4, 3, 0)


def worst(codes: list[int]) -> int:
    """The most serious exit code of several inputs; 5 (already done) only if all have it.

    >>> worst([0, 3, 5]), worst([5, 5])
    (3, 5)
    """
    if codes and all(code == 5 for code in codes):
        return 5
    present = {0 if code == 5 else code for code in codes}
    return next((code for code in _SEVERITY if code in present), 0 if not present else 1)
