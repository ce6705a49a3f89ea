"""Which table an input goes to when nobody says."""

from __future__ import annotations

import re
from pathlib import PurePath

from snapshots.errors import UsageError
from snapshots.sources.remote.urls import scheme_of, without_query

_ENDINGS = {".csv", ".tsv", ".txt", ".tab", ".psv", ".dat", ".gz", ".zst", ".bz2", ".xz"}
_DATE_OR_NUMBER = re.compile(
    r"(?<=[^\W\d_])(?:[-_. ]+(?:\(\d+\)|\d[\d\-_.T: ]*)|\d{6}[\d\-_.T: ]*)$"
)
_NOT_IN_A_NAME = re.compile(r"_*\W[\W_]*")
_LEDGER = {"snapshots_imports", "snapshots_chunks", "snapshots_rejects", "snapshots_version"}
MAX_BYTES = 60


def table_for(name: str, given: str | None) -> str:
    """The table for an input: the one given, else its file's stem without date or number.

    >>> table_for("data/snapshot_20230101.csv.gz", None)
    'snapshot'

    Raises UsageError where there is nothing to make a name of.
    """
    if given:
        if given.rpartition(".")[2].lower() in _LEDGER:
            raise UsageError(f"table {given} belongs to the ledger", hint="choose another table")
        return given
    return _named_after(name).encode()[:MAX_BYTES].decode("utf-8", "ignore")


def shortened(name: str, given: str | None) -> str | None:
    """A sentence if the table's name is not all of the input's: another input may have the same.

    >>> shortened("data/snapshot_20230101.csv.gz", None)
    """
    if given or len(_named_after(name).encode()) <= MAX_BYTES:
        return None
    return (
        f"the table is named {table_for(name, None)!r}, cut to {MAX_BYTES} bytes: inputs whose"
        " names begin alike go into the same table, unless --table names another"
    )


def _named_after(name: str) -> str:
    """A table's name of any length. Raises UsageError where there is nothing to make it of."""
    if name == "-":
        raise UsageError("standard input has no name", hint="give the table with --table NAME")
    path = PurePath(name if scheme_of(name) is None else without_query(name))
    while path.suffix.lower() in _ENDINGS:
        path = path.with_suffix("")
    stem = path.name
    shorter = _DATE_OR_NUMBER.sub("", stem)
    cleaned = _NOT_IN_A_NAME.sub("_", shorter).strip("_")
    if not cleaned:
        raise UsageError(
            f"no table name can be made of {name!r}", hint="give the table with --table NAME"
        )
    if cleaned[0].isdigit():
        cleaned = f"t_{cleaned}"
    if cleaned.lower() in _LEDGER:
        cleaned += "_data"
    return cleaned
