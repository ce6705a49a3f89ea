"""Who runs the program, and their home folder: a container may give it a user who has neither."""

from __future__ import annotations

import getpass
from pathlib import Path

from snapshots.errors import UsageError


def expanded(path: str) -> Path | None:
    """The path with its `~` replaced; None where it has one and there is no home folder.

    For instance `~/.my.cnf` becomes `/root/.my.cnf`, and `data/my.cnf` stays as it is.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None


def required(path: str) -> Path:
    """The same for a path that somebody wrote. Raises UsageError where there is no home folder."""
    found = expanded(path)
    if found is None:
        raise UsageError(
            f"{path} begins with ~, and this user has no home folder.",
            hint="Write the whole path, or set HOME.",
        )
    return found


def user() -> str:
    """The name of the user who runs the program. Raises UsageError where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UsageError(
            "The system knows no name for this user, and nothing else names one.",
            hint="Name the user in the database's URL: user@host:port/database.",
        ) from None
