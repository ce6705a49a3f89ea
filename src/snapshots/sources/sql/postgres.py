"""Runs queries on PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from msgspec.structs import replace
from psycopg.adapt import AdaptersMap
from psycopg.types.string import TextLoader

from snapshots import psycopg_log
from snapshots.errors import InputError
from snapshots.model import Column, Type, TypeKind
from snapshots.sources.sql.server import BATCH, binary, cannot_connect, refused
from snapshots.time_limits import CONNECT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.sources.sql.server import QueryServer, Row

psycopg_log.hush()

_KINDS: dict[str, TypeKind] = {
    "int2": "integer", "int4": "integer", "int8": "integer", "oid": "integer",
    "numeric": "decimal", "float4": "float", "float8": "float", "bool": "boolean",
    "date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz",
    "uuid": "uuid", "json": "json", "jsonb": "json",
}  # fmt: skip
"""All other types are texts, as PostgreSQL writes them."""

_JSON = """
WITH RECURSIVE parts (root, oid) AS (
    SELECT oid, oid FROM pg_catalog.pg_type WHERE oid = ANY (%s)
    UNION
    SELECT p.root, part.oid
    FROM parts p JOIN pg_catalog.pg_type t ON t.oid = p.oid CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
        UNION ALL SELECT atttypid FROM pg_catalog.pg_attribute
        WHERE t.typtype = 'c' AND attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped
    ) AS part (oid)
)
SELECT t.oid,
    CASE t.oid WHEN 'pg_catalog.money'::regtype THEN '{}::numeric'
               WHEN 'pg_catalog.money[]'::regtype THEN 'to_json({}::numeric[])'
               ELSE 'to_json({})' END,
    (SELECT min(typname) FROM parts p JOIN pg_catalog.pg_type part ON part.oid = p.oid
     WHERE p.root = t.oid AND p.oid <> t.oid AND t.oid <> 'pg_catalog.money[]'::regtype
     AND p.oid IN ('pg_catalog.money'::regtype, 'pg_catalog.bytea'::regtype))
FROM pg_catalog.pg_type t
WHERE oid = ANY (%s)
  AND (typtype = 'c' OR typcategory = 'A' AND typname NOT IN ('int2vector', 'oidvector')
       OR oid IN ('record'::regtype, 'record[]'::regtype, 'pg_catalog.money'::regtype)
       OR EXISTS (SELECT FROM pg_catalog.pg_cast WHERE castsource = t.oid
                  AND casttarget = 'pg_catalog.json'::regtype AND castfunc <> 0))
"""
"""How a column is asked for that would be a text with braces or a currency sign otherwise: arrays,
composite types, money, and what has a way to JSON of its own, such as hstore. And which type within
it has none: PostgreSQL's own JSON has a text for it."""

_RECORD = 2249
_PLAIN = {790: "money", 17: "bytea"}
"""The same in every database."""

_INSTEAD = {"money": "m::numeric", "bytea": "encode(b, 'base64')"}

_TLS = {"off": "disable", "prefer": "prefer", "require": "require", "verify": "verify-full"}

_SETTINGS = (
    "default_transaction_read_only=on",
    "timezone=UTC",
    "datestyle=ISO",
    "extra_float_digits=1",
    # A backslash in a string is what `statement.py` takes it for.
    "standard_conforming_strings=on",
    "idle_in_transaction_session_timeout=0",
)
"""A value means the same whatever is set by default; and a slow API is no reason to hang up."""


def _as_text() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for info in adapters.types:
        adapters.register_loader(info.oid, TextLoader)
        if info.array_oid:
            adapters.register_loader(info.array_oid, TextLoader)
    return adapters


_TEXTS = _as_text()


def run(server: QueryServer, sql: str, place: str, most: int | None = None) -> PostgresQuery:
    """Runs a query: see `Query`. Raises CannotConnect, or InputError if the server refuses it."""
    try:
        connection = psycopg.connect(context=_TEXTS, **settings(server))
    except psycopg.Error as error:
        raise cannot_connect(server, _message(error)) from error
    try:
        connection.read_only = True
        return PostgresQuery(connection, sql, place, most)
    except BaseException:
        connection.close()
        raise


def settings(server: QueryServer) -> dict[str, Any]:
    """The server's settings as libpq takes them."""
    given = {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "dbname": server.database or server.user,
        "sslmode": _TLS[server.tls],
        "sslrootcert": server.tls_ca or ("system" if server.tls == "verify" else None),
        "sslcert": server.tls_cert,
        "sslkey": server.tls_key,
        "application_name": "snapshots",
        "connect_timeout": CONNECT_SECONDS,
        "client_encoding": "UTF8",
        "options": " ".join(f"-c {setting}" for setting in _SETTINGS),
    }
    return {name: value for name, value in given.items() if value is not None}


class PostgresQuery:
    """See `Query`. The server keeps the cursor."""

    def __init__(
        self, connection: psycopg.Connection[Any], sql: str, place: str, most: int | None
    ) -> None:
        self._connection = connection
        self._place = place
        with self._errors():
            self._cursor = self._run(sql)
            if wanted := self._rewritten(sql, most):
                self._cursor.close()
                self._cursor = self._run(wanted)
        found = self._cursor.description or []
        self.columns: Sequence[Column] = tuple(
            self._column(column.name, column.type_code) for column in found
        )

    def batches(self) -> Iterator[Sequence[Row]]:
        """See `Query`."""
        with self._errors():
            while rows := self._cursor.fetchmany(BATCH):
                yield rows

    def close(self) -> None:
        """See `Query`."""
        self._connection.close()

    def _run(self, sql: str) -> psycopg.ServerCursor[Any]:
        """Opens the cursor; no row is computed before the first one is fetched."""
        cursor = self._connection.cursor(name="snapshots")
        cursor.execute(sql)
        return cursor

    def _rewritten(self, sql: str, most: int | None) -> str | None:
        """The query with columns that no text can stand for as what JSON has for them, and no more
        rows than are wanted; None where it is that already."""
        found = self._cursor.description or []
        # By numbers, since names may be there twice: that is told where it is known.
        names = ", ".join(f"c{number}" for number in range(len(found)))
        rows = f"(\n{sql}\n) AS c ({names})"
        wanted = {}
        for oid, expression, part in self._ways([column.type_code for column in found]):
            wanted[int(oid)] = expression
            if part is not None:
                name = next(column.name for column in found if column.type_code == int(oid))
                raise self._unfit(name, part)
        if not found or (most is None and not wanted):
            return None
        columns = []
        for number, column in enumerate(found):
            if column.type_code == _RECORD and (part := self._part(f"c.c{number}", rows)):
                raise self._unfit(column.name, part)
            way = wanted.get(column.type_code, "{}").format(f"c.c{number}")
            columns.append(f"{way} AS {_quoted(column.name)}")
        limit = "" if most is None else f" LIMIT {most}"
        return f"SELECT {', '.join(columns)} FROM {rows}{limit}"  # noqa: S608

    def _ways(self, oids: list[int]) -> list[tuple[str, str, str | None]]:
        """See `_JSON`."""
        return self._connection.execute(_JSON, [oids, oids]).fetchall()

    def _part(self, row: str, rows: str) -> str | None:
        """Which type without JSON is in a row that has no type of its own, such as `ROW(1, m)`: if
        the server can tell before it makes one."""
        try:
            with self._connection.transaction():
                asked = self._connection.execute(f"SELECT ({row}).* FROM {rows} LIMIT 0")  # noqa: S608
        except psycopg.Error:
            return None
        oids = [column.type_code for column in asked.description or []]
        inside = [part for _, _, part in self._ways(oids) if part]
        return next(iter([_PLAIN[oid] for oid in oids if oid in _PLAIN] + inside), None)

    def _unfit(self, column: str, part: str) -> InputError:
        if part == "bytea":
            what = "binary values, which JSON cannot hold"
        else:
            what = "values of type money, which JSON would show as text with a currency sign"
        return InputError(
            f"Column {column!r} has {what}.",
            place=self._place,
            hint=f"Build it in the query: json_build_object('name', {_INSTEAD[part]}) AS {column}.",
        )

    def _column(self, name: str, oid: int) -> Column:
        info = psycopg.adapters.types.get(oid)
        known = info.name if info and info.oid == oid else ""  # an array has its element's info
        if info and info.name == "bytea":
            raise binary(self._place, name, "encode({}, 'base64')")
        column = Column(name, name, Type(_KINDS.get(known, "text")))
        if known == "bool":
            return replace(column, true_values=("t",), false_values=("f",))
        return column

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            lost = bool(self._connection.closed)
            raise refused(self._place, _message(error), lost=lost) from error


def _message(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).strip()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
