"""SQL Server without one: what the driver is told, what it puts on the wire, and how values read.

A listener speaks as much of the protocol as it takes to be told who wants to log in.
"""

import datetime
import socket
import struct
import threading
import uuid
from decimal import Decimal

import pytest
from pytds import tds_base

from snapshots.errors import CannotConnect, InputError
from snapshots.sources.sql import QueryServer, open_query
from snapshots.sources.sql.sqlserver import column_of, settings, text_of

SERVER = QueryServer("sqlserver", "127.0.0.1", 1433, "sa", "hunter2", "wells")


def test_the_driver_is_told_what_the_project_says():
    given = settings(SERVER)
    assert (given["dsn"], given["port"], given["user"]) == ("127.0.0.1", 1433, "sa")
    assert (given["password"], given["database"]) == ("hunter2", "wells")
    assert given["readonly"] is True
    assert given["cafile"] is None


def test_tls_is_verified_or_off():
    verified = QueryServer("sqlserver", "db", 1433, "sa", "x", tls="verify", tls_ca="/etc/ca.pem")
    assert settings(verified)["cafile"] == "/etc/ca.pem"
    for server in (
        QueryServer("sqlserver", "db", 1433, "sa", "x", tls="require"),
        QueryServer("sqlserver", "db", 1433, "sa", "x", tls="verify"),
    ):
        with pytest.raises(CannotConnect) as caught:
            settings(server)
        assert "tls_ca" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        ("0012", "0012"),
        (True, "true"),
        (9007199254740993, "9007199254740993"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (0.1, "0.1"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.time(1, 2, 3), "01:02:03"),
        (datetime.datetime(2024, 2, 29, 1, 2, 3, 500000), "2024-02-29 01:02:03.500000"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_become_exact_text(value, text):
    assert text_of(value) == text


def test_types_come_from_the_numbers_of_the_protocol():
    kinds = {
        tds_base.SYBINTN: "integer",
        tds_base.SYBNUMERIC: "decimal",
        tds_base.SYBFLTN: "float",
        tds_base.SYBBITN: "boolean",
        tds_base.SYBMSDATE: "date",
        tds_base.SYBMSDATETIME2: "timestamp",
        tds_base.SYBMSDATETIMEOFFSET: "timestamptz",
        tds_base.XSYBNVARCHAR: "text",
    }
    assert {code: column_of("a", code, "q").type.kind for code in kinds} == kinds
    with pytest.raises(InputError, match="binary"):
        column_of("a", tds_base.XSYBVARBINARY, "q")


def packet(kind, body):
    return struct.pack(">BBHHBB", kind, 1, len(body) + 8, 0, 1, 0) + body


def refusal(message):
    text = message.encode("utf-16-le")
    error = struct.pack("<iBB", 18456, 1, 14)
    error += struct.pack("<H", len(message)) + text + b"\x00\x00" + struct.pack("<i", 1)
    token = b"\xaa" + struct.pack("<H", len(error)) + error
    return token + b"\xfd" + struct.pack("<HHQ", 2, 0, 0)


class Listener:
    """Reads one login, and refuses it."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.login = b""
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        connection, _ = self.socket.accept()
        with connection:
            self._read(connection)
            # Version and encryption: none is to be had.
            options = b"\x00\x00\x0b\x00\x06" + b"\x01\x00\x11\x00\x01" + b"\xff"
            connection.sendall(packet(4, options + bytes(6) + b"\x02"))
            self.login = self._read(connection)
            connection.sendall(packet(4, refusal("Login failed for user 'sa'.")))

    @staticmethod
    def _read(connection):
        head = connection.recv(8, socket.MSG_WAITALL)
        return connection.recv(struct.unpack(">H", head[2:4])[0] - 8, socket.MSG_WAITALL)

    def close(self):
        self.thread.join()
        self.socket.close()


def test_a_login_asks_for_a_session_that_reads_and_a_refusal_is_repeated():
    listener = Listener()
    server = QueryServer(
        "sqlserver", "127.0.0.1", listener.port, "sa", "hunter2", "wells", tls="off"
    )
    with pytest.raises(CannotConnect, match="Login failed for user 'sa'") as caught:
        open_query(server, "SELECT 1 AS a", "wells.sql")
    listener.close()
    sent = listener.login.decode("utf-16-le", "replace")
    assert all(word in sent for word in ("sa", "wells", "snapshots"))
    # The type flags of LOGIN7: bit 5 is the intent only to read.
    assert listener.login[26] & 0x20
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_no_server_is_said_with_its_address():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(CannotConnect) as caught:
        open_query(QueryServer("sqlserver", "127.0.0.1", port, "sa", "x"), "SELECT 1 AS a", "q.sql")
    assert caught.value.place == f"sqlserver at 127.0.0.1:{port}"


def test_a_second_statement_never_reaches_the_server():
    with pytest.raises(InputError, match="DELETE"):
        open_query(SERVER, "SELECT 1 AS a DELETE FROM wells", "wells.sql")
