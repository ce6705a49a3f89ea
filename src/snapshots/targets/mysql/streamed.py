"""The rows of a query as the server sends them, for the kernel to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymysql.constants import COMMAND

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE_BYTES = 1 << 20


def streamed(connection: Any, statement: str) -> Iterator[bytes]:
    """What follows the description of the columns, until the server ends the connection; whoever
    reads it knows the last packet, and asks for no more behind it.

    Raises pymysql.err.Error.
    """
    connection._execute_command(COMMAND.COM_QUERY, statement)
    columns = connection._read_packet().read_length_encoded_integer()
    for _ in range(columns + 1):  # the last one ends them
        connection._read_packet()
    while data := connection._rfile.read1(_PIECE_BYTES):
        yield data
