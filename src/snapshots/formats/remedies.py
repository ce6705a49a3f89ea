"""Finds options for an input that is in doubt, and tries each on its head."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from snapshots._native import Chunk, Scanner
from snapshots.errors import DialectError
from snapshots.formats.kernel_json import dialect_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.formats.options import DialectOptions
    from snapshots.formats.sniff import Sniffed

_MARKS = "#%!;*"
"""Characters with which remarks begin."""
_MOST = 3
_LINES = 30


_Way = tuple[str, str, dict[str, Any]]
"""An option, the case that it is meant for, and the dialect options that it sets."""


class _Remedy(Struct, frozen=True):
    option: str
    why: str
    unsound: int
    """Records that are rejected for their structure all the same."""

    def __str__(self) -> str:
        return f"{self.option} {self.why}"


def remedies(sniffed: Sniffed) -> list[str]:
    """Returns options that make a table of most records, each with its case, the best first. It
    leaves out what the user has set already."""
    now, _ = _unsound(sniffed)
    found = []
    for option, why, options in _ways(sniffed):
        try:
            other = sniffed.again(**options)
        except DialectError:
            continue
        unsound, records = _unsound(other)
        if other.question is not None or len(other.header) == 1 or not records:
            continue
        if "preamble" in options and ("header" in other.doubts or not other.dialect.header):
            continue
        # Broken single quotes are no worse than the fields that they are torn into.
        enough = records // 2
        if options.get("quote") == "'":
            enough = records - 1
        elif sniffed.question is None:
            enough = min(enough, now - 1)
        elif len(sniffed.header) > 1:
            enough = 0
        if unsound <= enough:
            found.append(_Remedy(option, why, unsound))
    found.sort(key=lambda one: one.unsound)
    return [str(one) for one in found[:_MOST]]


def _ways(sniffed: Sniffed) -> Iterator[_Way]:
    given: DialectOptions = sniffed.given
    sample, dialect = sniffed.sample, sniffed.dialect
    lines = sample[:100_000].splitlines()
    if given.comment is None:
        for mark in _MARKS:
            if mark != dialect.delimiter and any(line.startswith(mark.encode()) for line in lines):
                yield f"--comment '{mark}'", "if it begins comments", {"comment": mark}
    table = lines[dialect.preamble :]
    if dialect.comment:
        remark = dialect.comment.encode()
        table = [line for line in table if not line.startswith(remark)]
    yield from _ways_to_quote(sniffed, table)
    if given.ragged is None and sniffed.question is None:
        yield "--ragged pad", "to fill short records", {"ragged": "pad"}
    if given.preamble is None and (sniffed.question is None or len(sniffed.header) == 1):
        for number in range(1, min(len(lines), _LINES)):
            why = f"if the header is in line {number + 1}"
            yield f"--skip-rows {number}", why, {"preamble": number}


def _ways_to_quote(sniffed: Sniffed, lines: list[bytes]) -> Iterator[_Way]:
    given, sample, dialect = sniffed.given, sniffed.sample, sniffed.dialect
    if given.quote is None:
        if dialect.quote != "'" and _enclose_fields(lines, dialect.delimiter):
            yield """--quotechar "'\"""", "if single quotes enclose fields", {"quote": "'"}
        if dialect.quote and dialect.quote.encode() in sample:
            yield "--quotechar none", "if quotes have no special meaning", {"quote": ""}
    if given.escape is None and b"\\" in sample:
        yield "--escapechar '\\'", "if backslashes escape quotes", {"escape": "\\"}


def _enclose_fields(lines: list[bytes], delimiter: str) -> bool:
    """Whether single quotes begin fields, and end some, in half of the lines."""
    edge = re.escape(delimiter.encode())
    opens, closes = re.compile(rb"(?:^|" + edge + rb") *'"), re.compile(rb"' *(?:" + edge + rb"|$)")
    both = sum(1 for line in lines if opens.search(line) and closes.search(line))
    return both * 2 >= len(lines) > 0


def _unsound(sniffed: Sniffed) -> tuple[int, int]:
    """Returns how many records are rejected for their structure, and how many there are."""
    scanner = Scanner(dialect_json(sniffed.dialect), len(sniffed.header))
    scanner.scan(Chunk.of(sniffed.sample))
    evidence = json.loads(scanner.evidence())
    return evidence["unsound"], evidence["records"] + evidence["broken"]
