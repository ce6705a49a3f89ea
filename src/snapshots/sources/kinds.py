"""Recognizes inputs by their first bytes: compressed ones, and those that are no CSV."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from snapshots.errors import InputError

Codec: TypeAlias = Literal["gzip", "zstd", "bzip2", "xz"]

HEAD: Final = 64 * 1024
"""Bytes that recognition looks at."""

_SKIPPABLE_ZSTD: Final = b"\x2a\x4d\x18"
_BZIP2_BLOCKS: Final = (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
_TAR_MAGIC_AT: Final = 257

_UNPACK: Final = "Unpack it and import the CSV files in it."
_EXPORT: Final = "Export the table as CSV and import that."
_KINDS: Final = (
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", "Name a CSV file."),
    (b"%PDF-", "a PDF", "A PDF has no records. Import the original data, as CSV."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)", _EXPORT),
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


def refuse_what_is_no_csv(head: bytes, name: str) -> None:
    """Raises InputError, saying what it is, if an (unpacked) input cannot be CSV."""
    for magic, what, hint in _KINDS:
        if head.startswith(magic):
            raise _refusal(*(_zip(head) if what == "a zip archive" else (what, hint)), name)
    if head[_TAR_MAGIC_AT:].startswith(b"ustar"):
        raise _refusal("a tar archive", _UNPACK, name)
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise _refusal(
            "an HTML page", "Check the URL; download the data itself, not the page about it.", name
        )
    if re.match(rb"\s*(?:\{\s*(?:\"[^\"\n]*\"\s*:|\})|\[\s*[\[{])", head):
        raise _refusal("JSON", "Convert it to CSV, for example with jq -r '... | @csv'.", name)


def _zip(head: bytes) -> tuple[str, str]:
    if b"xl/" in head or b"[Content_Types].xml" in head[:64]:
        return "an Excel workbook (.xlsx)", "Save each sheet as CSV (UTF-8) and import those."
    if b"mimetypeapplication/vnd.oasis" in head[:128]:
        return "an OpenDocument file (.ods)", "Save each sheet as CSV (UTF-8) and import those."
    return "a zip archive", _UNPACK


def _refusal(what: str, hint: str, name: str) -> InputError:
    return InputError(f"This is {what}, not CSV.", hint=hint, place=name)
