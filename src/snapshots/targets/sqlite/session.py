"""One connection with a SQLite file."""

# ruff: noqa: D102 - ports.Session says what each method does

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from snapshots._native import SqliteConnection, SqliteError, SqliteQuery
from snapshots.errors import RefusedAndEnded, SnapshotsError
from snapshots.targets.sql.ddl import quoted
from snapshots.targets.sql.file_session import FileSession
from snapshots.targets.sqlite.deferred import DeferredChanges, DeferredKeys, has_deferred_keys
from snapshots.targets.sqlite.errors import BUSY, locked, translate
from snapshots.time_limits import WRITER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from snapshots._native import Block
    from snapshots.model import TableName
    from snapshots.ports import ResultRows, RowStream, Value

_BUSY_MILLISECONDS = 1000 * WRITER_SECONDS
_CACHE_KIB = 16 * 1024
_PAGE_BYTES = 16 * 1024
"""Of a file that is made here: rows of a bulk load fill large pages, in a quarter of the writes."""


class SqliteSession(FileSession):
    """See `ports.Session`."""

    # Who begins as a reader may find, too late, that another has written meanwhile.
    begin: ClassVar[str] = "BEGIN IMMEDIATE"
    driver_error = SqliteError
    _connection: SqliteConnection

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        new = not path.exists() or path.stat().st_size == 0
        self._changes: DeferredChanges | None = None
        self._deferred_keys: dict[TableName, DeferredKeys | None] = {}
        self._connection = SqliteConnection(str(path), _BUSY_MILLISECONDS)
        try:
            if new:
                self._connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
                self._use_wal()
            ((mode,),) = self._connection.execute("PRAGMA journal_mode")
            if mode == "wal":
                # A power cut may lose the last commits of a WAL with this setting, never
                # consistency: ledger and rows are lost together, and the import resumes.
                self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._connection.execute("PRAGMA foreign_keys = ON")
        except SqliteError:
            self._connection.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._cancelled, self._changes = False, None
        turn = self._turns.mine(
            _BUSY_MILLISECONDS / 1000, lambda: self._cancelled, lambda: locked(self._place)
        )
        with turn, super().transaction():
            yield

    def _use_wal(self) -> None:
        """Tries again while another is about to do the same: SQLite itself does not wait here."""
        until = time.monotonic() + _BUSY_MILLISECONDS / 1000
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except SqliteError as error:
                if error.args[1] != BUSY or time.monotonic() > until:
                    raise
            time.sleep(0.005)

    def command(self, sql: str) -> None:
        with self._errors():
            self._connection.execute(sql)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        with self._errors():
            return self._connection.execute(sql, params)

    def change(self, sql: str, params: Sequence[Value] = ()) -> int:
        with self._errors():
            self._changes = self._changes or DeferredChanges(self._connection)
            deferred = self._changes.begin(sql)
        with self._errors(loading=True):
            self._connection.execute(sql, params)
            ((changed,),) = self._connection.execute("SELECT changes()")
        if deferred:
            with self._errors():
                self._changes.check()
        return cast("int", changed)

    def stream(self, sql: str, params: Sequence[Value] = ()) -> RowStream:
        with self._errors():
            query = SqliteQuery(self._place, sql, params, _BUSY_MILLISECONDS)
        try:
            while True:
                with self._errors():
                    rows = query.fetch()
                if not rows:
                    return
                yield rows
        finally:
            query.close()

    def executemany(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        with self._errors():
            self._connection.executemany(sql, rows)

    def insert(
        self, table: TableName, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> None:
        names = ", ".join(quoted(name, '"') for name in columns)
        marks = ", ".join("?" for _ in columns)
        into = quoted(table.name, '"')
        self.executemany(f"INSERT INTO {into} ({names}) VALUES ({marks})", rows)

    def load(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        into = quoted(table.name, '"')
        names = ", ".join(quoted(name, '"') for name in columns)
        places = ", ".join("?" * len(columns))
        # ABORT overrules a table that would rather ignore or replace rows in a conflict.
        statement = f"INSERT OR ABORT INTO {into} ({names}) VALUES ({places})"
        deferred = self._deferred(table)
        given = stored = 0
        for block in blocks:
            try:
                with self._errors(loading=True):
                    inserted = self._connection.insert(statement, block)
            except RefusedAndEnded as refusal:
                refusal.taken = given + self._connection.taken
                raise
            # Fewer only where a trigger has left rows out: the statement itself skips none.
            stored += inserted
            given += block.loaded
        if deferred:
            with self._errors(loading=True):
                deferred.check(stored)
        return given

    def _deferred(self, table: TableName) -> DeferredKeys | None:
        """The table's deferred foreign keys, ready for a load."""
        with self._errors():
            if table not in self._deferred_keys:
                found = has_deferred_keys(self._connection, table.name)
                keys = DeferredKeys(self._connection, table.name) if found else None
                self._deferred_keys[table] = keys
            known = self._deferred_keys[table]
            if known:
                known.begin()
            return known

    def lives(self) -> bool:
        return self._connection.in_transaction

    def translate(self, error: Any, *, loading: bool) -> SnapshotsError:
        return translate(error, place=self._place, loading=loading)
