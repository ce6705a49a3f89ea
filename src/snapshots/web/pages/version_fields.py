"""The fields of a form that say what becomes of the rows that a table has."""

from __future__ import annotations

from typing import Any, Final, Protocol

MODES: Final = (
    ("append", "add its rows"),
    ("replace", "only its rows"),
    ("upsert", "update by key"),
    ("mirror", "equal by key"),
    ("history", "keep versions"),
)
DUPLICATES: Final = (
    ("", "load the first, reject the others"),
    ("first", "load the first, skip the others"),
    ("last", "load the last, skip the others"),
)
WAYS: Final = (
    ("", "rename or copy, as it fits"),
    ("copy", "copy the rows"),
    ("rename", "rename a new table"),
)
TEXTS: Final = ("mode", "as_of", "duplicates", "publish", "keep_undo", "max_deletes")
FIELDS: Final = (*TEXTS, "primary_key")
"""The names of all of them."""


class VersionFields(Protocol):
    """A form with these fields, as text."""

    mode: str
    as_of: str
    duplicates: str
    publish: str
    keep_undo: str
    max_deletes: str
    primary_key: str
    """Names of columns between commas."""


def version_options(form: VersionFields) -> dict[str, Any]:
    """The members of a request for an import that these fields ask for. Empty ones leave the
    default."""
    given: dict[str, Any] = {
        name: text for name in TEXTS if (text := str(getattr(form, name)).strip())
    }
    key = [one.strip() for one in str(form.primary_key).split(",") if one.strip()]
    return {**given, "primary_key": key} if key else given
