"""One connection with PostgreSQL."""

# ruff: noqa: D102 - ports.Session says what each method does

from __future__ import annotations

from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, cast

import psycopg
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextLoader

from snapshots import psycopg_log
from snapshots.errors import SnapshotsError, TargetError
from snapshots.row_encoding import ENCODINGS
from snapshots.table_facts import Difference
from snapshots.targets.postgres.altered import STAGE, stage_columns
from snapshots.targets.postgres.copied import copied
from snapshots.targets.postgres.errors import translate
from snapshots.targets.postgres.quoting import qualified, quote
from snapshots.targets.postgres.staged import STAGE as STAGED
from snapshots.targets.postgres.staged import staged
from snapshots.targets.sql.ddl import placeholders
from snapshots.targets.sql.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from psycopg.abc import Buffer

    from snapshots._native import Block
    from snapshots.model import TableName
    from snapshots.ports import ResultRows, RowStream, Value
    from snapshots.table_facts import Comparison
    from snapshots.targets.postgres.staged import StagedInsert

psycopg_log.hush()

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_ROWS_AT_ONCE = 100

_SETTINGS = """
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET extra_float_digits = 1;
SET bytea_output = 'hex';
SET xmloption = 'content';
SET timezone_abbreviations = 'Default';
SET array_nulls = on;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = '15min';
SET standard_conforming_strings = on;
SET enable_seqscan = off;
SET jit = off;
SET client_min_messages = warning
"""
"""So that a value means the same whatever server, database or user sets by default, and a
loader that is stopped in the middle does not hold its locks for ever. Plans of prepared statements
are kept: those made while a new ledger was small, and without statistics, must use its indexes."""

_END_NAMED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE (application_name = ? OR left(application_name, NULLIF(?, 0)) = ?)
  AND datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()
"""

_AS_THEY_ARE = {
    "bool", "bytea", "float4", "float8", "int2", "int4", "int8", "oid", "text", "varchar",
    "bpchar", "name",
}  # fmt: skip


_DIGITS = 1000
"""Of a number that Python makes an int of; of many more it makes none."""


class _Number(Loader):
    """A numeric: whole ones as int (sums and counts are), others as their text."""

    def load(self, data: Buffer) -> int | str:
        text = bytes(data).decode()
        return int(text) if len(text) <= _DIGITS and text.lstrip("-").isdigit() else text


def _readers() -> AdaptersMap:
    """Values as the ledger knows them: what has no such type is read as PostgreSQL's text."""
    readers = AdaptersMap(psycopg.adapters)
    for info in readers.types:
        if info.name not in _AS_THEY_ARE:
            readers.register_loader(info.oid, TextLoader)
        if info.array_oid:
            readers.register_loader(info.array_oid, TextLoader)
    readers.register_loader("numeric", _Number)
    return readers


READERS = _readers()


class PostgresSession(Transactions):
    """See `ports.Session`."""

    # Deferred constraints would be checked by COMMIT, too late to find the row.
    begin: ClassVar[str] = (
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET CONSTRAINTS ALL IMMEDIATE"
    )
    driver_error = psycopg.Error

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__()
        self._connection = connection
        self._staged: dict[tuple[TableName, tuple[str, ...]], StagedInsert | None] = {}
        connection.autocommit = True  # BEGIN and COMMIT are ours
        self.command(_SETTINGS)

    def command(self, sql: str) -> None:
        with self._errors():
            self._connection.execute(sql, prepare=False)

    def commit(self) -> None:
        with self._errors():
            status = self._connection.execute("COMMIT", prepare=False).statusmessage
        # In a transaction that has failed, COMMIT rolls back and is no error.
        if status != "COMMIT":
            raise TargetError("PostgreSQL has rolled the transaction back.")

    def execute(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        with self._errors(), self._connection.cursor() as cursor:
            if params:
                cursor.execute(placeholders(sql), params)
            else:
                cursor.execute(sql)
            # Its `description` would describe each column.
            result = cursor.pgresult
            return cursor.fetchall() if result is not None and result.nfields else []

    def change(self, sql: str, params: Sequence[Value] = ()) -> int:
        with self._errors(loading=True), self._connection.cursor() as cursor:
            if params:
                cursor.execute(placeholders(sql), params)
            else:
                cursor.execute(sql)
            return cursor.rowcount

    def stream(self, sql: str, params: Sequence[Value] = ()) -> RowStream:
        # The ledger's sessions prefer indexes; here a table is read from its beginning to its end.
        self.command("SET enable_seqscan = on")
        # Row by row from libpq: a batch of a fixed number of rows could be of any size.
        with self._errors(), self._connection.cursor() as cursor:
            query = placeholders(sql) if params else sql
            rows = cast("Generator[tuple[Value, ...]]", cursor.stream(query, params or None))
            # Closed early, it cancels the query: nobody waits for the rest of the rows.
            with closing(rows):
                while page := list(islice(rows, _ROWS_AT_ONCE)):
                    yield page

    def executemany(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        with self._errors(), self._connection.cursor() as cursor:
            cursor.executemany(placeholders(sql), rows)

    def insert(
        self, table: TableName, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> None:
        names = ", ".join(quote(name) for name in columns)
        statement = f"COPY {qualified(table)} ({names}) FROM STDIN"
        with (
            self._errors(),
            self._connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def load(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        key = (table, tuple(columns))
        if key not in self._staged:
            self._staged[key] = staged(self.execute, table, columns)
        way = self._staged[key]
        if way is None:
            return self._copy(table, columns, blocks)
        self.command(way.create)
        given = self._copy(STAGED, columns, blocks)
        with self._errors(loading=True):
            self._connection.execute(way.insert, prepare=False)
        self.command(way.drop)
        # A trigger or a rule may have left some out.
        return given

    def _copy(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        blocks = iter(blocks)
        first = next(blocks, None)
        if first is None:
            return 0
        binary = ENCODINGS[first.encoding].binary
        names = ", ".join(quote(name) for name in columns)
        statement = (
            f"COPY {qualified(table)} ({names}) FROM STDIN"
            f" (FORMAT {'binary' if binary else 'text'})"
        )
        given = first.loaded
        with (
            self._errors(loading=True),
            self._connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            if binary:
                copy.write(_HEADER)
            copy.write(first.view())
            for block in blocks:
                copy.write(block.view())
                given += block.loaded
            if binary:
                copy.write(_TRAILER)
        # COPY itself skips no row: it counts fewer where a trigger has left some out.
        return given

    def copied(self, statement: str) -> Iterator[bytes]:
        """The bytes that a COPY ... TO STDOUT gives, in pieces of about 1 MiB."""
        with self._errors():
            yield from copied(self._connection, statement)

    def differences(self, compared: Comparison, blocks: Iterable[Block]) -> list[Difference]:
        self.command(compared.begin)
        self._copy(STAGE, stage_columns(compared), blocks)
        with self._errors(loading=True):
            found = self._connection.execute(compared.find, prepare=False).fetchall()
        self.command(compared.end)
        return [
            Difference(line, compared.columns[number], text, other)
            for line, number, text, other in found
        ]

    def name(self, text: str, task: str = "") -> None:
        with suppress(SnapshotsError):
            full = f"{text} {task}".rstrip()
            self.execute("SELECT set_config('application_name', ?, false)", (full,))

    def end_named(self, text: str, task: str = "") -> int:
        with suppress(SnapshotsError):
            name = f"{text} {task}".rstrip()
            of_tasks = "" if task else name + " "
            return len(self.execute(_END_NAMED, (name, len(of_tasks), of_tasks)))
        return 0

    def limit_time(self, seconds: float) -> None:
        self.command(f"SET statement_timeout = {int(seconds * 1000)}")

    def cancel(self) -> None:
        with suppress(Exception):
            self._connection.cancel_safe(timeout=1)

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()

    def lives(self) -> bool:
        # One that has failed lives: the server takes nothing in it but ROLLBACK. Of a connection
        # that is lost the statement itself will tell.
        return self._connection.pgconn.transaction_status != TransactionStatus.IDLE

    def translate(self, error: Any, *, loading: bool) -> SnapshotsError:
        return translate(error, alive=not self._connection.closed, loading=loading)
