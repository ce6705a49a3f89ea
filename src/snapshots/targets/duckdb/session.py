"""One connection with a DuckDB file.

All connections of a process share one database, and no other process can open its file. DuckDB
takes several writers, and ends a transaction that has changed a row which another one changed
meanwhile. So those that write take turns, and none begins before the one ahead has ended.
"""

# ruff: noqa: D102 - ports.Session says what each method does

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb

from snapshots._native import ArrowRows
from snapshots.errors import RefusedAndEnded, RefusedRows, SnapshotsError, TargetError
from snapshots.targets.duckdb.block_load import BlockLoad
from snapshots.targets.duckdb.errors import locked, translate
from snapshots.targets.duckdb.quoting import quote
from snapshots.targets.duckdb.table_constraints import table_constraints
from snapshots.targets.duckdb.values import plain
from snapshots.targets.sql.file_session import FileSession
from snapshots.time_limits import WRITER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from snapshots._native import Block
    from snapshots.model import TableName
    from snapshots.ports import ResultRows, RowStream, Value

_SETTINGS = """
SET TimeZone = 'UTC';
SET autoinstall_known_extensions = false;
"""
"""So that a value means the same everywhere, and nothing is fetched from the network."""
_READS = ("SELECT", "WITH", "EXPLAIN", "FROM", "PRAGMA")
_ENDS = ("COMMIT", "ROLLBACK", "ABORT", "END")
_ROWS_AT_ONCE = 100
_INSERTED_AT_ONCE = 5000


class DuckdbSession(FileSession):
    """See `ports.Session`."""

    begin: ClassVar[str] = "BEGIN TRANSACTION"
    driver_error = duckdb.Error
    _connection: duckdb.DuckDBPyConnection

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._lives = False
        """A transaction has begun, and no error has ended it."""
        self._changes = 0
        """How many statements may have changed something."""
        self._loads: dict[tuple[TableName, tuple[str, ...]], BlockLoad] = {}
        self._connection = duckdb.connect(self._place)
        self._connection.execute(_SETTINGS)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._loads = {}
        with self._turn():
            try:
                with super().transaction():
                    yield
            finally:
                self._lives = False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._cancelled = False
        with self._turns.mine(WRITER_SECONDS, lambda: self._cancelled, lambda: locked(self._place)):
            yield

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """DuckDB has none: what a block has changed is undone with the whole transaction."""
        self._depth += 1
        before = self._changes
        try:
            yield
        except BaseException as error:
            if self._lives and self._changes != before:
                self._lives = False
                self._ended_by = self._ended_by or _undone(error)
                if isinstance(error, RefusedRows) and not isinstance(error, RefusedAndEnded):
                    raise RefusedAndEnded(
                        error.message, hint=error.hint, place=error.place
                    ) from error
            raise
        finally:
            self._depth -= 1

    def command(self, sql: str) -> None:
        with self._errors():
            self._connection.execute(sql)
        self._lives = sql == self.begin

    def execute(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        with self._errors():
            return self._run(sql, params)

    def _run(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        reads = sql.lstrip(" \n(").upper().startswith(_READS)
        if reads or self._lives:
            return self._rows(sql, params, reads=reads)
        with self._turn():
            return self._rows(sql, params, reads=reads)

    def _rows(self, sql: str, params: Sequence[Value], *, reads: bool) -> ResultRows:
        self._changes += not reads
        cursor = self._connection.execute(sql, list(params) or None)
        if sql.lstrip().upper().startswith(_ENDS):
            self._lives = False
        # Other statements give the number of rows that they have changed.
        if not reads and "RETURNING" not in sql.upper():
            return []
        return plain(cursor.fetchall(), [str(one[1]) for one in cursor.description or ()])

    def change(self, sql: str, params: Sequence[Value] = ()) -> int:
        with self._errors(loading=True):
            self._changes += 1
            if self._lives:
                return self._changed(sql, params)
            with self._turn():
                return self._changed(sql, params)

    def _changed(self, sql: str, params: Sequence[Value]) -> int:
        found = self._connection.execute(sql, list(params) or None).fetchone()
        return int(found[0]) if found else 0

    def stream(self, sql: str, params: Sequence[Value] = ()) -> RowStream:
        with self._errors():
            cursor = self._connection.execute(sql, list(params) or None)
            types = [str(one[1]) for one in cursor.description or ()]
        while True:
            with self._errors():
                rows = plain(cursor.fetchmany(_ROWS_AT_ONCE), types)
            if not rows:
                return
            yield rows

    def executemany(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        for row in rows:
            self.execute(sql, row)

    def insert(
        self, table: TableName, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> None:
        names = ", ".join(map(quote, columns))
        lists = ", ".join("unnest(?)" for _ in columns)
        for at in range(0, len(rows), _INSERTED_AT_ONCE):
            some = rows[at : at + _INSERTED_AT_ONCE]
            params: Any = [list(values) for values in zip(*some, strict=True)]
            self.execute(f"INSERT INTO {table.sql(quote)} ({names}) SELECT {lists}", params)

    def load(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        blocks = iter(blocks)
        first = next(blocks, None)
        if first is None:
            return 0
        if self._depth and not table.schema:
            # One of these rows may be refused, and those before must stay.
            return self._load_asked(table, tuple(columns), first, blocks)
        names = ", ".join(map(quote, columns))
        statement = f"INSERT INTO {table.sql(quote)} ({names}) SELECT * FROM snapshots_rows"
        self._changes += 1
        rows = ArrowRows(first, blocks)
        self._with_rows(statement, rows)
        return rows.rows

    def _load_asked(
        self, table: TableName, columns: tuple[str, ...], first: Block, blocks: Iterator[Block]
    ) -> int:
        """Loads rows that the table takes. Raises RefusedRows, and the transaction goes on, if it
        would refuse one of them."""
        key = (table, columns)
        if key not in self._loads:
            with self._errors():
                found = table_constraints(self._run, table, columns)
            self._loads[key] = BlockLoad(table, columns, found)
        load, rows = self._loads[key], ArrowRows(first, blocks)
        self._with_rows(load.stage, rows)
        with self._errors(loading=True):
            # What is written to temporary tables is nothing that a savepoint would undo.
            statements = load.require_taken(
                lambda sql: self._rows(sql, (), reads=True), lambda sql: self._changed(sql, ())
            )
            self._changes += 1
            for statement in statements:
                self._changed(statement, ())
        return rows.rows

    def _with_rows(self, sql: str, rows: ArrowRows) -> list[tuple[Any, ...]]:
        """Runs a statement that reads `snapshots_rows`."""
        snapshots_rows = rows  # noqa: F841 - DuckDB looks it up by this name
        with self._errors(loading=True):
            try:
                return self._connection.execute(sql).fetchall()
            except duckdb.Error:
                self._lives = False
                rows.raise_failure()
                raise

    def lives(self) -> bool:
        return self._lives

    def lives_after_error(self) -> bool:
        # It takes nothing but ROLLBACK.
        self._lives = False
        return False

    def translate(self, error: Any, *, loading: bool) -> SnapshotsError:
        return translate(error, place=self._place, loading=loading)


def _undone(error: BaseException) -> SnapshotsError:
    return error if isinstance(error, SnapshotsError) else TargetError(f"{error}")
