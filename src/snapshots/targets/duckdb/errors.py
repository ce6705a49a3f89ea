"""Translates the errors of DuckDB into those of this package."""

from __future__ import annotations

import re

import duckdb

from snapshots.errors import CannotConnect, RefusedRows, SnapshotsError, TargetError

_HELD = re.compile(r"Conflicting lock is held in .*?\(PID (\d+)\)")
_PREFIX = re.compile(r"^[A-Za-z]+(?: [A-Za-z]+)? Error: ")
_NO_PARENT = "Violates foreign key constraint"
_CORRECT = (
    "DuckDB does not tell which rows, and nothing of them was written. Correct the input, or what"
    " refers to the table."
)
_REFUSED = (
    duckdb.ConstraintException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.InvalidInputException,
)
_MAY_PASS = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.TransactionException)
_HINTS: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.OutOfMemoryException, "Free some memory, and try again."),
    (duckdb.IOException, "Check that the disk works, and that it and your quota have free space."),
)

_UNREAD = (
    ("Corrupt database file", "Restore the file from a backup."),
    ("version number", "Install a version of the package duckdb that reads the file."),
)


def translate(error: duckdb.Error, *, place: str, loading: bool = False) -> SnapshotsError:
    """Translates an error of DuckDB; `place` is the file."""
    message = _sentence(error)
    if isinstance(error, duckdb.ConstraintException) or (loading and isinstance(error, _REFUSED)):
        refusal = RefusedRows(message, hint=_CORRECT)
        if message.startswith(_NO_PARENT) and "does not exist" in message:
            refusal.key = ""
        return refusal
    hint = next((hint for kind, hint in _HINTS if isinstance(error, kind)), "")
    return TargetError(
        f"DuckDB: {message}",
        place=place if hint else "",
        hint=hint,
        retryable=isinstance(error, _MAY_PASS),
    )


def cannot_connect(error: duckdb.Error, place: str) -> CannotConnect:
    """Translates an error of DuckDB that has prevented a session."""
    message = _sentence(error)
    if held := _HELD.search(message):
        return CannotConnect(
            f"Process {held[1]} has the file open. DuckDB lets one process use a file at a time.",
            place=place,
            hint="Try again when that process has ended.",
            retryable=True,
        )
    if "not a valid DuckDB database file" in message:
        return no_database(place)
    if "different configuration" in message:
        return CannotConnect(
            "This process has opened the file with other settings.",
            place=place,
            hint="Close the other connections, or open them without settings.",
        )
    hint = next(
        (hint for words, hint in _UNREAD if words in message),
        "Check the permissions of the file and of its folder.",
    )
    return CannotConnect(f"DuckDB: {message}", place=place, hint=hint)


def no_database(place: str) -> CannotConnect:
    """The error for a file of another kind."""
    return CannotConnect(
        "The file is not a DuckDB database.",
        place=place,
        hint="Name another file; a file that does not exist will be created.",
    )


def locked(place: str) -> TargetError:
    """The error for a file that another session of this process keeps from being written."""
    return TargetError(
        "Another transaction of this process is writing to the file.",
        place=place,
        hint="Try again after it has ended.",
        retryable=True,
    )


def _sentence(error: duckdb.Error) -> str:
    """The first line of a message, without the name of its kind."""
    return _PREFIX.sub("", str(error).strip().partition("\n")[0])
