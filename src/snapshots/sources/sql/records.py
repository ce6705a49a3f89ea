"""Writes rows as CSV without losing anything.

NULL is an empty field and every other value is quoted, so that an empty text stays a text. A record
ends with U+001E: whatever line ends its values have, its number is that of its row. One more
delimiter stands before that, because NULL alone in a row would otherwise be a blank line.
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
"""The name of the field behind the last delimiter, which is always empty."""

_END = "\x1e"


def encode(rows: Sequence[Row]) -> bytes:
    """The records of some rows. Raises InputError if a value holds U+001E."""
    data = "".join(map(_record, rows)).encode()
    if data.count(_END.encode()) != len(rows):
        raise InputError(
            "A value contains the character U+001E, which ends the records of a query.",
            hint="Replace it in the query.",
        )
    return data


def _record(row: Row) -> str:
    fields = ["" if value is None else '"' + value.replace('"', '""') + '"' for value in row]
    return ",".join(fields) + "," + _END
