"""What MariaDB says of a column beyond what MySQL's protocol has a place for.

It keeps JSON in texts, and calls it a text, unless its client asks for more: then each column
comes with its format, whether it is a table's, a view's or a function's. PyMySQL does not ask; so
its handshake and its columns are amended here, where the server offers that.
"""

from __future__ import annotations

import struct
from typing import Any

from pymysql import connections, protocol

_Connection: Any = connections.Connection
_Field: Any = protocol.FieldDescriptorPacket
"""What is amended of them is in no description of their types."""

_OFFERS = 27
"""Bytes from the end of the version to what MariaDB alone can do, in a server's first packet."""
_OF_MYSQL = 1
"""Servers and clients that have no such offers say so by this capability."""
_EXTENDED = 1 << 3
_HEAD = 32
"""Bytes with which a client answers; the last four are for what it takes of the offers."""
_NOTHING = bytes(23)
_FORMAT = 1


class FormattedField(_Field):  # type: ignore[misc]
    """A column with its format."""

    _position: int
    _data: bytes

    def _parse_field_descriptor(self, encoding: str) -> None:
        begin = self._position
        for _ in range(6):  # catalog, schema, table, origin, name, its origin
            self.read_length_coded_string()
        more = self._position
        attributes = self.read_length_coded_string() or b""
        end = self._position
        # The rest is as PyMySQL knows it.
        self._data = self._data[:more] + self._data[end:]
        self._position = begin
        super()._parse_field_descriptor(encoding)
        self.format = _format(attributes)


class Formatting(_Connection):  # type: ignore[misc]
    """A connection whose columns are `FormattedField`s, if the server knows of formats."""

    _greeting: bytes | None = None
    formats = False
    """They are."""

    def _get_server_information(self) -> None:
        self._greeting = b""
        super()._get_server_information()
        at = self._greeting.find(b"\0") + 1 + _OFFERS
        (offers,) = struct.unpack("<I", self._greeting[at : at + 4].ljust(4, b"\0"))
        self.formats = not self.server_capabilities & _OF_MYSQL and bool(offers & _EXTENDED)
        if self.formats:
            self.client_flag &= ~_OF_MYSQL

    def _request_authentication(self) -> None:
        super()._request_authentication()
        self._greeting = None

    def write_packet(self, payload: bytes) -> None:
        """See PyMySQL: among others what answers the greeting."""
        if self.formats and self._greeting and payload[9:_HEAD] == _NOTHING:
            payload = payload[: _HEAD - 4] + struct.pack("<I", _EXTENDED) + payload[_HEAD:]
        super().write_packet(payload)

    def _read_packet(self, packet_type: Any = protocol.MysqlPacket) -> Any:
        if self.formats and packet_type is protocol.FieldDescriptorPacket:
            packet_type = FormattedField
        packet = super()._read_packet(packet_type)
        if self._greeting == b"":
            self._greeting = packet.get_all_data()
        return packet


def _format(attributes: bytes) -> str:
    """Of pairs, each of a kind and a text with its length."""
    while len(attributes) > 1:
        kind, length = attributes[0], attributes[1]
        if kind == _FORMAT:
            return attributes[2 : 2 + length].decode("ascii", "replace")
        attributes = attributes[2 + length :]
    return ""
