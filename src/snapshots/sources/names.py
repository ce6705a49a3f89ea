"""The rule that every name of an input must obey."""

from __future__ import annotations

import os

from snapshots.errors import InputError


def require_text(name: str) -> None:
    """Raises InputError for a name that is no text: no ledger could hold it."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "The file's name is not UTF-8.",
            place=repr(os.fsencode(name)),
            hint="Rename the file: the ledger cannot store its name.",
        ) from error
