"""Queries on MySQL and MariaDB."""

from __future__ import annotations

import re
import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.constants import FIELD_TYPE, FLAG
from pymysql.converters import encoders
from pymysql.cursors import Cursor, SSCursor

from snapshots.model import Column, Type, TypeKind
from snapshots.sources.sql.mariadb import Formatting
from snapshots.sources.sql.server import BATCH, CONNECT_SECONDS, binary, cannot_connect, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.sources.sql.server import QueryServer, Row

_INTEGERS = (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG,
             FIELD_TYPE.LONGLONG, FIELD_TYPE.YEAR, FIELD_TYPE.BIT)  # fmt: skip
_KINDS: dict[int, TypeKind] = {
    **dict.fromkeys(_INTEGERS, "integer"),
    FIELD_TYPE.DECIMAL: "decimal",
    FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "float",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.NEWDATE: "date",
    FIELD_TYPE.DATETIME: "timestamp",
    FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.JSON: "json",
}
"""All other types are texts: a TIME may be longer than a day, or negative."""

_BYTES = {FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.BLOB,
          FIELD_TYPE.STRING, FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR,
          FIELD_TYPE.GEOMETRY}  # fmt: skip
_BINARY_CHARSET = 63
_LONGTEXT = (1 << 32) - 1
"""Its length in bytes."""
_CHECKED = re.compile(r"CHECK \(json_valid\(`((?:[^`]|``)+)`\)\)", re.IGNORECASE)

_READING = (
    "SET SESSION TRANSACTION READ ONLY",
    # A server gives up on a client that takes its rows slowly, and the API may be slow.
    "SET SESSION time_zone = '+00:00', net_write_timeout = 86400, wait_timeout = 86400",
)


def _bits(value: bytes | str) -> str:
    return str(int.from_bytes(value if isinstance(value, bytes) else value.encode(), "big"))


def _time(value: bytes | str) -> str:
    """Without a fraction of nothing: DATETIME(6) has one at midnight, too."""
    text = value.decode("ascii") if isinstance(value, bytes) else value
    integer, _, fraction = text.partition(".")
    return text if fraction.strip("0") else integer


_TEXTS: dict[Any, Any] = {
    **encoders,
    FIELD_TYPE.BIT: _bits,
    FIELD_TYPE.DATETIME: _time,
    FIELD_TYPE.TIMESTAMP: _time,
}
"""All other types are read as their text."""


def run(server: QueryServer, sql: str, place: str, most: int | None = None) -> MysqlQuery:
    """See `Query`. CannotConnect, or InputError if the server refuses the query."""
    connection = _connect(server)
    if most is not None:
        connection.query(f"SET SESSION sql_select_limit = {most}")
    return MysqlQuery(server, connection, sql, place)


def _connect(server: QueryServer) -> Any:
    try:
        connection: Any = Formatting(**settings(server))
        for statement in _READING:
            connection.query(statement)
    except (pymysql.err.Error, OSError) as error:
        raise cannot_connect(server, _message(error)) from error
    # Some versions of PyMySQL go on in plain text where the server has no TLS.
    if server.tls in {"require", "verify"} and not connection._secure:
        connection.close()
        raise cannot_connect(server, "The server does not offer TLS")
    return connection


def settings(server: QueryServer) -> dict[str, Any]:
    """As PyMySQL takes them."""
    given = {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "database": server.database,
        "charset": "utf8mb4",
        "conv": _TEXTS,
        "cursorclass": SSCursor,
        "connect_timeout": CONNECT_SECONDS,
        "autocommit": True,
        "ssl": _tls(server),
        "ssl_disabled": server.tls == "off",
        "program_name": "snapshots",
    }
    return {name: value for name, value in given.items() if value is not None}


def _tls(server: QueryServer) -> ssl.SSLContext | None:
    """None leaves it to PyMySQL, which encrypts where the server offers it."""
    if server.tls in {"off", "prefer"}:
        return None
    context = ssl.create_default_context(cafile=server.tls_ca)
    if server.tls == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if server.tls_cert:
        context.load_cert_chain(server.tls_cert, server.tls_key)
    return context


def _may_be_json(field: Any) -> bool:
    """An older MariaDB keeps JSON in a LONGTEXT, and says no more of it."""
    return (
        field.type_code in _BYTES
        and field.length >= _LONGTEXT
        and field.charsetnr != _BINARY_CHARSET
        and bool(field.org_table)
    )


def _origin(field: Any) -> tuple[str, str, str]:
    return field.db.decode(), field.org_table, field.org_name


def _json_columns(server: QueryServer, tables: set[tuple[str, str]]) -> set[tuple[str, str, str]]:
    """Which columns of some tables hold JSON, as the tables' own checks say.

    Asked in a session of its own: that of the query has rows to give first. A table whose
    definition may not be read has none.
    """
    if not tables:
        return set()
    found = set()
    connection = _connect(server)
    try:
        for database, table in tables:
            with suppress(pymysql.err.Error), connection.cursor(Cursor) as cursor:
                cursor.execute(f"SHOW CREATE TABLE {_quoted(database)}.{_quoted(table)}")
                checked = _CHECKED.findall(str(cursor.fetchone()[1]))
                found |= {(database, table, name.replace("``", "`")) for name in checked}
    finally:
        connection._force_close()
    return found


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class MysqlQuery:
    """See `Query`: the rows stay in the server and the socket until they are fetched."""

    def __init__(self, server: QueryServer, connection: Any, sql: str, place: str) -> None:
        self._connection = connection
        self._place = place
        self._cursor = connection.cursor()
        try:
            with self._errors():
                self._cursor.execute(sql)
            fields = self._cursor._result.fields
            formats = connection.formats
            unsure = () if formats else (f for f in fields if _may_be_json(f))
            json = _json_columns(server, {_origin(f)[:2] for f in unsure})
            self.columns: tuple[Column, ...] = tuple(self._column(f, json) for f in fields)
        except BaseException:
            self.close()
            raise

    def batches(self) -> Iterator[Sequence[Row]]:
        """See `Query`."""
        with self._errors():
            while rows := self._cursor.fetchmany(BATCH):
                yield rows

    def close(self) -> None:
        """See `Query`."""
        # Otherwise PyMySQL would read all the rows that are left.
        if self._cursor._result is not None:
            self._cursor._result.unbuffered_active = False
        self._connection._force_close()

    def _column(self, field: Any, json: set[tuple[str, str, str]]) -> Column:
        name, code = field.name, field.type_code
        if code in _BYTES and field.charsetnr == _BINARY_CHARSET:
            raise binary(self._place, name, "TO_BASE64({})")
        unsigned = code in _INTEGERS and bool(field.flags & FLAG.UNSIGNED)
        is_json = getattr(field, "format", "") == "json" or _origin(field) in json
        kind = "json" if is_json else _KINDS.get(code, "text")
        return Column(name, name, Type(kind, unsigned=unsigned))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except pymysql.err.Error as error:
            raise refused(self._place, _message(error), lost=not self._connection.open) from error


def _message(error: Exception) -> str:
    return str(error.args[-1]) if error.args else str(error)
