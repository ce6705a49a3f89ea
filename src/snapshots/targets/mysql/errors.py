"""Translates the errors of MySQL, MariaDB and PyMySQL into those of this package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.errors import (
    CannotConnect,
    ConnectionLost,
    ContractError,
    RefusedRows,
    SnapshotsError,
    TargetError,
)
from snapshots.redaction import without_secrets

if TYPE_CHECKING:
    import pymysql

LONGEST = 500
"""How many characters of a server's message are kept: some messages repeat the value."""

UNKNOWN_DATABASE = 1049
NOT_ALLOWED = 1044
UNKNOWN_STATEMENT = {1064, 1105}
"""Errors of a server that does not know a statement; Dolt's only number for nearly all errors."""
_LOST = {1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 4031}
_REFUSED_CLASSES = ("22", "23", "45")
_REFUSED = {
    *(1264, 1265, 1364, 1366, 1369, 1406, 1411, 1526, 1712, 1748, 3140, 3819, 4025),
    # What a trigger says or does: SIGNAL with any state, and what would end the transaction.
    *(1336, 1422, 1445, 1643, 1644),
}
_CONSTRAINT = {1022, 1048, 1062, 1169, 1216, 1217, 1451, 1452, 1557, 1586, 3819, 4025}
"""Errors of constraints, which refuse a row whatever statement has written it."""
_NO_PARENT = {1216, 1452}
_KEY = re.compile(r"CONSTRAINT `((?:[^`]|``)+)` FOREIGN KEY")
_CONTRACT = {1059, 1060, 1071, 1103, 1117, 1118, 1166, 1170, 1300}
_CANNOT_CREATE = 1005
_UNFIT = re.compile(r"errno: (139|185)\b")
"""InnoDB's messages for a row that is too long, and for too many columns."""
_DISK_FULL = 1021
_NO_DISK_SPACE = re.compile(r"\b(?:Errcode|errno): 28\b")
"""The operating system's error number for a full disk, as it stands in a server's message. The
server's own number for it differs."""
_RETRY = {1020, _DISK_FULL, 1040, 1041, 1114, 1203, 1205, 1213, 3572}

_VIEW = "The view does not map to one table. Name its base table with --table."
_HINTS = {
    _DISK_FULL: "Free space on the server's disk.",
    1040: "Try again with fewer --workers, or raise max_connections.",
    1041: "The server is out of memory; try again with fewer --workers.",
    NOT_ALLOWED: "Ask the database's administrator for the right, for instance with GRANT.",
    1114: "Free space on the server's disk.",
    1142: "Ask the database's administrator for the right, for instance with GRANT.",
    1143: "Ask the database's administrator for the right, for instance with GRANT.",
    1203: "Try again with fewer --workers, or raise max_user_connections.",
    1205: "Another transaction has held a lock for too long; try again after it has ended.",
    1290: "The server is read-only or restricted; use the primary server.",
    **dict.fromkeys((1348, 1393, 1394, 1471), _VIEW),
    1836: "The server is read-only; use the primary server.",
}

_DENIED = 1045
_CONNECT_HINTS = {
    1040: "Try again later, with fewer --workers, or raise max_connections.",
    NOT_ALLOWED: "Create the database, or GRANT the user access to it.",
    _DENIED: "Set the user and password in the URL, in MYSQL_USER and MYSQL_PWD, or in ~/.my.cnf.",
    1130: "The server does not accept connections from this machine: check the host part of its"
    " accounts.",
    1698: "This account can log in only by the server's socket: add ?unix_socket=PATH to the URL.",
    2003: "Check that the server runs, and check the host and port.",
    2026: "Check ssl_ca and ssl_disabled in the URL.",
}


def translate(error: pymysql.err.Error, *, alive: bool, loading: bool = False) -> SnapshotsError:
    """Translates an error of PyMySQL. `alive` says whether the connection still works."""
    code, message = _parts(error)
    if not alive or code in _LOST:
        return ConnectionLost(
            f"The connection with MySQL was lost: {message or 'it is closed'}",
            hint="Try again when the server is available.",
            retryable=True,
        )
    state = getattr(error, "sqlstate", None) or ""
    if code in _CONSTRAINT or (loading and (code in _REFUSED or state[:2] in _REFUSED_CLASSES)):
        refusal = RefusedRows(message)
        if code in _NO_PARENT:
            named = _KEY.search(message)
            refusal.key = named[1].replace("``", "`") if named else ""
        return refusal
    if code in _CONTRACT or (code == _CANNOT_CREATE and _UNFIT.search(message)):
        return ContractError(f"MySQL cannot create this table: {message}")
    if _NO_DISK_SPACE.search(message):
        code = _DISK_FULL
    return TargetError(f"MySQL: {message}", hint=_HINTS.get(code, ""), retryable=code in _RETRY)


def cannot_connect(error: Exception, place: str) -> CannotConnect:
    """Translates an error of PyMySQL that has prevented a session."""
    code, message = _parts(error)
    if code == _DENIED and "NO)" in message:
        # The rest of the sentence may be in any language; this is "(using password: NO)".
        message = "A password is missing."
    return CannotConnect(
        without_secrets(message),
        place=place,
        hint=_CONNECT_HINTS.get(code, "Check the URL, and check that the server runs."),
        retryable=code in _RETRY or code in {2003, *_LOST},
    )


def code_of(error: Exception) -> int:
    """Returns the number that MySQL gives an error; 0 if it has none."""
    return _parts(error)[0]


def _parts(error: Exception) -> tuple[int, str]:
    if len(error.args) > 1 and isinstance(error.args[0], int):
        code, message = error.args[0], str(error.args[1])
    else:
        code, message = 0, str(error)
    message = " ".join(message.split())
    return code, message if len(message) <= LONGEST else f"{message[:LONGEST]}..."
