"""Looks at the path of a database that is a file, before a driver does."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapshots.errors import CannotConnect, NoDatabase
from snapshots.file_hints import missing_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def forbidden(path: Path) -> str:
    """Returns what this user may not do with a file. Empty: nothing is known to be forbidden."""
    effective = os.access in os.supports_effective_ids
    if path.exists():
        both = os.access(path, os.R_OK | os.W_OK, effective_ids=effective)
        return "" if both else "This user may not read or write the file."
    may = os.access(path.parent, os.W_OK | os.X_OK, effective_ids=effective)
    return "" if may else "This user may not create the file in its folder."


@contextmanager
def looked_at(path: Path, title: str, *, create: bool) -> Iterator[None]:
    """Opens a file within the block. `title` is what people call such databases.

    Raises NoDatabase if it is missing and is not to be created, and CannotConnect if there can be
    no such file, or the block raises OSError.
    """
    try:
        if path.is_dir():
            raise CannotConnect("This is a folder.", place=str(path), hint="Name a file in it.")
        if not path.parent.is_dir():
            raise CannotConnect(
                f"The folder of the {title} file does not exist.",
                place=str(path),
                hint=missing_folder(path.parent) if create else "Check the name of the file.",
            )
        if not create and not path.exists():
            raise NoDatabase(
                "The file does not exist.", place=str(path), hint="Check the name of the file."
            )
        yield
    except OSError as error:
        raise CannotConnect(
            f"The file cannot be opened: {error.strerror}.",
            place=str(path),
            hint="Check the permissions of the file and of its folder.",
        ) from error
