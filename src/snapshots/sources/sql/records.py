"""Rows as CSV, in which nothing is lost.

NULL is an empty field, and every other value is quoted: so an empty text stays one. A record ends
with U+001E, and its number is then that of its row, whatever line ends its values have. Before it
stands one more delimiter: without it, NULL alone in a row would be a blank line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import InputError
from snapshots.model import Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.sources.sql.server import Row

DIALECT = Dialect(terminator="rs", header=False)
LAST_FIELD = ""
"""The name of what follows the last delimiter, and is always empty."""

_END = "\x1e"


def encode(rows: Sequence[Row]) -> bytes:
    """The records of some rows. InputError if they could not be counted."""
    data = "".join(map(_record, rows)).encode()
    if data.count(_END.encode()) != len(rows):
        raise InputError(
            "A value has the character U+001E in it, which ends the records of a query.",
            hint="Replace it in the query.",
        )
    return data


def _record(row: Row) -> str:
    fields = ["" if value is None else '"' + value.replace('"', '""') + '"' for value in row]
    return ",".join(fields) + "," + _END
