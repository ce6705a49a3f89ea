"""What a name of an input must be, whatever it is of."""

from __future__ import annotations

import os

from snapshots.errors import InputError


def require_text(name: str) -> None:
    """InputError for bytes that are no text: a name for the system, but not for a database."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "The file's name is not UTF-8.",
            place=repr(os.fsencode(name)),
            hint="Rename the file: the ledger could not name it.",
        ) from error
