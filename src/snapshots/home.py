"""Finds the user, the home folder and the current folder: a container may have none of them."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from snapshots.errors import UsageError


def expanded(path: str) -> Path | None:
    """Returns the path with its `~` replaced; None if it has one and there is no home folder.

    For instance `~/.my.cnf` becomes `/root/.my.cnf`, and `data/my.cnf` stays as it is.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None


def required(path: str) -> Path:
    """Returns the same for a path that somebody wrote. Raises UsageError if there is no home
    folder."""
    found = expanded(path)
    if found is None:
        raise UsageError(
            f"{path} begins with ~, but this user has no home folder.",
            hint="Write the full path, or set HOME.",
        )
    return found


def absolute(path: str) -> str:
    """Returns the path from the root, without `..`. Raises UsageError if the current folder is
    needed, and is gone or may not be entered."""
    try:
        return os.path.abspath(path)  # noqa: PTH100 (it takes `..` out)
    except OSError as error:
        raise no_current_folder() from error


def no_current_folder() -> UsageError:
    """Returns the error for a current folder that is gone or may not be entered."""
    return UsageError(
        "The current folder was deleted, or this user may not enter it.",
        hint="Change to another folder first: cd /",
    )


def user() -> str:
    """Returns the name of the user who runs the program. Raises UsageError if the system knows
    none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UsageError(
            "The system has no name for this user.",
            hint="Name the user in the database's URL: user@host:port/database.",
        ) from None
