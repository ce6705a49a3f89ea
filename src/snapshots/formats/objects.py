"""Detects how JSON objects are laid out: each on a line, or as the elements of an array.

Fields are found by name, so that all names must be known before the first record is loaded.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import ObjectScanner, Records
from snapshots.defaults import MAX_RECORD_SIZE
from snapshots.errors import DialectError, UsageError
from snapshots.formats.chunks import all_chunks, head_chunks
from snapshots.formats.encoding_guess import detect
from snapshots.formats.encodings import transcode
from snapshots.formats.kernel_json import dialect_json
from snapshots.formats.sniff import HEAD, Sniffed
from snapshots.model import Dialect
from snapshots.notes import DetailNote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from snapshots._native import Chunk
    from snapshots.formats.options import DialectOptions
    from snapshots.ports import Source

NAMES_HEAD: Final = 16 << 20
"""Bytes that are read of an input which would have to be transferred again, or cannot be."""
MOST_NAMES: Final = 4096
"""More than any database has columns."""
ONE_A_LINE: Final = (
    "An object must be on one line, or be an element of one array. jq -c writes such lines:"
    " jq -c . FILE, or jq -c '.items[]' FILE for an array within an object."
)
_AS_PYTHON: Final = (
    "NaN, Infinity, None, True and single quotes are not JSON. Write null, true and double quotes."
)
_OF_PYTHON: Final = re.compile(r"[:,\[]\s*(?:NaN|-?Infinity|None|True|False)\b|[{,]\s*'")
_HAS_MEANING: Final = frozenset({"encoding", "max_record_size", "nested_objects"})
_FIRST: Final = 3
_SHOWN: Final = 200


def advice(beginning: str) -> str:
    """What to do about an input that begins so and is hardly JSON.

    >>> advice("{'a': 1}") == advice('{"a": 1}')
    False
    """
    return _AS_PYTHON if _OF_PYTHON.search(beginning) else ONE_A_LINE


class Objects(Struct, frozen=True):
    """JSON objects: lines, or the elements of one array. See `formats.Format`."""

    syntax: Literal["objects", "array"]
    with_types: bool = False
    """Whether the evidence of the types is wanted, too. It comes on the same way."""

    def detect(self, source: Source, given: DialectOptions) -> Sniffed:
        """Finds the names of the fields, and the encoding.

        All of a file is read for its names. Raises UsageError for an option that has no meaning,
        and DialectError if the input has no object.
        """
        _require_meaning(given)
        head = source.head(HEAD)
        encoding, note = _encoding(head, given.encoding)
        dialect = Dialect(
            delimiter="",
            quote=None,
            encoding=encoding,
            max_record_size=given.max_record_size or MAX_RECORD_SIZE,
            syntax=self.syntax,
            nested=given.nested_objects or "json",
        )
        notes = [note, DetailNote(self._says())]
        found = _names(source, dialect, with_types=self.with_types)
        if not found.names:
            raise self._no_object(head, encoding)
        if not found.complete:
            notes.append(
                DetailNote(
                    f"names are those of the first {NAMES_HEAD >> 20} MiB:"
                    " a record with another name is rejected"
                )
            )
        elif not found.closed and self.syntax == "array":
            notes.append("the array is not closed: the input may have been cut off")
        dialect = replace(dialect, names=found.names)
        sample = b"".join(transcode([head], encoding))
        return Sniffed(
            dialect=dialect,
            header=found.names,
            notes=tuple(notes),
            doubts=frozenset(),
            first=_first(sample),
            sample=b"".join(map(bytes, head_chunks(head, dialect, complete=len(head) < HEAD))),
            given=given,
            evidence=found.evidence,
        )

    def _says(self) -> str:
        if self.syntax == "array":
            return "JSON: each element of the array is a record"
        return "JSON Lines: each line is a record"

    def _no_object(self, head: bytes, encoding: str) -> DialectError:
        text = b"".join(transcode([head], encoding)).decode("utf-8", "replace")
        if self.syntax == "array" and text.strip().removeprefix("[").strip() in {"", "]"}:
            return DialectError("The array is empty: it has no records.", hint="Check its source.")
        return DialectError(
            f"No record is a JSON object with names. The input begins with {text[:60]!r}.",
            hint=advice(text),
        )


def _require_meaning(given: DialectOptions) -> None:
    """Raises UsageError for an option that describes text with delimiters."""
    wrong = next(
        (
            option.name
            for option in fields(given)
            if option.name not in _HAS_MEANING and getattr(given, option.name) is not None
        ),
        None,
    )
    if wrong is not None:
        raise UsageError(
            f"JSON objects have names, so the option {wrong!r} has no meaning for them.",
            hint="Leave it out. Only encoding, nested_objects and max_record_size can be given.",
        )


def _encoding(head: bytes, given: str | None) -> tuple[str, str]:
    """The encoding and a note about it. Without a mark it is UTF-8, and damage is rejected; or
    UTF-16, which JSON shows by its first characters."""
    try:
        found = detect(head, given, delimited=True)
    except DialectError:
        return "utf-8", DetailNote("encoding: UTF-8, though some bytes are not")
    if given is None and not found.sure and not found.encoding.startswith("utf-16"):
        return "utf-8", DetailNote("encoding: UTF-8, as JSON has it")
    return found.encoding, found.note


class _Names(Struct, frozen=True):
    names: tuple[str, ...]
    """In the order in which they come first."""
    complete: bool
    """Whether every record was looked at."""
    closed: bool
    """Whether the last record is followed by the bracket that closes an array."""
    evidence: str | None
    """Of the types, if that was wanted and every record was looked at."""


def _names(source: Source, dialect: Dialect, *, with_types: bool) -> _Names:
    is_stream = source.identity.fingerprint is None
    chunks: Iterator[Chunk]
    if is_stream or source.remote:
        head = source.head(NAMES_HEAD)
        complete = len(head) < NAMES_HEAD
        chunks = head_chunks(head, dialect, complete=complete)
    else:
        complete, chunks = True, all_chunks(source, dialect)
    form = dialect_json(dialect)
    scanner = ObjectScanner(form, MOST_NAMES) if with_types and complete else None
    found: dict[bytes, None] = {}
    chunk = None
    for chunk in chunks:
        if scanner is not None:
            scanner.scan(chunk)
        else:
            found.update(dict.fromkeys(Records.names(chunk, form, MOST_NAMES)))
            _require_few(found)
    names = list(found) if scanner is None else scanner.names()
    _require_few(names)
    return _Names(
        tuple(name.decode() for name in names),
        complete,
        chunk is not None and bytes(chunk).rstrip(b"\0 \t\r\n").endswith(b"]"),
        None if scanner is None else scanner.evidence(),
    )


def _require_few(names: Collection[bytes]) -> None:
    if len(names) > MOST_NAMES:
        raise DialectError(
            f"The records have more than {MOST_NAMES} different names.",
            hint="A table cannot have as many columns. Names that are data, such as ids, belong"
            " into an object of their own, which is loaded as one column.",
        )


def _first(sample: bytes) -> str:
    lines = [line for line in sample.split(b"\n") if line.strip()][:_FIRST]
    return " ".join(line.decode("utf-8", "replace")[:_SHOWN] for line in lines)
