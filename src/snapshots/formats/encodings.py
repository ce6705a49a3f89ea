"""Decodes any encoding to UTF-8 for the kernel, and maps rejects back to the original bytes.

The kernel reads UTF-8 alone. Bytes that cannot be decoded are neither replaced nor dropped. Each
becomes three bytes that are not UTF-8, and the kernel rejects the record. `original` returns the
bytes as they were.
"""

from __future__ import annotations

import codecs
import re
from difflib import get_close_matches
from encodings.aliases import aliases
from typing import TYPE_CHECKING

from snapshots.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BYTES_OF_NO_CHARACTER = 0xDC00
"""Where Unicode has low surrogates, which no UTF-8 may hold: one for each possible byte."""

_LOST = re.compile("([\udc00-\udcff]+)")
_ESCAPES = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
"""Python's codecs that are no encodings of text files."""


def is_utf8(encoding: str) -> bool:
    """Whether the bytes need no decoding before the kernel."""
    return canonical(encoding) == "utf-8"


def canonical(name: str) -> str:
    """Returns Python's name of an encoding. Raises DialectError, which names similar ones, if there
    is none.

    >>> canonical("latin1")
    'iso8859-1'
    """
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        codec = None
    if codec is None or not codec._is_text_encoding or codec.name in _ESCAPES:
        known = sorted({*aliases, *aliases.values()} - _ESCAPES)
        near = get_close_matches(name.lower().replace("-", "_"), known, 3)
        raise DialectError(
            f"The encoding {name!r} is unknown.",
            hint=(f"Did you mean {' or '.join(near)}? " if near else "")
            + "Common ones are utf-8, latin-1, cp1252, utf-16, shift_jis and big5.",
        )
    return "utf-8" if codec.name == "utf-8-sig" else codec.name


def transcode(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yields the same text in UTF-8, piece by piece. A byte order mark stays one."""
    decoder = codecs.getincrementaldecoder(encoding)("snapshots.keep")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text.encode("utf-8", "surrogatepass")
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", "surrogatepass")


def original(utf8: bytes, encoding: str) -> bytes:
    """Returns the input's bytes for bytes that `transcode` gave; nothing for a cut last character.

    If an encoding has two codes for one character, it may be the other one. It has the same length
    in all encodings but those that switch between character sets.
    """
    text = _whole_characters(utf8).decode("utf-8", "surrogatepass")
    parts = _LOST.split(text)
    return b"".join(
        bytes(ord(char) - _BYTES_OF_NO_CHARACTER for char in part)
        if index % 2
        else part.encode(encoding)
        for index, part in enumerate(parts)
    )


def _whole_characters(utf8: bytes) -> bytes:
    for back in range(1, min(4, len(utf8) + 1)):
        byte = utf8[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return utf8 if needed <= back else utf8[:-back]
        if byte < 0x80:
            break
    return utf8


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(chr(_BYTES_OF_NO_CHARACTER + byte) for byte in lost), error.end


codecs.register_error("snapshots.keep", _keep)
