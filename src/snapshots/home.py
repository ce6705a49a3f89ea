"""Who runs the program, their home folder and the current one: a container may give it a user who
has none of them.
"""

from __future__ import annotations

import getpass
import os
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


def absolute(path: str) -> str:
    """From the root, and without `..`; UsageError where that takes the current folder, and it is
    gone or may not be entered."""
    try:
        return os.path.abspath(path)  # noqa: PTH100 (it takes `..` out)
    except OSError as error:
        raise no_current_folder() from error


def no_current_folder() -> UsageError:
    """Nothing is known of where we are."""
    return UsageError(
        "The current folder is gone, or this user may not enter it.",
        hint="Go to another one first: cd /",
    )


def user() -> str:
    """The name of the user who runs the program. Raises UsageError where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UsageError(
            "The system knows no name for this user, and nothing else names one.",
            hint="Name the user in the database's URL: user@host:port/database.",
        ) from None
