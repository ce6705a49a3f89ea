"""The ledger's tables: made where they are missing, refused where they are too new."""

from __future__ import annotations

import time
from importlib.resources import files

from snapshots.errors import LedgerError, SnapshotsError
from snapshots.model import TableName
from snapshots.ports import Session, Target

VERSION = 1
RACE_SECONDS = 5.0
TABLES = frozenset(
    {"snapshots_imports", "snapshots_chunks", "snapshots_rejects", "snapshots_version"}
)
_MARKS = "\"'`[] \t\r\n\v\f\0\xa0"


def is_ledgers(name: str) -> bool:
    """Whether a table's name, without its schema, is one of the ledger's, or reads like one.

    Databases differ in whether case and blanks at the end count, and in how names are quoted.
    No user needs a table that another database would take for the ledger's.
    """
    # A Turkish capital is the one letter whose small one in MySQL is not Python's.
    folded = name.partition("\0")[0].replace("\u0130", "i").casefold()
    return folded.strip(_MARKS) in TABLES


def exists(target: Target, session: Session) -> bool:
    """Whether the database has a ledger that this version can use.

    Raises LedgerError where a newer version of this program made it.
    """
    if target.inspect(session, TableName("snapshots_version")) is None:
        return False
    rows = session.execute("SELECT version FROM snapshots_version")
    if not rows:
        return False
    if rows[0][0] != VERSION:
        raise LedgerError(
            f"the ledger in {target.display()} has version {rows[0][0]!r}; "
            f"this program knows version {VERSION}",
            hint="use the version of snapshots that wrote it, or a newer one",
        )
    return True


def ensure(target: Target, session: Session) -> None:
    """Makes the ledger's tables where they are missing. Safe to call from several processes."""
    if exists(target, session):
        return
    until = time.monotonic() + RACE_SECONDS
    while True:
        try:
            _create(target, session)
        except SnapshotsError:
            # Another process may be making them at this moment, and some databases report that
            # as an error even with IF NOT EXISTS.
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
            if not exists(target, session):
                continue
        return


def _create(target: Target, session: Session) -> None:
    script = files("snapshots.ledger").joinpath("sql", f"{target.name}.sql").read_text("utf-8")
    for statement in _statements(script):
        session.execute(statement)
    if not session.execute("SELECT version FROM snapshots_version"):
        session.execute("INSERT INTO snapshots_version (version) VALUES (?)", (VERSION,))


def _statements(script: str) -> list[str]:
    lines = (line for line in script.splitlines() if not line.startswith("--"))
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]
