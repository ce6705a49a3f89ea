"""Recognizes inputs by their first bytes: compressed ones, archives, JSON, and what is no table."""

from __future__ import annotations

import codecs
import json
import re
import struct
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from snapshots.errors import InputError

if TYPE_CHECKING:
    from snapshots.model import FormatName

Codec: TypeAlias = Literal["gzip", "zstd", "bzip2", "xz"]

HEAD: Final = 64 * 1024
"""Bytes that recognition looks at."""

_SKIPPABLE_ZSTD: Final = b"\x2a\x4d\x18"
_BZIP2_BLOCKS: Final = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
_TAR_MAGIC_AT: Final = 257

OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The first bytes of a workbook that is no archive (.xls)."""
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_END_OF_ZIP: Final = struct.Struct("<4s16sH")
TAIL: Final = _END_OF_ZIP.size + 0xFFFF
"""Bytes at the end of an archive that has a program before it."""

ENCRYPTED_PARQUET: Final = b"PARE"
_PARQUET: Final = (b"PAR1", ENCRYPTED_PARQUET)
_TEXT: Final = rb'"(?:[^"\\\n]|\\.)*+"'
_OBJECT: Final = re.compile(
    rb"\s*\{\s*(?:" + _TEXT + rb"\s*:|'[^'\n]*+'\s*:|\})",
)
"""Single quotes are no JSON, but nothing else either: they are rejected."""
_SCALAR: Final = rb"(?:" + _TEXT + rb"|-?\d[\d.eE+-]*+|true|false|null)\s*+"
_ARRAY: Final = re.compile(
    rb"\s*\[\s*(?:" + _SCALAR + rb",\s*+)*+(?:[\[{]|(?:" + _SCALAR + rb")?\]\s*\Z)"
)
"""Of objects, of arrays and other values (which are rejected), or of nothing."""
_NO_HEADER: Final = re.compile(rb".*\}|(?:#|//|--)\s.*|-?\d[\d.eE+-]*|true|false|null", re.DOTALL)
"""A line above objects that names no columns."""
_LOOKED_AT: Final = 20
"""Lines that tell whether a first line that is no object stands before objects."""

_WEB: Final = re.compile(
    rb"(?:<!--.*?-->\s*)*+<(?:!doctype html|html|head|meta|body|table|style|div|script)\b",
    re.DOTALL,
)
_BEGINNING: Final = 2048
"""Bytes in which a document in XML or HTML says what it is."""

_SAVE: Final = "If it is a workbook, save it as .xlsx with a spreadsheet program."
JOIN: Final = "join them: zip -s 0 FILE.zip --out WHOLE.zip"
_UNPACK: Final = "Unpack it and import the CSV files in it."
_EXPORT: Final = "Export the table as CSV and import that."
_KINDS: Final = (
    (b"%PDF-", "a PDF", "A PDF has no records. Import the original data, as CSV."),
    (b"SQLite format 3\x00", "a SQLite database", _EXPORT),
    (b"ARROW1\x00\x00", "an Arrow file", _EXPORT),
    (b"FEA1", "a Feather file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"ORC\x0a", "an ORC file", _EXPORT),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _EXPORT),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x04\x22\x4d\x18", "compressed with LZ4", "Unpack it, or use gzip, zstd, bzip2 or xz."),
    (b"\x1f\x9d", "compressed with compress (.Z)", "Unpack it, or use gzip, zstd, bzip2 or xz."),
    (b"\x89PNG\r\n\x1a\n", "an image (PNG)", "Name a CSV file."),
    (b"\xff\xd8\xff", "an image (JPEG)", "Name a CSV file."),
    (b"\x7fELF", "a program", "Name a CSV file."),
    (b"\x1e{", "a JSON text sequence", "Remove its separators: tr -d '\\036' < FILE"),
    (b"PK\x07\x08", "a part of a zip archive", f"Get all parts, and {JOIN}"),
    (b"MIME-Version:", "a web archive (MHTML)", _SAVE),
)


def codec(head: bytes) -> Codec | None:
    """How an input is compressed, by its first bytes and not its name; None: it is not.

    >>> codec(bytes([31, 139, 8, 0]))
    'gzip'
    """
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"\x28\xb5\x2f\xfd") or (
        head[1:4] == _SKIPPABLE_ZSTD and head[0] & 0xF0 == 0x50
    ):
        return "zstd"
    if head.startswith(b"BZh") and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    return None


def is_parquet(head: bytes) -> bool:
    """Whether an input that begins so is a Parquet file, encrypted or not.

    >>> is_parquet(b"PAR1")
    True
    """
    return head.startswith(_PARQUET)


def is_container(head: bytes) -> bool:
    r"""Whether an input that begins so has its records within: an archive, a workbook or a Parquet
    file.

    >>> is_container(b"PK\x03\x04")
    True
    """
    return head.startswith((*_ZIP, OLD_WORKBOOK, *_PARQUET))


def ends_as_zip(tail: bytes) -> bool:
    r"""Whether an input ends as an archive does. One that unpacks itself begins with a program.

    >>> ends_as_zip(b"PK\x05\x06" + bytes(18)), ends_as_zip(bytes(99))
    (True, False)
    """
    at = tail.rfind(_ZIP[1])
    if at < 0 or len(tail) - at < _END_OF_ZIP.size:
        return False
    comment: int = _END_OF_ZIP.unpack_from(tail, at)[2]
    return len(tail) - at == _END_OF_ZIP.size + comment


def format_of(head: bytes, name: str) -> FormatName:
    r"""How an (unpacked) input that begins so is laid out. Raises InputError, saying what it is, if
    it has no records that can be read.

    >>> format_of(b'{"id": 1}\n{"id": 2}\n', "a.txt")
    'jsonl'
    """
    for magic, what, hint in _KINDS:
        if head.startswith(magic):
            raise _refusal(what, hint, name)
    if head[_TAR_MAGIC_AT:].startswith(b"ustar"):
        raise _refusal("a tar archive", _UNPACK, name)
    text = _as_utf8(head)
    if (document := _document(text)) is not None:
        raise _refusal(*document, name)
    if _ARRAY.match(text):
        return "json"
    return "jsonl" if _OBJECT.match(text) or _stands_before_objects(text) else "csv"


def _document(text: bytes) -> tuple[str, str] | None:
    """What a document in HTML or XML is, and what to do about it. Some programs write workbooks so
    and name them .xls."""
    start = text[:_BEGINNING].lstrip().lower()
    if b"urn:schemas-microsoft-com:office:spreadsheet" in start and start.startswith(b"<?xml"):
        return "an XML spreadsheet of Excel 2003", _SAVE
    if _WEB.match(start):
        advice = "Check the URL; download the data itself, not the page about it."
        return "an HTML page", f"{advice} {_SAVE}"
    if start.startswith(b"<?xml"):
        return "an XML document", "Convert it to CSV or JSON Lines."
    return None


def _stands_before_objects(text: bytes) -> bool:
    """Whether only the first line is no object: the end of one, where a log was cut; a remark; or a
    number. Anything else may be the header of a table, also of one with a column of JSON."""
    first, *lines = text.strip().split(b"\n", _LOOKED_AT + 1)[: _LOOKED_AT + 1]
    if not _NO_HEADER.fullmatch(first.strip()):
        return False
    return sum(map(_is_object, lines)) * 2 > len(lines)


def _is_object(line: bytes) -> bool:
    try:
        return _OBJECT.match(line) is not None and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _as_utf8(head: bytes) -> bytes:
    """The text in UTF-8 without its byte order mark, if it is in UTF-16: with a mark, or beginning
    with ASCII, as JSON does."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore").encode()
    if head[:1] != b"\0" == head[1:2]:
        return head.decode("utf-16-le", "ignore").encode()
    if head[:1] == b"\0" != head[1:2]:
        return head.decode("utf-16-be", "ignore").encode()
    return head.removeprefix(codecs.BOM_UTF8)


def _refusal(what: str, hint: str, name: str) -> InputError:
    return InputError(f"This is {what}, not CSV.", hint=hint, place=name)
