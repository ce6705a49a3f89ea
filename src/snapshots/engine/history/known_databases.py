"""The databases that this user has imported into, kept in a file of the user's state folder.

The file never holds a password: it has the `display()` URL of each database. A new connection
takes the password from the usual places.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path

from snapshots.errors import UsageError

FILE = "databases.json"


def remember(database: str) -> None:
    """Adds a database to the file. If the state folder cannot be written, nothing happens."""
    databases = recall()
    if any(_place(database) == _place(known) for known in databases):
        return
    state = folder()
    if state is None:
        return
    # Only the first import into a database writes the file, and others need not load this.
    import tempfile

    with contextlib.suppress(OSError):
        state.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=state, prefix=FILE)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"databases": [*databases, database]}, file, indent=1)
            Path(temporary).replace(state / FILE)
        except OSError:
            Path(temporary).unlink()


def recall() -> list[str]:
    """The known databases, oldest first; none if the file is missing or damaged."""
    state = folder()
    if state is None:
        return []
    try:
        content = json.loads((state / FILE).read_text("utf-8"))
        return [str(database) for database in content["databases"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _place(database: str) -> str:
    """A database's URL without the user's name, so that it is kept once."""
    return re.sub(r"(?<=://)[^/@]*@", "", database)


def folder() -> Path | None:
    """The folder for the user's state; None for a user without a home folder."""
    override = os.environ.get("SNAPSHOTS_STATE_DIR")
    if override:
        return Path(override)
    # Imported here: every command would pay for it otherwise.
    from platformdirs import user_state_path

    try:
        state = user_state_path("snapshots")
    except RuntimeError:
        return None
    # Older releases give a folder called `~` in the current one instead.
    return state if state.is_absolute() else None


def uploads() -> Path:
    """The default folder for uploaded files.

    Raises UsageError if the user has no home folder.
    """
    state = folder()
    if state is None:
        raise UsageError(
            "This user has no home folder for uploaded files.",
            hint="Name a folder with --files, or set SNAPSHOTS_STATE_DIR.",
        )
    return state / "files"
