"""Translates the errors of SQLite into those of this package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import CannotConnect, ContractError, RefusedRows, SnapshotsError, TargetError
from snapshots.targets.sql.database_file import forbidden

if TYPE_CHECKING:
    from snapshots._native import SqliteError

BUSY, _LOCKED, _NO_MEMORY, _READ_ONLY, _INTERRUPTED = 5, 6, 7, 8, 9
_IO, _CORRUPT, _FULL = 10, 11, 13
_CANNOT_OPEN, _TOO_BIG, _CONSTRAINT, _MISMATCH, _NOT_A_DATABASE = 14, 18, 19, 20, 26

NO_PARENT = "FOREIGN KEY constraint failed"

_REFUSED = {_TOO_BIG, _CONSTRAINT, _MISMATCH}
_SENTENCES = {
    BUSY: "The file is locked by another program.",
    _LOCKED: "The table is locked by another program.",
    _READ_ONLY: "The file cannot be written.",
    _INTERRUPTED: "The statement was interrupted.",
    _NO_MEMORY: "There is not enough memory.",
    _IO: "Reading or writing the disk failed.",
    _CORRUPT: "The file is damaged.",
    _FULL: "The disk is full.",
    _CANNOT_OPEN: "The file cannot be opened.",
    _NOT_A_DATABASE: "The file is not a SQLite database.",
}
_HINTS = {
    BUSY: "Try again after the other program has ended its transaction.",
    _LOCKED: "Try again after the other program has ended its transaction.",
    _READ_ONLY: "Check the permissions of the file and of its folder.",
    _NO_MEMORY: "Free some memory, and try again.",
    _IO: "Check that the disk works, and that it and your quota have free space.",
    _CORRUPT: "Restore it from a backup, or try the .recover command of the sqlite3 shell.",
    _FULL: "Free space on the disk.",
    _CANNOT_OPEN: "Check the permissions of the file and of its folder.",
    _NOT_A_DATABASE: "Name another file; a file that does not exist will be created.",
}


def translate(error: SqliteError, *, place: str, loading: bool = False) -> SnapshotsError:
    """Translates an error of SQLite; `place` is the file."""
    message, code = str(error.args[0]), error.args[1]
    if code == _CONSTRAINT or (loading and code in _REFUSED):
        refusal = RefusedRows(message)
        if message == NO_PARENT:
            refusal.key = ""
        return refusal
    if message.startswith(("too many columns", "duplicate column name")):
        return ContractError(f"SQLite cannot create this table: {message}")
    known = _SENTENCES.get(code)
    return TargetError(
        f"{known[:-1]} ({message})" if known else f"SQLite: {message}",
        place=place if known else "",
        hint=_HINTS.get(code, ""),
        retryable=code in {BUSY, _LOCKED, _IO, _FULL},
    )


def locked(place: str) -> TargetError:
    """The error for a file that another session of this process keeps locked."""
    return TargetError(_SENTENCES[BUSY], place=place, hint=_HINTS[BUSY], retryable=True)


def cannot_connect(error: SqliteError, place: str) -> CannotConnect:
    """Translates an error of SQLite that has prevented a session."""
    found = translate(error, place=place)
    if error.args[1] == _CANNOT_OPEN:
        # SQLite names the file again, and no reason.
        found.message = forbidden(Path(place)) or _SENTENCES[_CANNOT_OPEN]
    return CannotConnect(found.message, place=place, hint=found.hint, retryable=found.retryable)
