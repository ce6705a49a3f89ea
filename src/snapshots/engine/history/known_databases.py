"""The databases that this user has imported into, kept in a file of the user's state folder.

The file never holds a password: it has the `display()` URL of each database. A new connection
takes the password from the usual places.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from snapshots import locations
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.ports import Target

FILE = "databases.json"
_AGAIN_SECONDS = 1.0
"""Between two looks whether somebody has removed a database from the file."""
_remembered: dict[tuple[str, str | None], float] = {}


def remember(database: str) -> None:
    """Adds a database to the file, unless this process has just done so. If the state folder cannot
    be written, nothing happens."""
    now = time.monotonic()
    key = (database, os.environ.get("SNAPSHOTS_STATE_DIR"))
    if now - _remembered.get(key, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
        return
    databases = recall()
    if not any(_place(database) == _place(known) for known in databases):
        with contextlib.suppress(OSError):
            _write([*databases, database])
    _remembered[key] = now


def forget(database: str) -> None:
    """Removes a database from the file. `database` is one of those that `recall` returns.

    Raises UsageError if the file cannot be written.
    """
    _remembered.clear()
    try:
        _write([known for known in recall() if known != database])
    except OSError as error:
        raise UsageError(
            f"The list of known databases cannot be written: {error.strerror}.",
            place=str(error.filename or ""),
            hint="Check the permissions of the folder, or set SNAPSHOTS_STATE_DIR.",
        ) from error


def named(text: str) -> list[str]:
    """Returns the known databases that a user may mean by `text`.

    `text` is a URL as `snapshots list` shows it, with or without the user; the path of a SQLite
    file; or `HOST`, `HOST:PORT` or `HOST:PORT/DATABASE`.
    """
    known = recall()
    wanted = without_login(text)
    for exact in ({text}, {wanted, _url_of_file(text)}):
        if found := [one for one in known if one in exact or _place(one) in exact]:
            return found
    place = wanted.partition("://")[2] or wanted
    return [one for one in known if not locations.is_file(one) and place in _short_forms(one)]


def _short_forms(database: str) -> set[str]:
    """Returns what a user may write for the URL of a server's database."""
    address, _, name = _place(database).partition("://")[2].partition("?")[0].partition("/")
    host = address.rpartition(":")[0] if re.search(r":\d+$", address) else address
    return {place for start in (host, address) for place in (start, f"{start}/", f"{start}/{name}")}


def _url_of_file(text: str) -> str | None:
    """Returns the URL of the file that `text` means; None if it means none."""
    try:
        return locations.target(text).display() if locations.is_file(text) else None
    except UsageError:
        return None


def without_login(text: str) -> str:
    """Returns what a user wrote without user and password; a path of a SQLite file stays whole.

    >>> without_login("postgresql://ana:a/b@host/db"), without_login("ana:pw@host:5432")
    ('postgresql://host/db', 'host:5432')
    """
    if locations.is_file(text):
        return text
    scheme, found, rest = text.rpartition("://") if text.count("://") == 1 else ("", "", text)
    return f"{scheme}{found}{rest.rpartition('@')[2]}"


def _write(databases: list[str]) -> None:
    """Replaces the file. Raises OSError."""
    state = folder()
    if state is None:
        return
    # Only a change of the list writes the file, and other commands need not load this.
    import tempfile

    state.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=state, prefix=FILE)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"databases": databases}, file, indent=1)
        Path(temporary).replace(state / FILE)
    except OSError:
        Path(temporary).unlink()
        raise


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


def where(target: Target) -> str:
    """The option that a later command needs to find the database: none for the default one, if this
    user knows no other."""
    shown = target.display()
    alone = shown == locations.target(None).display() and set(recall()) <= {shown}
    return "" if alone else f" --database {quote(shown)}"
