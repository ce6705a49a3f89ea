"""Detects the encoding of an input: it is certain or asked for, and never guessed silently."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.errors import DialectError, InputError
from snapshots.formats.alphabets import by_letters
from snapshots.formats.encodings import canonical
from snapshots.notes import DetailNote

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

_SEPARATORS = b"\x01\x02\x1c\x1d\x1e\x1f"
"""Control characters that some programs write between fields and records."""
_NOT_IN_TEXT = bytes({*range(32), 127} - {*b"\t\n\v\f\r\x1a\x1b"})
_SHARE_OF_BINARY = 0.05
"""A few NULs are damage, many are no text."""
_SIGNATURES = (b"\x7fELF", b"\x89PNG\r\n", b"SQLite format 3\0", b"\xca\xfe\xba\xbe", b"PAR1\x15")
"""Of files that hold some text, too."""
_ASCII = bytes(range(128))
_LINE_END = re.compile(rb"[\r\n\x1e]")
_DELIMITER = re.compile(rb"[,;\t|\x01\x1f]")
_VISIBLE = re.compile(rb"[,;\t|]")
_MARK_OF_TABLE = re.compile(rb"[\r\n,;\t|\x01\x1e\x1f]")
_MOST_DIFFERENT = 8
"""Control characters in a text that has no delimiters."""
_PLAINLY = 3
"""With a third as many sound characters as bytes of damage, a text is no accident."""
_WESTERN = re.compile(
    r"[\s\x20-\x7eÀ-ÖØ-öø-ÿ\xa0\xa1\xa3\xa7\xa9-\xab\xae\xb0-\xb5\xb7\xb9-\xbf"
    r"\u20ac\u201a\u201e\u2026\u2020\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d"
    r"\u2022\u2013\u2014\u2122\u0161\u203a\u0153\u017e\u0178]*"
)
"""What stands in texts of Western Europe, quotation marks and dashes included."""
_IN_WORDS = re.compile("[\u2019\xb4\xb7\xad\u2013\u2014\xba\xaa]")
"""Signs that do stand within words."""
_SIGN_IN_A_WORD = re.compile(r"[^\W\d_][\x80-\xbf\u2000-\u2122\u02c6\u02dc][^\W\d_]")
_USUAL = {"cp1252", "iso8859-1"}
_SHARE_OF_NULS = 0.3
"""In UTF-16, ASCII (and so every delimiter and digit) has a NUL in one of its two bytes."""
_SHARE_ON_ONE_SIDE = 0.95


class DetectedEncoding(Struct, frozen=True):
    """An encoding, by Python's name, and the reason."""

    encoding: str
    note: str
    sure: bool = True


def detect(head: bytes, given: str | None = None, *, delimited: bool = False) -> DetectedEncoding:
    r"""Returns the encoding of an input that begins with `head`.

    An encoding that the user names is obeyed, and a byte order mark is believed. Otherwise it is
    UTF-8, wholly or with fewer damaged bytes than sound characters beyond ASCII. For anything else
    it raises a DialectError that names the likely encoding. Raises InputError if the bytes are no
    text, unless the user named a delimiter (`delimited`).

    >>> detect("Zoë,1\n".encode()).encoding
    'utf-8'
    """
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if given is not None:
        return _as_given(head, given, marked)
    if marked == "utf-8":
        return DetectedEncoding("utf-8", DetailNote("encoding: UTF-8, by its byte order mark"))
    if marked and marked.startswith("utf-32"):
        raise DialectError(
            f"The byte order mark says that the input is UTF-32 ({marked.upper()}).",
            hint="Use --encoding utf-32 if that is correct.",
        )
    if marked:
        return DetectedEncoding(
            marked, DetailNote(f"encoding: {marked.upper()}, by its byte order mark")
        )
    if wide := utf16_without_mark(head):
        return DetectedEncoding(
            wide, f"encoding: {wide.upper()} in all likelihood, by where its NULs are", sure=False
        )
    if not delimited and _is_binary(head):
        raise InputError(
            "This is binary data, not CSV.",
            hint="Name a text file of comma-separated values. If it is one, use --delimiter, or"
            " --encoding NAME.",
        )
    return _utf8_or_not(head)


def _is_binary(head: bytes) -> bool:
    """Many control characters, in what is no text otherwise. NULs that pad the end are damage to
    no record, and separators are none where lines, or records, have them in fair numbers.
    """
    if head.startswith(_SIGNATURES):
        return True
    text = head.rstrip(b"\0\r\n\x1a")
    if not _MARK_OF_TABLE.search(text):
        text = head
    control = len(text) - len(text.translate(None, _NOT_IN_TEXT))
    if control <= _SHARE_OF_BINARY * len(text):
        return False
    between = len(text) - len(text.translate(None, _SEPARATORS))
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text)
    except UnicodeDecodeError:
        if control - between > _SHARE_OF_BINARY * len(text) / 10:
            beyond = len(text.translate(None, _ASCII))
            return beyond * 5 > len(text) or not _is_in_fields(text, control, _VISIBLE)
        return b"\n" not in text and b"\x1e" not in text
    if control - between <= _SHARE_OF_BINARY * len(text) / 10:
        return False
    return not (_is_in_fields(text, control, _DELIMITER) or _has_few_kinds(text, control))


def _is_in_fields(text: bytes, control: int, delimiter: re.Pattern[bytes]) -> bool:
    """Whether most lines have delimiters, and control characters are less than what can be read
    between them.
    """
    lines = [line for line in _LINE_END.split(text) if line]
    delimited = sum(1 for line in lines if delimiter.search(line))
    few_nuls = text.count(0) <= _SHARE_OF_NULS * len(text)
    return few_nuls and delimited * 4 >= len(lines) * 3 and control * 3 <= len(text) * 2


def _has_few_kinds(text: bytes, control: int) -> bool:
    """Whether few different control characters stand in lines that can be read without them."""
    if text.count(0) > (_SHARE_OF_NULS * len(text) if _LINE_END.search(text) else 0):
        return False
    different = {*text} & {*_NOT_IN_TEXT}
    return control * 2 <= len(text) + 1 and len(different) <= _MOST_DIFFERENT


def utf16_without_mark(head: bytes) -> str | None:
    """Returns `utf-16-le` or `utf-16-be` if the NULs lie as in text of that encoding; else None."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd == 0 or even + odd < _SHARE_OF_NULS * len(head):
        return None
    if odd >= _SHARE_ON_ONE_SIDE * (even + odd):
        return "utf-16-le"
    if even >= _SHARE_ON_ONE_SIDE * (even + odd):
        return "utf-16-be"
    return None


def _as_given(head: bytes, given: str, marked: str | None) -> DetectedEncoding:
    encoding = canonical(given)
    if encoding in {"utf-16", "utf-32"}:
        # The kernel's bytes must not depend on a mark that a resumed import never sees.
        own = marked if marked and marked.startswith(encoding) else None
        wide = utf16_without_mark(head) if encoding == "utf-16" else None
        encoding = own or wide or f"{encoding}-le"
    return DetectedEncoding(encoding, DetailNote(f"encoding: {encoding}, as given"))


def _utf8_or_not(head: bytes) -> DetectedEncoding:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        pass
    else:
        return DetectedEncoding("utf-8", DetailNote("encoding: UTF-8"))
    sound = damaged = 0
    for match in _BEYOND_ASCII.finditer(head):
        if match[1]:
            sound += 1
        else:
            damaged += 1
    if sound > damaged:
        return DetectedEncoding(
            "utf-8",
            f"damaged UTF-8: {damaged} of the first {len(head)} bytes; such records are rejected",
            sure=False,
        )
    first = next(match for match in _BEYOND_ASCII.finditer(head) if not match[1])
    line = head.count(b"\n", 0, first.start()) + 1
    if sound * _PLAINLY >= damaged:
        raise DialectError(
            f"The input is only partly UTF-8: it has {sound} characters beyond ASCII, and"
            f" {damaged} bytes that are not UTF-8. The first one is"
            f" 0x{head[first.start()]:02X}, at offset {first.start()}, line {line}.",
            hint="Use --encoding utf-8 to reject only the records with such bytes, or --encoding"
            " NAME for another encoding.",
        )
    likely = _likely(head)
    raise DialectError(
        f"The input is not UTF-8 (byte 0x{head[first.start()]:02X} at offset {first.start()}, "
        f"line {line})" + (f"; it is probably {likely}." if likely else "."),
        hint=f"Use --encoding {likely or 'NAME'}, or --encoding utf-8 to reject only the records"
        " with such bytes.",
    )


def _likely(head: bytes) -> str | None:
    """What is plainly Western European, or by its letters of one language; else what
    charset-normalizer finds most probable in the lines that are not ASCII.
    """
    western = "cp1252" if re.search(rb"[\x80-\x9f]", head) else "latin-1"
    # Control characters, such as the end of file of DOS, are no sign of an encoding.
    lines = [line for line in head.splitlines(keepends=True) if not line.isascii()]
    sample = b"".join(lines)[:_SAMPLE].translate(None, _NOT_IN_TEXT + b"\x1a")
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    text = sample.decode("cp1252", "replace")
    if _is_western(text):
        return western
    if of_one_language := by_letters(sample):
        return western if of_one_language == "cp1252" else of_one_language
    from charset_normalizer import from_bytes

    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return None
    # Most tables of single bytes say the same of most texts; among equals the usual one.
    alike = [match for match in matches if _score(match) == _score(best)]
    names = {canonical(name) for match in alike for name in match.could_be_from_charset}
    if not names & _USUAL:
        return best.encoding
    if not _has_signs_in_words(text):
        return western
    others = [match.encoding for match in matches if canonical(match.encoding) not in _USUAL]
    return others[0] if others else None


def _is_western(text: str) -> bool:
    """Words of Latin letters, few of them accented, and signs that belong to them."""
    if not _WESTERN.fullmatch(text) or _has_signs_in_words(text):
        return False
    accented = sum(1 for char in text if char > "\xbf" and char.isalpha())
    letters = sum(1 for char in text if char.isalpha())
    in_a_row = len(re.findall(r"[À-ÖØ-öø-ÿ]{2,}", text))
    # A capital with an accent after a small letter is another letter in another encoding.
    torn = len(re.findall(r"[a-zß-öø-ÿ][À-ÖØ-Þ]", text))
    return accented * 4 <= letters and max(in_a_row, torn) * 4 <= accented


def _has_signs_in_words(text: str) -> bool:
    """What is a sign in Windows-1252 stands between letters: it is one itself, elsewhere."""
    return _SIGN_IN_A_WORD.search(_IN_WORDS.sub("", text)) is not None


def _score(match: CharsetMatch) -> tuple[float, float]:
    return match.chaos, match.coherence
