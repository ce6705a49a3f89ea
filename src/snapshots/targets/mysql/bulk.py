"""MariaDB's bulk execution: one INSERT, and the values of all its rows in the binary protocol.

The server then parses no text: no fields, no numbers, no times. It spends about a quarter less
on a row than with LOAD DATA, and in strict mode it refuses what it would alter. Both ends have
to say beforehand that they know of it, in bytes of the handshake that PyMySQL leaves empty.
"""

from __future__ import annotations

import re
import struct
from typing import Any

from pymysql.constants import CLIENT

from snapshots.targets.mysql.infile import InfileConnection

FIRST_VERSION = (10, 2)
_VERSION = re.compile(r"(?:5\.5\.5-)?(\d+)\.(\d+)\..*MariaDB")
"""MariaDB 10 and 11 put 5.5.5 in front, for old replicas."""

_PREPARE, _EXECUTE_BULK = 0x16, 0xFA
_TYPES_ARE_SENT = 128

_RESPONSE = struct.Struct("<II24x")
"""The start of the answer to a handshake: the client's capabilities, its longest packet."""
_EXTENDED = slice(28, 32)
"""The bytes of that answer which hold a MariaDB client's further capabilities."""
_BULK_OPERATIONS = struct.pack("<I", 1 << 2)


class BulkConnection(InfileConnection):
    """A connection that can send many rows in one command, if the server takes them."""

    _greeting = False

    @property
    def takes_bulk(self) -> bool:
        """Whether the server takes `execute_bulk`."""
        match = _VERSION.match(str(self.server_version))  # type: ignore[attr-defined, unused-ignore]
        return match is not None and (int(match[1]), int(match[2])) >= FIRST_VERSION

    def prepare(self, statement: str) -> int:
        """Prepares a statement and returns its number, for `execute_bulk`."""
        driver: Any = super()
        driver._execute_command(_PREPARE, statement)
        answer = driver._read_packet().get_all_data()
        number, columns, parameters = struct.unpack_from("<IHH", answer, 1)
        for described in (columns, parameters):
            for _ in range(described + bool(described)):
                driver._read_packet()
        return int(number)

    def execute_bulk(self, number: int, payload: memoryview) -> tuple[int, int]:
        """Runs a prepared statement with the kernel's rows; returns affected rows and warnings."""
        head = struct.pack("<IH", number, _TYPES_ARE_SENT)
        driver: Any = super()
        driver._execute_command(_EXECUTE_BULK, b"".join((head, payload)))
        rows = self._read_query_result()
        result: Any = self._result
        return rows, result.warning_count

    def _request_authentication(self) -> None:
        self._greeting = self.takes_bulk
        try:
            super()._request_authentication()  # type: ignore[misc, unused-ignore]
        finally:
            self._greeting = False

    def write_packet(self, payload: Any) -> None:
        """Overrides a method of PyMySQL that the answer to a login passes through."""
        if self._greeting and _is_response(payload):
            payload = _with_bulk(payload)
        super().write_packet(payload)  # type: ignore[misc, unused-ignore]


def _is_response(payload: bytes) -> bool:
    """Other packets of a login are a few bytes of an answer, or one password."""
    if len(payload) < _RESPONSE.size:
        return False
    can, _ = _RESPONSE.unpack_from(payload)
    return bool(can & CLIENT.PROTOCOL_41) and not any(payload[9:32])


def _with_bulk(payload: bytes) -> bytes:
    """Says that this is a client of MariaDB, not MySQL, and that it can send rows in bulk."""
    answer = bytearray(payload)
    can, longest = _RESPONSE.unpack_from(answer)
    struct.pack_into("<II", answer, 0, can & ~CLIENT.LONG_PASSWORD, longest)
    answer[_EXTENDED] = _BULK_OPERATIONS
    return bytes(answer)
