"""Decides between readings of an input; where none is certain, nothing is loaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from snapshots.errors import DialectError, InputError
from snapshots.formats import doubt
from snapshots.formats.objects import advice
from snapshots.formats.remedies import remedies

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.contract.infer import Inferred
    from snapshots.formats.options import DialectOptions
    from snapshots.formats.sniff import Sniffed

FEW_RECORDS = 1000
"""With more records, --max-rejects judges the share that is rejected."""
_STANDS = "the names of the known columns are in {}"
_SENTENCE = re.compile(r"[^,;\t|]*[.!?]\s*|\s*[{<\[].*|.*\w, \w+ \w.*|\S+ \S+ \S+ .*", re.DOTALL)


def settle(sniffed: Sniffed, fits: Callable[[Sniffed], int] | None, place: str) -> Sniffed:
    """Chooses the reading to load by.

    `fits` says how many known columns a reading has, 0 if it cannot be loaded; it is None if no
    columns are known. Raises DialectError if several readings fit equally well.
    """
    if fits is None:
        if sniffed.question is not None:
            raise _at(sniffed, sniffed.question, place)
        return sniffed
    ranked = [(fits(one), one) for one in (sniffed, *sniffed.rivals)]
    most = max(number for number, _ in ranked)
    if most:
        fitting = [one for number, one in ranked if number == most]
        if len(fitting) > 1 and sniffed.question is not None:
            raise _at(sniffed, sniffed.question, place)
        return _with_names(fitting[0], fits)
    return _by_names(sniffed, fits, place) or sniffed


def _with_names(sniffed: Sniffed, fits: Callable[[Sniffed], int]) -> Sniffed:
    """The reading with its first record as the header, if that record has the known names.

    Detection takes it for data if it comes again below.
    """
    own = sniffed.dialect
    if own.header or "header" not in sniffed.doubts:
        return sniffed
    for one in sniffed.others():
        same = (one.dialect.delimiter, one.dialect.preamble) == (own.delimiter, own.preamble)
        if same and one.dialect.header and fits(one) == len(one.header):
            return replace(one, notes=(*one.notes, _STANDS.format("the first line")))
    return sniffed


def _by_names(sniffed: Sniffed, fits: Callable[[Sniffed], int], place: str) -> Sniffed | None:
    """Another reading whose header has the known names; None if there is none."""
    found: dict[tuple[str, int, tuple[str, ...]], tuple[int, Sniffed]] = {}
    for one in sniffed.others():
        if one.dialect.header and (number := fits(one)):
            key = (one.dialect.delimiter, one.dialect.preamble, one.header)
            found.setdefault(key, (number, one))
    if not found:
        return None
    most = max(number for number, _ in found.values())
    best = [one for number, one in found.values() if number == most]
    if len({one.dialect.delimiter for one in best}) > 1:
        ways = "; ".join(
            f"by {doubt.name(one.dialect.delimiter)}: {doubt.row(one.header)}" for one in best
        )
        raise DialectError(
            f"The input can be read in several ways that fit the table equally: {ways}.",
            place=place,
            hint="Choose one with --delimiter or --skip-rows.",
        )
    chosen = best[0]
    lines = chosen.dialect.preamble
    where = f"line {lines + 1}" if lines else "the first line"
    return replace(chosen, notes=(*chosen.notes, _STANDS.format(where)))


def require_sound(
    sniffed: Sniffed, given: DialectOptions, inferred: Inferred, place: str, *, remote: bool
) -> None:
    """Raises DialectError if most records would be rejected for their structure.

    Raises InputError if a web server's answer has no record and looks like a sentence. Neither is
    raised if the user has said how the input is written.
    """
    records = inferred.records + inferred.broken
    free = given.header is None and given.delimiter is None and not sniffed.named
    if remote and not records and free:
        _require_header(sniffed, place)
    if not inferred.complete or records >= FEW_RECORDS or inferred.unsound * 2 <= records:
        return
    if sniffed.dialect.syntax != "delimited":
        raise DialectError(
            f"{inferred.unsound} of {records} records are not JSON. The input begins with:"
            f" {sniffed.first}",
            place=place,
            hint=advice(sniffed.first),
        )
    quotes = inferred.quotes * 2 > inferred.unsound
    given_options = (
        (given.quote, given.escape)
        if quotes
        else (given.delimiter, given.ragged, given.preamble, given.header)
    )
    if any(one is not None for one in given_options):
        return
    dialect = sniffed.dialect
    of_all = f"{inferred.unsound} of {records} records"
    header = f"header {doubt.row(sniffed.header)}, then " if dialect.header else ""
    way = f"Read by {doubt.name(dialect.delimiter)}: {header}{sniffed.first}."
    ways = remedies(sniffed)
    if quotes:
        what = f"The quoting is unclear: {of_all} have broken quotes."
        quote = f'"{dialect.quote}"' if dialect.quote == "'" else f"'{dialect.quote}'"
        option = f"--quotechar {quote}"
    else:
        what = f"The delimiter is unclear: {of_all} do not have {len(sniffed.header)} fields."
        option = doubt.option(dialect.delimiter)
    if inferred.records:
        ways.append(f"{option} to load the others")
    ways.append("--delimiter none for one column")
    raise DialectError(f"{what} {way}", place=place, hint=f"Use {_or(ways)}.")


def _require_header(sniffed: Sniffed, place: str) -> None:
    own = sniffed.dialect.repeated if len(sniffed.header) > 1 else None
    line = own or ", ".join(sniffed.header)
    if len(sniffed.header) > 1 and not _SENTENCE.fullmatch(line):
        return
    shown = line if len(line) <= 100 else f"{line[:97]}..."
    raise InputError(
        f"The answer is one line of text, not a table: {shown!r}.",
        place=place,
        hint="Check the URL. If the line is a header without records, use --headers.",
    )


def _at(sniffed: Sniffed, error: DialectError, place: str) -> DialectError:
    ways = remedies(sniffed) if sniffed.rivals else []
    hint = error.hint
    if ways and hint.startswith("Use "):
        hint = f"Use {_or([*ways, hint.removeprefix('Use ').removesuffix('.')])}."
    return DialectError(error.message, hint=hint, place=place)


def _or(ways: list[str]) -> str:
    *first, last = ways
    return f"{', '.join(first)}, or {last}" if first else last
