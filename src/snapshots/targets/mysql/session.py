"""One connection with MySQL or MariaDB."""

# ruff: noqa: D102 - ports.Session says what each method does

from __future__ import annotations

import re
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from pymysql import err
from pymysql.constants import FIELD_TYPE, SERVER_STATUS
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from snapshots.errors import RefusedRows, SnapshotsError, TargetError
from snapshots.row_encoding import ENCODINGS
from snapshots.targets.mysql.compatible import require_usable
from snapshots.targets.mysql.errors import UNKNOWN_STATEMENT, code_of, translate
from snapshots.targets.mysql.exact_types import DATA_TYPES
from snapshots.targets.mysql.inserts import statements
from snapshots.targets.mysql.load import LoadStatements
from snapshots.targets.mysql.quoting import quote
from snapshots.targets.mysql.session_names import end_named, take_name
from snapshots.targets.mysql.streamed import streamed
from snapshots.targets.sql.ddl import placeholders
from snapshots.targets.sql.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from snapshots._native import Block
    from snapshots.model import TableName
    from snapshots.ports import ResultRows, RowStream, Value
    from snapshots.table_facts import Comparison, Difference
    from snapshots.targets.mysql.bulk import BulkConnection

_SETTINGS = (
    "SET NAMES utf8mb4",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO',"
    " time_zone = '+00:00', foreign_key_checks = 1, unique_checks = 1,"
    " net_read_timeout = 600, net_write_timeout = 600",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)
"""So that a value means the same whatever the server sets by default, and none is changed."""

_HEAD = 16
"""Bytes before the rows in a packet."""
_ROWS_AT_ONCE = 100
_LEAST_PACKET = 4 * 1024 * 1024
"""A block of rows, which is not cut, goes into one packet."""

_NOTHING = "DO 0"
"""A statement that only a server answers whose session is open, with the state of the session."""
_LOADED = re.compile(r"Records: (\d+)  Deleted: (\d+)  Skipped: (\d+)  Warnings: (\d+)")


def _number(text: str) -> int | str:
    """A decimal: whole ones as int (sums and counts are), others as their text."""
    return int(text) if text.lstrip("-").isdigit() else text


_INTEGERS = (
    FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG,
    FIELD_TYPE.YEAR,
)  # fmt: skip
CONVERTERS: dict[Any, Any] = {
    **encoders,
    **dict.fromkeys(_INTEGERS, int),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), float),
    **dict.fromkeys((FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), _number),
}
"""All other types are read as their text."""


class MysqlSession(Transactions):
    """See `ports.Session`."""

    begin: ClassVar[str] = "START TRANSACTION READ WRITE"
    driver_error = err.Error

    def __init__(self, connection: BulkConnection) -> None:
        super().__init__()
        self._connection = connection
        self._loads: dict[tuple[TableName, tuple[str, ...]], LoadStatements] = {}
        for statement in _SETTINGS:
            self.command(statement)
        ((local, size, comment),) = self.execute(
            "SELECT @@local_infile, @@max_allowed_packet, @@version_comment"
        )
        require_usable(str(comment))
        self._local_infile = bool(local)
        self._max_packet = int(size or 0)

    def command(self, sql: str) -> None:
        with self._errors():
            self._connection.query(sql)

    def execute(self, sql: str, params: Sequence[Value] = ()) -> ResultRows:
        with self._errors(), self._connection.cursor() as cursor:
            if params:
                cursor.execute(placeholders(sql), tuple(params))
            else:
                cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def change(self, sql: str, params: Sequence[Value] = ()) -> int:
        with self._errors(loading=True), self._connection.cursor() as cursor:
            if params:
                return int(cursor.execute(placeholders(sql), tuple(params)))
            return int(cursor.execute(sql))

    def stream(self, sql: str, params: Sequence[Value] = ()) -> RowStream:
        with self._errors():
            cursor = self._connection.cursor(SSCursor)
            cursor.execute(placeholders(sql) if params else sql, tuple(params) or None)
        ended = False
        try:
            while not ended:
                with self._errors():
                    page = list(cursor.fetchmany(_ROWS_AT_ONCE) or ())
                ended = not page
                if page:
                    yield page
        finally:
            if not ended:
                # The driver would read the rest of the rows, however many there are.
                self.cancel()
                unread: Any = self._connection._result
                unread.unbuffered_active = False
            cursor.close()

    def executemany(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        with self._errors(), self._connection.cursor() as cursor:
            cursor.executemany(placeholders(sql), rows)

    def insert(
        self, table: TableName, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> None:
        names = ", ".join(quote(name) for name in columns)
        marks = ", ".join("?" for _ in columns)
        self.executemany(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})", rows)

    @property
    def takes_bulk(self) -> bool:
        """Whether `load` takes blocks of the encoding `mariadb`."""
        return self._connection.takes_bulk and self._max_packet >= _LEAST_PACKET

    def load(self, table: TableName, columns: Sequence[str], blocks: Iterable[Block]) -> int:
        blocks = iter(blocks)
        first = next(blocks, None)
        if first is None:
            return 0
        key = (table, tuple(columns))
        if key not in self._loads:
            self._loads[key] = LoadStatements(table, columns, self._inexact(table))
        load = self._loads[key]
        blocks = chain([first], blocks)
        if ENCODINGS[first.encoding].binary:
            return self._execute_bulk(load, blocks)
        if self._local_infile:
            return self._load_data(load, blocks)
        if load.inexact:
            raise TargetError(
                f"The type of column {load.inexact[0]!r} needs LOAD DATA LOCAL, but this server"
                " does not allow it.",
                hint="SET GLOBAL local_infile = 1 on the server, or use another column type.",
            )
        return self._insert(load, blocks)

    def streamed(self, statement: str) -> Iterator[bytes]:
        """The rows of a query as the server sends them; see `streamed.py`."""
        with self._errors():
            yield from streamed(self._connection, statement)

    def errors(self) -> AbstractContextManager[None]:
        """Within it the driver's errors become those of this package."""
        return self._errors()

    def differences(self, compared: Comparison, blocks: Iterable[Block]) -> list[Difference]:  # noqa: ARG002
        return []

    def name(self, text: str, task: str = "") -> None:
        with suppress(SnapshotsError):
            take_name(self, text, task)

    def end_named(self, text: str, task: str = "") -> int:
        with suppress(SnapshotsError):
            return end_named(self, text, task)
        return 0

    def limit_time(self, seconds: float) -> None:
        ((version,),) = self.execute("SELECT VERSION()")
        if "MariaDB" in str(version):
            self.command(f"SET SESSION max_statement_time = {seconds:g}")
        else:
            self.command(f"SET SESSION max_execution_time = {int(seconds * 1000)}")

    def cancel(self) -> None:
        with suppress(Exception):
            self._connection.hang_up()

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()

    def _execute_bulk(self, load: LoadStatements, blocks: Iterable[Block]) -> int:
        if not self.takes_bulk:
            raise TargetError(
                "The import began on a MariaDB server, and this server cannot continue it.",
                hint="Resume it on the server where it began, or load the input with --again.",
            )
        given = stored = 0
        for block in blocks:
            if not block.loaded:
                continue
            given += block.loaded
            payload = block.view()
            if len(payload) + _HEAD > self._max_packet:
                raise RefusedRows("The row is longer than the server's max_allowed_packet.")
            with self._errors(loading=True):
                if load.prepared is None:
                    load.prepared = self._connection.prepare(load.insert_statement)
                rows, warnings = self._connection.execute_bulk(load.prepared, payload)
            if warnings:
                raise RefusedRows(self._warning())
            stored += rows
        if stored != given:
            raise RefusedRows("MariaDB left out the row.")
        return stored

    def _load_data(self, load: LoadStatements, blocks: Iterable[Block]) -> int:
        given = 0

        def payloads() -> Iterator[memoryview]:
            nonlocal given
            for block in blocks:
                given += block.loaded
                yield block.view()

        with self._errors(loading=True):
            message, warnings = self._connection.send(load.data_statement, payloads())
        match = _LOADED.search(message)
        records, _, skipped, warned = map(int, match.groups()) if match else (-1, 0, 0, 0)
        # LOCAL implies IGNORE: what cannot be stored is stored changed, with a warning.
        if warnings or warned:
            raise RefusedRows(self._warning())
        if skipped or records != given:
            raise RefusedRows("MySQL left out the row.")
        return given

    def _insert(self, load: LoadStatements, blocks: Iterable[Block]) -> int:
        given = stored = 0
        for block in blocks:
            given += block.loaded
            for statement in statements(load.insert_head, block.payload, self._max_packet):
                if len(statement) >= self._max_packet:
                    raise RefusedRows("The row is longer than the server's max_allowed_packet.")
                with self._errors(loading=True):
                    stored += self._connection.query(statement)
                    result: Any = self._connection._result
                if result.warning_count:
                    raise RefusedRows(self._warning())
        if stored != given:
            raise RefusedRows("MySQL left out the row.")
        return stored

    def _warning(self) -> str:
        found = self.execute("SHOW WARNINGS LIMIT 1")
        return str(found[0][2]) if found else "MySQL would change a value."

    def _inexact(self, table: TableName) -> dict[str, str]:
        """Columns that need an expression to be loaded, and their types."""
        kinds = ", ".join(f"'{kind}'" for kind in DATA_TYPES)
        found = self.execute(
            "SELECT column_name, column_type FROM information_schema.columns"
            f" WHERE table_schema = DATABASE() AND table_name = ? AND data_type IN ({kinds})"
            " AND NOT (column_type = 'char(36)' AND collation_name = 'ascii_bin')",  # our uuid
            (table.name,),
        )
        return {str(name).casefold(): str(kind) for name, kind in found}

    def lives(self) -> bool:
        return bool(self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def lives_after_error(self) -> bool:
        # The server tells it with each success, and with no error.
        with suppress(err.Error):
            self._connection.query(_NOTHING)
            return self.lives()
        return False

    def translate(self, error: Any, *, loading: bool) -> SnapshotsError:
        found = translate(error, alive=self._connection.open, loading=loading)
        if type(found) is TargetError and not found.retryable and not self._answers():
            # A server that stops ends some statements with an error, then closes their sessions.
            return translate(error, alive=False)
        return found

    def _answers(self) -> bool:
        try:
            self._connection.query(_NOTHING)
        except err.Error as error:
            # A compatible server may not know the statement, and says so.
            return code_of(error) in UNKNOWN_STATEMENT
        return True
