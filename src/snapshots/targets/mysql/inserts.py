"""Writes rows as INSERT statements, for servers that do not allow LOAD DATA LOCAL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OVERHEAD = 3
"""How many times longer than its rows a statement may be: values get quotes, quotes double."""


def statements(head: bytes, payload: bytes, max_bytes: int) -> Iterator[bytes]:
    """Yields INSERTs for the rows of a payload, each of about `max_bytes` or of one row."""
    start, size = 0, max(1, max_bytes // _OVERHEAD - len(head))
    while start < len(payload):
        end = payload.rfind(b"\n", start, start + size) + 1
        if not end:
            end = payload.index(b"\n", start) + 1
        yield head + _values(payload[start:end])
        start = end


def _values(rows: bytes) -> bytes:
    r"""The kernel's text as SQL literals. The two write \\, \n, \r and \t alike.

    A single backslash before N is found in no value, so that `'\N'` is always NULL.
    """
    values = rows[:-1].replace(b"'", b"''").replace(b"\t", b"','").replace(b"\n", b"'),('")
    return (b"('" + values + b"')").replace(b"'\\N'", b"NULL")
