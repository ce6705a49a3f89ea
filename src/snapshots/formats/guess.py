"""Which encoding an input is in: known, or asked for; never guessed silently."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import DialectError, InputError
from snapshots.formats.encodings import canonical

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARACTER = (
    rb"[\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_BEYOND_ASCII = re.compile(rb"(" + _CHARACTER + rb")|[\x80-\xff]")
_SAMPLE = 128 * 1024
"""Bytes that the guess at an encoding looks at: more would not make it better."""

_NOT_IN_TEXT = bytes({*range(32), 127} - {*b"\t\n\v\f\r\x1a\x1b"})
_SHARE_OF_BINARY = 0.05
"""A few NULs are damage, many are no text."""
_SHARE_OF_NULS = 0.3
"""In UTF-16, ASCII (and so every delimiter and digit) has a NUL in one of its two bytes."""
_SHARE_ON_ONE_SIDE = 0.95


@dataclass(frozen=True, slots=True)
class Detected:
    """An encoding, by Python's name, and why."""

    encoding: str
    note: str
    sure: bool = True


def detect(head: bytes, given: str | None = None) -> Detected:
    """The encoding of an input that begins with `head`.

    What a user says is obeyed. A byte order mark is believed. Else it is UTF-8: wholly, or
    with fewer bytes of damage than sound characters beyond ASCII. Anything else is a
    DialectError that names the likely encoding: the user must say so. InputError if it is no
    text at all.
    """
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if given is not None:
        return _as_given(head, given, marked)
    if marked == "utf-8":
        return Detected("utf-8", "encoding: UTF-8, by its byte order mark")
    if marked and marked.startswith("utf-32"):
        raise DialectError(
            f"The input is UTF-32, by its byte order mark ({marked.upper()}).",
            hint="Say --encoding utf-32 if that is so.",
        )
    if marked:
        return Detected(marked, f"encoding: {marked.upper()}, by its byte order mark")
    if wide := utf16_without_mark(head):
        return Detected(
            wide, f"encoding: {wide.upper()} in all likelihood, by where its NULs are", sure=False
        )
    if len(head) - len(head.translate(None, _NOT_IN_TEXT)) > _SHARE_OF_BINARY * len(head):
        raise InputError(
            "This is binary data, not CSV.",
            hint="Give a text file of comma-separated values; if it is one, say --encoding NAME.",
        )
    return _utf8_or_not(head)


def utf16_without_mark(head: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` if the NULs lie as in text of that encoding."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd == 0 or even + odd < _SHARE_OF_NULS * len(head):
        return None
    if odd >= _SHARE_ON_ONE_SIDE * (even + odd):
        return "utf-16-le"
    if even >= _SHARE_ON_ONE_SIDE * (even + odd):
        return "utf-16-be"
    return None


def _as_given(head: bytes, given: str, marked: str | None) -> Detected:
    encoding = canonical(given)
    if encoding in {"utf-16", "utf-32"}:
        # The kernel's bytes must not depend on a mark that a resumed import never sees.
        own = marked if marked and marked.startswith(encoding) else None
        wide = utf16_without_mark(head) if encoding == "utf-16" else None
        encoding = own or wide or f"{encoding}-le"
    return Detected(encoding, f"encoding: {encoding}, as given")


def _utf8_or_not(head: bytes) -> Detected:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        pass
    else:
        return Detected("utf-8", "encoding: UTF-8")
    sound = damaged = 0
    for match in _BEYOND_ASCII.finditer(head):
        if match[1]:
            sound += 1
        else:
            damaged += 1
    if sound > damaged:
        return Detected(
            "utf-8",
            f"encoding: UTF-8 with damage: {damaged} of the first {len(head)} bytes are not "
            f"UTF-8, beside {sound} characters beyond ASCII that are; records with such bytes "
            "are rejected",
            sure=False,
        )
    first = next(match for match in _BEYOND_ASCII.finditer(head) if not match[1])
    line = head.count(b"\n", 0, first.start()) + 1
    likely = _likely(head)
    raise DialectError(
        f"The input is not UTF-8 (byte 0x{head[first.start()]:02X} at offset {first.start()}, "
        f"line {line})" + (f"; it is likely {likely}." if likely else "."),
        hint=f"Say --encoding {likely or 'NAME'}, or --encoding utf-8 to reject only the "
        "records with such bytes.",
    )


def _likely(head: bytes) -> str | None:
    """What charset-normalizer finds most probable in the lines that are not ASCII."""
    from charset_normalizer import from_bytes

    lines = [line for line in head.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(lines[:-1] or lines)[:_SAMPLE]
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return None
    # Most tables of single bytes say the same of most texts; among equals the usual one.
    alike = [match for match in matches if _score(match) == _score(best)]
    names = {canonical(name) for match in alike for name in match.could_be_from_charset}
    if names & {"cp1252", "iso8859-1"}:
        return "cp1252" if re.search(rb"[\x80-\x9f]", sample) else "latin-1"
    return best.encoding


def _score(match: CharsetMatch) -> tuple[float, float]:
    return match.chaos, match.coherence
