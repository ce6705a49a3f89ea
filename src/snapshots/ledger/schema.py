"""Creates the ledger's tables where they are missing, and migrates older ones.

A migration is a file `NNNN_NAME.sql` in the folder that `SqlDialect.ledger_scripts` names; the
ledger's version is the number of the last file. Each statement of a later file than the first adds
one column or an index, or creates what does not exist yet. Some databases commit such a statement
by itself, so that an interrupted migration must be able to run again from its beginning.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from snapshots.errors import ImportBusy, LedgerDamaged, LedgerError, SnapshotsError, TargetError
from snapshots.ledger.times import seconds_between
from snapshots.model import TableName

if TYPE_CHECKING:
    from snapshots.ports import ResultRows, Session, Target
    from snapshots.sql_dialect import SqlDialect

VERSION = 13
"""The version that this program reads and writes."""
RACE_SECONDS = 5.0
"""How long `make` tries again while other processes create the same tables."""
TABLES = frozenset(
    f"snapshots_{name}"
    for name in (
        "version",
        "imports",
        "chunks",
        "rejects",
        "verifications",
        "kept_rows",
        "replays",
        "corrections",
        "contracts",
        "links",
        "destinations",
        "sent_rows",
        "answers",
        "quotas",
    )
)

STAGE_PREFIX = "snapshots_stage_"
"""How the names of stages begin: tables in which rows wait until they are published."""
UNDO_PREFIX = "snapshots_undo_"
"""How the names of undo tables begin: they keep the rows that an import has changed or deleted."""

Alive = Callable[[str | None, float], bool]
"""Tells whether the owner of an import may still be working. Takes the owner's name
(`host:process:start`, or None) and the seconds since its last heartbeat."""

_VERSION = TableName("snapshots_version")
_IMPORTS = TableName("snapshots_imports")
_ADDS = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) ")
_MAKES_INDEX = re.compile(r"CREATE INDEX (\w+) ON (\w+) ")
_HAS_INDEX = (
    "SELECT 1 FROM information_schema.statistics"
    " WHERE table_schema = DATABASE() AND index_name = ? AND table_name = ?"
)
"""For databases in which CREATE INDEX has no IF NOT EXISTS."""
_KNOWS_CREATED = 3
LOADED = """
SELECT id FROM (
    SELECT MAX(id) AS id FROM snapshots_imports
    WHERE kind = 'import' AND plan <> ''
          AND (loaded > 0 OR id IN (SELECT import_id FROM snapshots_chunks WHERE loaded > 0))
    GROUP BY table_name
) AS newest
"""
"""Selects the newest import of each table that holds rows of imports. A ledger of version 2 does
not know which imports have created their tables: a migration counts these as the creators."""
_LOADED_COUNT_AS_CREATED = (
    "UPDATE snapshots_imports SET created_table = ''"
    f" WHERE created_table IS NULL AND id IN ({LOADED})"
)
"""Runs before the new version is written. It changes nothing when it runs again."""
_MARKS = "\"'`[] \t\r\n\v\f\0\xa0"


def is_ledgers(name: str) -> bool:
    """Whether a table's name is one of the ledger's, or would be one on some database.

    `name` has no schema. Databases differ in whether case and blanks at the end count, and in how
    they quote names: `is_ledgers("Snapshots_Chunks ")` is True as well. No user needs such a table.
    """
    # A Turkish capital is the one letter that a server may fold in another way than Python.
    folded = name.partition("\0")[0].replace("\u0130", "i").casefold()
    bare = folded.strip(_MARKS)
    return bare in TABLES or bare.startswith((STAGE_PREFIX, UNDO_PREFIX))


def version(target: Target, session: Session) -> int | None:
    """Returns the version of this database's ledger, or None if the database has no ledger.

    Raises LedgerError if a newer program made the ledger, and LedgerDamaged if it has imports but
    its version is lost.
    """
    there = target.inspect(session, _VERSION) is not None
    if not there or not session.execute("SELECT 1 FROM snapshots_version"):
        _require_no_imports(target, session)
        return None
    return read_version(target, session)


def read_version(target: Target, session: Session, lock: str = "") -> int:
    """Returns the version of a ledger that exists.

    `lock` ends the SELECT: with `SqlDialect.row_lock` nobody else gets past this call until the
    transaction ends. Raises LedgerError if a newer program made the ledger, and LedgerDamaged if
    its version is lost.
    """
    return version_of(target, session.execute(f"SELECT version FROM snapshots_version{lock}"))


def version_of(target: Target, rows: ResultRows) -> int:
    """The version in the rows of snapshots_version, as its first column.

    Raises LedgerError where a newer program made it, LedgerDamaged where its version is lost.
    """
    found = rows[0][0] if len(rows) == 1 else None
    where = target.display()
    if not isinstance(found, int) or found < 1:
        raise LedgerDamaged(
            f"the table snapshots_version in {where} does not have the version of the ledger",
            hint=_RESTORE,
        )
    if found > VERSION:
        raise LedgerError(
            f"the ledger in {where} has version {found}; this program supports versions up to"
            f" {VERSION}",
            hint="a newer release of snapshots has migrated it: upgrade snapshots",
        )
    return found


def make(target: Target, session: Session) -> int:
    """Creates the ledger's tables if the database has none, and returns the ledger's version.

    An older ledger stays as it is: `migrate` changes it. Several processes may call this at once.
    """
    if (found := version(target, session)) is not None:
        return found
    until = time.monotonic() + RACE_SECONDS
    while True:
        try:
            # Nobody writes to a ledger while others still alter its tables.
            with _alone(target, session):
                if version(target, session) is None:
                    for number in range(1, VERSION + 1):
                        _carry_out(target, session, number)
                    session.execute(
                        "INSERT INTO snapshots_version (version) VALUES (?)", (VERSION,)
                    )
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
    """Brings an older ledger to this program's version.

    Returns the version that the ledger had before, or None if another process has migrated it
    meanwhile. Raises ImportBusy while an older program is working on an import.
    """
    with _alone(target, session):
        found = read_version(target, session, target.dialect.row_lock)
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
    if session.execute(f"SELECT 1 FROM snapshots_imports{target.dialect.limit(1)}"):
        raise LedgerDamaged(
            f"the ledger in {target.display()} has imports, but its table snapshots_version is"
            " empty or missing",
            hint=_RESTORE,
        )


_RESTORE = (
    "restore the table snapshots_version from a backup: it has one row, the version of the ledger"
    f" ({VERSION} if this release of snapshots wrote it last)"
)


@contextmanager
def _alone(target: Target, session: Session) -> Iterator[None]:
    """Lets one process at a time run the block, in a transaction if the database has such for
    CREATE and ALTER TABLE."""
    lock = target.dialect.migration_lock
    if lock is None:
        with session.transaction():
            yield
        return
    if session.execute(lock.take) != [(1,)]:
        raise TargetError("another process is migrating the ledger", retryable=True)
    try:
        yield
    finally:
        session.execute(lock.release)


def _require_nobody_at_work(target: Target, session: Session, alive: Alive) -> None:
    rows = session.execute(
        f"SELECT id, owner, heartbeat_at, {target.dialect.now} AS now_at FROM snapshots_imports"
        " WHERE state = 'running' ORDER BY id"
    )
    for import_id, owner, heartbeat, now in rows:
        name = None if owner is None else str(owner)
        if alive(name, seconds_between(str(heartbeat), str(now))):
            raise ImportBusy(
                "the ledger cannot be migrated yet: an older release of snapshots is running"
                f" import {import_id!s}, as process {name} (host:process:start)",
                place=target.display(),
                hint="wait until it ends, or stop that process; then run this again",
                retryable=True,
            )


def adds_a_column(statement: str) -> re.Match[str] | None:
    """Matches a statement that adds a column; its groups are the table and the column."""
    return _ADDS.match(statement)


def makes_an_index(statement: str) -> re.Match[str] | None:
    """Matches a statement that makes an index, also of a name that is taken; its groups are the
    index and the table."""
    return _MAKES_INDEX.match(statement)


def _carry_out(target: Target, session: Session, number: int) -> None:
    for statement in statements(target.dialect, number):
        adds = adds_a_column(statement)
        if adds:
            shape = target.inspect(session, TableName(adds[1]))
            if shape is not None and adds[2] in {column.name for column in shape.columns}:
                continue
        makes = makes_an_index(statement)
        if makes and session.execute(_HAS_INDEX, makes.groups()):
            continue
        session.execute(statement)


def statements(dialect: SqlDialect, number: int) -> list[str]:
    """Returns the statements of the migration to one version, in their order.

    There are none before the version with which a target's own ledgers begin.
    """
    lines = [
        line
        for script in dialect.ledger_scripts.iterdir()
        if script.name.startswith(f"{number:04d}_")
        for line in script.read_text("utf-8").splitlines()
        if not line.startswith("--")
    ]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]
