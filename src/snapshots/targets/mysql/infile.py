"""LOAD DATA LOCAL INFILE without a file.

In this protocol the server answers a query by asking for a file, by name, and may ask for any,
after any query. PyMySQL would open it. This connection has no files to give: it answers with
the bytes that were handed to `send`, if the server asks for just these, and otherwise hangs up.
"""

from __future__ import annotations

import secrets
import socket
import ssl
from typing import TYPE_CHECKING, Any

from pymysql.connections import Connection, MySQLResult
from pymysql.constants import CR
from pymysql.err import OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PACKET = 256 * 1024
"""Bytes that one packet holds: below any server's max_allowed_packet, and enough for few calls."""


class InfileConnection(Connection):  # type: ignore[misc, type-arg, unused-ignore]
    """A connection that answers LOAD DATA LOCAL with given bytes, and never with a file."""

    _offer: tuple[bytes, Iterable[memoryview]] | None = None

    def __init__(self, **settings: Any) -> None:
        super().__init__(local_infile=True, **settings)

    def wait_for_answers(self) -> None:
        """Removes the time limit of the login, so that a statement may take any time."""
        self._read_timeout = None

    def send(self, statement: Callable[[str], str], data: Iterable[memoryview]) -> tuple[str, int]:
        """Runs a LOAD DATA statement, made from a file's name, on some bytes.

        Gives the server's message and its number of warnings.
        """
        name = f"snapshots-{secrets.token_hex(16)}"
        self._offer = (name.encode(), data)
        try:
            self.query(statement(name))
        finally:
            self._offer = None
        result: Any = self._result
        return result.message.decode("utf-8", "replace"), result.warning_count

    def hang_up(self) -> None:
        """Makes whatever waits for the server, or sends to it, fail. Any thread may call it."""
        transport: Any = self._sock  # type: ignore[attr-defined, unused-ignore]
        # Not SSLSocket's own: it would go on in plain text.
        socket.socket.shutdown(transport, socket.SHUT_RDWR)

    def _create_ssl_ctx(self, sslp: dict[str, Any]) -> ssl.SSLContext:
        if sslp:
            return super()._create_ssl_ctx(sslp)  # type: ignore[misc, no-any-return, unused-ignore]
        # Encrypted where the server can, whoever it is. PyMySQL would read the certificates of
        # all authorities for that, which takes longer than the rest of a connection.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        self._result = None
        result: Any = _Result(self)
        if unbuffered:
            result.init_unbuffered_query()
        else:
            result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return result.affected_rows


class _Result(MySQLResult):
    def _read_load_local_packet(self, first_packet: Any) -> None:
        connection: Any = self.connection
        offer, connection._offer = connection._offer, None
        if offer is None or first_packet.get_all_data()[1:] != offer[0]:
            connection._force_close()
            raise OperationalError(
                CR.CR_SERVER_LOST,
                "the server requested a file of this machine, which was refused",
            )
        failure = None
        try:
            for packet in _packets(offer[1]):
                connection.write_packet(packet)
        except Exception as error:
            if not connection.open:
                raise
            failure = error
        except BaseException:
            # A signal may have come in the middle of a packet.
            connection._force_close()
            raise
        try:
            # An empty packet ends the file. There is no way to break it off, so that what was
            # sent is loaded: whoever called undoes it with the savepoint.
            connection.write_packet(b"")
            answer = connection._read_packet()
        except Exception:
            if failure is not None:
                raise failure from None
            raise
        if failure is not None:
            raise failure
        self._read_ok_packet(answer)  # type: ignore[attr-defined]


def _packets(data: Iterable[memoryview]) -> Iterator[memoryview]:
    for view in data:
        for start in range(0, len(view), PACKET):
            yield view[start : start + PACKET]
