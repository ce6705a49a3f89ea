"""Translates the errors of PostgreSQL and libpq into those of this package."""

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
    import psycopg

LONGEST = 500
"""How many characters of a server's message are kept: some messages repeat the whole row."""

_LOST = {"57P01", "57P02", "57P03", "57P05", "25P03"}
_REFUSED_CLASSES = {"22", "23", "44", "P0"}
_REFUSED = {"2D000", "42804", "54000"}
"""SQLSTATEs that refuse a row. 2D000: a trigger that would end the transaction."""
_BY_A_POLICY = "ExecWithCheckOptions"
"""The server's function that checks a row against the policies of its table."""
_CONSTRAINT = "23"
"""The class of constraints, which refuse a row whatever statement has written it."""
_NAMES = "42"
_IN_A_ROW = re.compile(r"COPY .*, line \d+, column ")
_FOREIGN_KEY = "23503"
_NOT_REFUSED = {"22P04"}
"""The COPY data is malformed: a defect, or a table that has changed, and never a row's fault."""
_PROTOCOL = "08P01"
"""Within a COPY a value has the wrong length; elsewhere the connection is of no use any more."""
_CONTRACT = {"54011", "42701", "42622"}
_RETRY = {"40001", "40P01", "55P03"}

_HINTS = {
    "25006": "The server is a read-only standby; use the primary server.",
    "3F000": "Create the schema, or name one that exists.",
    "428C9": "The database computes this column of the view: leave it out, or load into the table.",
    "42501": "Ask the database's owner for the right, for instance with GRANT.",
    "42P01": "The table was dropped a moment ago, or the search_path differs.",
    "53100": "Free space on the server's disk.",
    "53200": "The server is out of memory; try again with fewer --workers.",
    "53300": "Try again with fewer --workers, or raise max_connections.",
}

_CONNECT_HINTS = (
    ("resolve host", "Check the host name."),
    ("invalid connection option", "Use the options of libpq after the ?, such as sslmode."),
    (
        "password",
        "Set the user and password in the URL, in PGUSER and PGPASSWORD, or in ~/.pgpass.",
    ),
    ("pg_hba", "The server's pg_hba.conf does not allow this user to connect from this machine."),
    ("role", "Name a user that the server knows, in the URL or with PGUSER."),
    ("too many", "Try again later, with fewer --workers, or raise max_connections."),
    ("starting up", "Try again in a moment."),
    ("SSL", "Check sslmode in the URL, or PGSSLMODE."),
    ("service", "Check ~/.pg_service.conf."),
    ("local user with ID", "Name the user in the URL, user@host:port/database, or in PGUSER."),
)
_MISSING = "fe_sendauth: no password supplied"
_CONNECT_RETRY = (
    *("refused", "timeout", "timed out", "too many", "starting up", "shutting down"),
    # The server, or what lies between, has ended the connection before the session was open.
    *("closed", "reset", "EOF", "recovery mode", "not yet accepting", "Broken pipe"),
)


def translate(error: psycopg.Error, *, alive: bool, loading: bool = False) -> SnapshotsError:
    """Translates an error of psycopg. `alive` says whether the connection still works."""
    state = error.sqlstate or ""
    message = _sentence(error)
    if not alive or state in _LOST or (state[:2] == "08" and state != _PROTOCOL):
        return ConnectionLost(
            f"The connection with PostgreSQL was lost: {message}",
            hint="Try again when the server is available.",
            retryable=True,
        )
    if state[:2] == _CONSTRAINT:
        refusal = RefusedRows(message)
        if state == _FOREIGN_KEY:
            refusal.key = error.diag.constraint_name
        return refusal
    if loading and state not in _NOT_REFUSED:
        refused = state[:2] in _REFUSED_CLASSES or state in _REFUSED or state == _PROTOCOL
        # A policy and a missing right have one number; the sentence may be in any language.
        refused = refused or error.diag.source_function == _BY_A_POLICY
        # regclass and its like look a name up: there is no such object, says a row's own value.
        named = state[:2] == _NAMES and _IN_A_ROW.match(error.diag.context or "")
        if refused or named:
            return RefusedRows(message)
    if state in _CONTRACT:
        return ContractError(f"PostgreSQL cannot create this table: {message}")
    return TargetError(
        f"PostgreSQL: {message}",
        hint=_HINTS.get(state, ""),
        retryable=state in _RETRY or state.startswith("53"),
    )


def cannot_connect(error: psycopg.Error, place: str) -> CannotConnect:
    """Translates an error that has prevented a session; libpq gives a message, and no code."""
    message = _sentence(error)
    if _MISSING in message:
        message = "A password is missing."
    hint = next((hint for word, hint in _CONNECT_HINTS if word in message), "")
    return CannotConnect(
        without_secrets(message),
        place=place,
        hint=hint or "Check that the server runs, and check the host and port.",
        retryable=any(word in message for word in _CONNECT_RETRY),
    )


def _sentence(error: psycopg.Error) -> str:
    text = error.diag.message_primary or " ".join(str(error).split())
    text = text.removeprefix("connection failed: ").partition(" Is the server running")[0]
    if error.diag.message_detail:
        text = f"{text}: {error.diag.message_detail}"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
