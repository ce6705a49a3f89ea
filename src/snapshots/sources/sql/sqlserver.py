"""Queries on SQL Server, by the driver python-tds, which comes with the extra `sqlserver`."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from snapshots.errors import CannotConnect
from snapshots.model import Column, Type, TypeKind
from snapshots.sources.sql.server import BATCH, binary, cannot_connect, refused
from snapshots.time_limits import CONNECT_SECONDS

try:
    import pytds
    from pytds import tds_base
except ImportError as _error:
    raise CannotConnect(
        "SQL Server needs the driver python-tds, which is not installed.",
        hint="pip install 'snapshots[sqlserver]'",
    ) from _error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.sources.sql.server import QueryServer, Row

_INTEGERS = (tds_base.SYBINTN, tds_base.SYBINT1, tds_base.SYBINT2, tds_base.SYBINT4,
             tds_base.SYBINT8)  # fmt: skip
_DECIMALS = (tds_base.SYBDECIMAL, tds_base.SYBNUMERIC, tds_base.SYBMONEY, tds_base.SYBMONEY4,
             tds_base.SYBMONEYN)  # fmt: skip
_FLOATS = (tds_base.SYBREAL, tds_base.SYBFLT8, tds_base.SYBFLTN)
_TIMESTAMPS = (tds_base.SYBDATETIME, tds_base.SYBDATETIME4, tds_base.SYBDATETIMN,
               tds_base.SYBMSDATETIME2)  # fmt: skip
_BYTES = {tds_base.XSYBVARBINARY, tds_base.XSYBBINARY, tds_base.SYBIMAGE, tds_base.SYBVARBINARY,
          tds_base.SYBBINARY}  # fmt: skip
_KINDS: dict[int, TypeKind] = {
    **dict.fromkeys(_INTEGERS, "integer"),
    **dict.fromkeys(_DECIMALS, "decimal"),
    **dict.fromkeys(_FLOATS, "float"),
    **dict.fromkeys(_TIMESTAMPS, "timestamp"),
    tds_base.SYBBIT: "boolean",
    tds_base.SYBBITN: "boolean",
    tds_base.SYBMSDATE: "date",
    tds_base.SYBMSTIME: "time",
    tds_base.SYBMSDATETIMEOFFSET: "timestamptz",
    tds_base.SYBUNIQUE: "uuid",
}
"""All other types are texts."""

_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    float: repr,
    uuid.UUID: str,
    bool: lambda value: "true" if value else "false",
    Decimal: lambda value: format(value, "f"),
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.datetime: lambda value: value.isoformat(" "),
}


def run(server: QueryServer, sql: str, place: str, most: int | None = None) -> SqlServerQuery:
    """Runs a query: see `Query`. Raises CannotConnect, or InputError if the server refuses it.

    `most` rows are wanted: reading stops there, and the server is not asked for fewer.
    """
    del most
    try:
        connection = pytds.connect(**settings(server))
    except (pytds.Error, OSError) as error:
        raise cannot_connect(server, _message(error)) from error
    try:
        return SqlServerQuery(connection, sql, place)
    except BaseException:
        connection.close()
        raise


def settings(server: QueryServer) -> dict[str, Any]:
    """The server's settings as python-tds takes them.

    Raises CannotConnect if it cannot do what they ask for.
    """
    if server.tls == "require" or server.tls_cert:
        raise CannotConnect(
            'SQL Server connections support tls = "verify" or "off", without client certificates.',
            place=str(server),
            hint='Write tls = "verify", and set tls_ca to the file with the CA certificates.',
        )
    encrypted = server.tls == "verify"
    if encrypted and not server.tls_ca:
        raise CannotConnect(
            "TLS with SQL Server needs the certificates of the trusted CAs.",
            place=str(server),
            hint="Set tls_ca, for example to /etc/ssl/certs/ca-certificates.crt.",
        )
    return {
        "dsn": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "database": server.database,
        "appname": "snapshots",
        "login_timeout": CONNECT_SECONDS,
        "autocommit": True,
        # A wish that availability groups obey: it leads to a copy that only reads.
        "readonly": True,
        "cafile": server.tls_ca if encrypted else None,
        "disable_connect_retry": True,
    }


def text_of(value: Any) -> str | None:
    """A value of the driver as exact text; None is NULL."""
    return None if value is None else _TEXTS[type(value)](value)


class SqlServerQuery:
    """See `Query`: the driver reads rows from the socket as they are fetched."""

    def __init__(self, connection: Any, sql: str, place: str) -> None:
        self._connection = connection
        self._place = place
        self._cursor = connection.cursor()
        with self._errors():
            self._cursor.execute(sql)
        found = self._cursor.description or ()
        self.columns: tuple[Column, ...] = tuple(
            column_of(name, code, place) for name, code, *_ in found
        )

    def batches(self) -> Iterator[Sequence[Row]]:
        """See `Query`."""
        with self._errors():
            while rows := self._cursor.fetchmany(BATCH):
                yield [[text_of(value) for value in row] for row in rows]

    def close(self) -> None:
        """See `Query`."""
        self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (pytds.Error, OSError) as error:
            lost = not isinstance(error, pytds.DatabaseError) or not error.number
            raise refused(self._place, _message(error), lost=lost) from error


def column_of(name: str, code: int, place: str) -> Column:
    """A column by the number that its type has in the protocol."""
    if code in _BYTES:
        raise binary(place, name, "CONVERT(varchar(max), {}, 2)")
    return Column(name, name, Type(_KINDS.get(code, "text")))


def _message(error: Exception) -> str:
    return str(getattr(error, "text", "") or error)
