"""The ledger's tables: made where they are missing, migrated where they are older.

A migration is a file `sql/TARGET/NNNN_NAME.sql`; the ledger's version is the number of the last
one. A statement of a later file than the first adds one column, or makes what is not there:
MySQL commits each by itself, so that one which was interrupted is run again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files

from snapshots.errors import ImportBusy, LedgerDamaged, LedgerError, SnapshotsError, TargetError
from snapshots.ledger.times import seconds_between
from snapshots.model import TableName
from snapshots.ports import Session, Target

VERSION = 4
RACE_SECONDS = 5.0
TABLES = frozenset(
    f"snapshots_{name}" for name in ("version", "imports", "chunks", "rejects", "verifications")
)
ROW_LOCK = {"postgres": " FOR UPDATE", "mysql": " FOR UPDATE", "sqlite": ""}
"""From a look at a row to what follows from it; a transaction of SQLite has the whole file."""

Alive = Callable[[str | None, float], bool]
"""Whether the owner of an import may still be at work, by its name and seconds of silence."""

_VERSION = TableName("snapshots_version")
_IMPORTS = TableName("snapshots_imports")
_ADDS = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) ")
_MYSQL_LOCK_SECONDS = 60
_KNOWS_CREATED = 3
LOADED = """
SELECT id FROM (
    SELECT MAX(id) AS id FROM snapshots_imports
    WHERE kind = 'import' AND plan <> ''
          AND (loaded > 0 OR id IN (SELECT import_id FROM snapshots_chunks WHERE loaded > 0))
    GROUP BY table_name
) AS newest
"""
"""Of each table that holds rows of imports the newest of these. An older ledger does not know which
imports have created their tables: these count as such."""
_LOADED_COUNT_AS_CREATED = (
    "UPDATE snapshots_imports SET created_table = ''"
    f" WHERE created_table IS NULL AND id IN ({LOADED})"
)
"""Before the version is written, and so that nothing changes where it is run again."""
_MARKS = "\"'`[] \t\r\n\v\f\0\xa0"


def is_ledgers(name: str) -> bool:
    """Whether a table's name, without its schema, is one of the ledger's, or reads like one.

    Databases differ in whether case and blanks at the end count, and in how names are quoted.
    No user needs a table that another database would take for the ledger's.
    """
    # A Turkish capital is the one letter whose small one in MySQL is not Python's.
    folded = name.partition("\0")[0].replace("\u0130", "i").casefold()
    return folded.strip(_MARKS) in TABLES


def version(target: Target, session: Session) -> int | None:
    """The version of this database's ledger; None where it has none.

    Raises LedgerError where a newer program made it, LedgerDamaged where its version is lost.
    """
    there = target.inspect(session, _VERSION) is not None
    if not there or not session.execute("SELECT 1 FROM snapshots_version"):
        _require_no_imports(target, session)
        return None
    return read_version(target, session)


def read_version(target: Target, session: Session, lock: str = "") -> int:
    """The version of a ledger that is there; with a lock, nobody else gets it until the
    transaction ends.

    Raises LedgerError where a newer program made it, LedgerDamaged where its version is lost.
    """
    rows = session.execute(f"SELECT version FROM snapshots_version{lock}")
    found = rows[0][0] if len(rows) == 1 else None
    where = target.display()
    if not isinstance(found, int) or found < 1:
        raise LedgerDamaged(
            f"snapshots_version in {where} does not hold the version of the ledger",
            hint=_RESTORE,
        )
    if found > VERSION:
        raise LedgerError(
            f"the ledger in {where} has version {found}; this program knows versions up to"
            f" {VERSION}",
            hint="a newer snapshots has migrated it: upgrade this one",
        )
    return found


def make(target: Target, session: Session) -> int:
    """Makes the ledger's tables where they are missing; the version of the ledger that is there.

    Safe to call from several processes.
    """
    if (found := version(target, session)) is not None:
        return found
    until = time.monotonic() + RACE_SECONDS
    while True:
        try:
            for number in range(1, VERSION + 1):
                _carry_out(target, session, number)
            if not session.execute("SELECT version FROM snapshots_version"):
                session.execute("INSERT INTO snapshots_version (version) VALUES (?)", (VERSION,))
        except SnapshotsError:
            # Another process may be making them at this moment, and some databases report that
            # as an error even with IF NOT EXISTS.
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
            if version(target, session) is None:
                continue
        return version(target, session) or VERSION


def migrate(target: Target, session: Session, alive: Alive) -> int | None:
    """Brings an older ledger to this program's version; the version that it had before, or None
    where another process was faster.

    Raises ImportBusy while an import of the older program is being worked on.
    """
    with _alone(target, session):
        found = read_version(target, session, ROW_LOCK[target.name])
        if found == VERSION:
            return None
        _require_nobody_at_work(target, session, alive)
        for number in range(found + 1, VERSION + 1):
            _carry_out(target, session, number)
        if found < _KNOWS_CREATED:
            session.execute(_LOADED_COUNT_AS_CREATED)
        session.execute("UPDATE snapshots_version SET version = ?", (VERSION,))
    return found


def _require_no_imports(target: Target, session: Session) -> None:
    """Raises LedgerDamaged where a ledger holds imports and no version."""
    if target.inspect(session, _IMPORTS) is None:
        return
    if session.execute("SELECT 1 FROM snapshots_imports LIMIT 1"):
        raise LedgerDamaged(
            f"the ledger in {target.display()} has imports, and snapshots_version is empty or"
            " missing",
            hint=_RESTORE,
        )


_RESTORE = (
    "restore the table snapshots_version from a backup: it has one row, with the version of the"
    f" ledger ({VERSION} if this version of snapshots wrote it last)"
)


@contextmanager
def _alone(target: Target, session: Session) -> Iterator[None]:
    """For one process at a time; one transaction, where the database has such for its tables."""
    if target.name != "mysql":
        with session.transaction():
            yield
        return
    name = "CONCAT('snapshots ', LEFT(MD5(DATABASE()), 32))"
    got = session.execute(f"SELECT GET_LOCK({name}, {_MYSQL_LOCK_SECONDS})")
    if got != [(1,)]:
        raise TargetError("another process is migrating the ledger", retryable=True)
    try:
        yield
    finally:
        session.execute(f"SELECT RELEASE_LOCK({name})")


def _require_nobody_at_work(target: Target, session: Session, alive: Alive) -> None:
    rows = session.execute(
        f"SELECT id, owner, heartbeat_at, {target.now_sql()} AS now_at FROM snapshots_imports"
        " WHERE state = 'running' ORDER BY id"
    )
    for import_id, owner, heartbeat, now in rows:
        name = None if owner is None else str(owner)
        if alive(name, seconds_between(str(heartbeat), str(now))):
            raise ImportBusy(
                f"the ledger cannot be migrated yet: an older snapshots is working on import"
                f" {import_id!s}, as {name} (host:process:start)",
                place=target.display(),
                hint="wait until it has ended, or stop that process; then run this again",
                retryable=True,
            )


def adds_a_column(statement: str) -> re.Match[str] | None:
    """The table and the column that a statement adds."""
    return _ADDS.match(statement)


def _carry_out(target: Target, session: Session, number: int) -> None:
    for statement in statements(target.name, number):
        adds = adds_a_column(statement)
        if adds:
            shape = target.inspect(session, TableName(adds[1]))
            if shape is not None and adds[2] in {column.name for column in shape.columns}:
                continue
        session.execute(statement)


def statements(name: str, number: int) -> list[str]:
    """The statements of one migration of one kind of target."""
    folder = files("snapshots.ledger").joinpath("sql", name)
    (script,) = (file for file in folder.iterdir() if file.name.startswith(f"{number:04d}_"))
    lines = (line for line in script.read_text("utf-8").splitlines() if not line.startswith("--"))
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]
