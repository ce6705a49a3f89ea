"""How a corrected record is kept and read: as CSV with commas in UTF-8, whatever its input was.

A correction has as many fields as the header. What is written here is read by the kernel alone, so
that a corrected record is judged as each other one is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from snapshots._native import Chunk, Records
from snapshots.formats import encodings
from snapshots.formats.kernel_json import dialect_json
from snapshots.model import Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.engine.plan.plan import Plan

CORRECTED = Dialect(header=False)
_MORE = b",x\n"
"""Ends a correction before it is converted: no record is blank, even if all its fields are NULL."""
_NOT_FIRST = 1 << 40
"""Any byte but the first, at which the kernel looks for a header and a byte order mark."""
_RECORD_END = b"\x1e"
_ENDED = b",x" + _RECORD_END
_SPECIAL = frozenset(',"\n\r')


class Field(NamedTuple):
    """One field of a record. An empty one without quotes is NULL."""

    text: str
    quoted: bool = False


NULL = Field("")


def plan_of_corrections(plan: Plan) -> Plan:
    """The plan by which corrections become rows of the same table as the import's own records."""
    own = plan.dialect
    dialect = replace(CORRECTED, max_record_size=own.max_record_size, decimal_char=own.decimal_char)
    return replace(plan, dialect=dialect, header=(*plan.header, ""), stage="")


def written(fields: Sequence[Field]) -> bytes:
    """The fields as a correction.

    >>> written([Field("a"), NULL, Field("", quoted=True), Field("b,c")])
    b'a,,"","b,c"'
    """
    return ",".join(map(_written, fields)).encode("utf-8", "surrogatepass")


def _written(field: Field) -> str:
    text = field.text
    if (field.quoted and not text) or not _SPECIAL.isdisjoint(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def fields_of_correction(correction: bytes) -> list[Field]:
    """The fields of what `written` gave."""
    found = _fields(correction + _MORE, dialect_json(CORRECTED))
    assert found is not None  # noqa: S101 - nothing else is ever kept
    return found[:-1]


def chunk_of_correction(correction: bytes, line: int) -> Chunk:
    """The chunk from which the kernel makes the row of a correction, with the input's line."""
    return Chunk.of(correction + _MORE, _NOT_FIRST, line)


def counted_as_lines(plan: Plan) -> Plan:
    """A plan of corrections, for chunks in which each is a line, whatever line ends are in it."""
    return replace(plan, dialect=replace(plan.dialect, terminator="rs"))


def chunk_of_lines(corrections: Sequence[bytes], line: int) -> Chunk | None:
    """A chunk for that, of records whose lines follow each other. None: a value has its
    separator."""
    joined = _ENDED.join([*corrections, b""])
    if joined.count(_RECORD_END) != len(corrections):
        return None
    return Chunk.of(joined, _NOT_FIRST, line)


def chunk_of_record(record: bytes, line: int, dialect: Dialect) -> Chunk:
    """The chunk from which the kernel makes the row of a rejected record, given in UTF-8."""
    return Chunk.of(record + dialect.line_end, _NOT_FIRST, line)


def in_utf8(raw: bytes, dialect: Dialect) -> bytes:
    """A rejected record as the kernel has seen it."""
    if encodings.is_utf8(dialect.encoding):
        return raw
    return b"".join(encodings.transcode([raw], dialect.encoding))


def fields_of_record(record: bytes, dialect: Dialect, width: int) -> list[Field] | None:
    """The fields of a record in UTF-8. None if it is broken, has bytes of no character, or not as
    many fields as the header, `width`."""
    found = _fields(record + dialect.line_end, _alone(dialect))
    if found is None:
        return None
    if dialect.ragged != "reject":
        while len(found) > width and found[-1] == NULL:
            found.pop()
    if dialect.ragged == "pad":
        found += [NULL] * (width - len(found))
    return found if len(found) == width else None


@lru_cache(maxsize=64)
def _alone(dialect: Dialect) -> str:
    """The JSON of the dialect of a single record."""
    return dialect_json(
        replace(
            dialect, header=False, preamble=0, rows_after_header=0, comment=None, encoding="utf-8"
        )
    )


def _fields(data: bytes, form: str) -> list[Field] | None:
    records = Records.parse(data, form, 2)
    if len(records) != 1 or records[0][2] is None:
        return None
    values = records[0][2]
    quotes = [False] * len(values)
    if b"" in values:
        # Only of an empty field does it matter.
        (marks,) = Records.written(data, form, 2)
        quotes = [quoted for _, quoted in marks or ()]
    try:
        return [
            Field(value.decode("utf-8"), quoted)
            for value, quoted in zip(values, quotes, strict=True)
        ]
    except UnicodeDecodeError:
        return None
