"""The databases this user has imported into, remembered in the user's state folder.

No password is ever in that file: a database is kept as its `display()` URL, and connecting to
it again takes the password from the usual places.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from pathlib import Path

FILE = "databases.json"


def remember(database: str) -> None:
    """Notes a database. A state folder that cannot be written costs the memory, not the import."""
    databases = recall()
    if any(_place(database) == _place(known) for known in databases):
        return
    with contextlib.suppress(OSError):
        state = folder()
        state.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=state, prefix=FILE)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"databases": [*databases, database]}, file, indent=1)
            Path(temporary).replace(state / FILE)
        except OSError:
            Path(temporary).unlink()


def recall() -> list[str]:
    """The remembered databases, oldest first; none where the file is missing or damaged."""
    try:
        content = json.loads((folder() / FILE).read_text("utf-8"))
        return [str(database) for database in content["databases"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _place(database: str) -> str:
    """The same whoever logs in."""
    return re.sub(r"(?<=://)[^/@]*@", "", database)


def folder() -> Path:
    """Where a user's own state is kept."""
    override = os.environ.get("SNAPSHOTS_STATE_DIR")
    if override:
        return Path(override)
    # Imported here: every command would pay for it otherwise.
    from platformdirs import user_state_path

    return user_state_path("snapshots")


def uploads() -> Path:
    """Where uploaded files are kept if nothing else is said."""
    return folder() / "files"
