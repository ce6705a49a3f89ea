"""Chooses the candidate that an input is written in, or says that it is in doubt.

It judges how even the records are, whether the first one agrees, and how much the cells look like
values. Two that fit alike are a doubt; so is one column of lines that have a separator.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots.formats.candidates import (
    CONTROLS,
    DELIMITERS,
    RARE,
    WEAK,
    Candidate,
    backslash,
    is_free,
    measure,
)
from snapshots.formats.candidates import candidates as all_candidates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.formats.options import DialectOptions
    from snapshots.model import Dialect

_FALLBACKS = (",", "\t", "|", ";", "\x1f", "")
"""For one column: the first that occurs in no value."""
_ALIKE = 0.08
"""Two whose merits differ by less fit equally."""
_NEARLY_ALL = 0.97
_MOST = 0.8
_OBVIOUS = 0.5
_SOME = 0.2
_NOT_TORN = 0.3
_FEW_WORDS = 3
_FEW_LINES = 3
_FEWEST_RECORDS = 2
_TWICE = 2


class DialectChoice(Struct, frozen=True):
    """The candidate that fits best, and others that fit as well."""

    found: Candidate
    rivals: tuple[Candidate, ...] = ()
    """Candidates that fit as well; if there are any, it is in doubt which one is right."""
    others: tuple[Candidate, ...] = ()
    """Candidates that fit less well, the best first, for a table that knows its columns."""


def choose(sample: bytes, start: Dialect, given: DialectOptions) -> DialectChoice:
    """Returns the best of all candidates that agree with the options. Raises ValueError for an
    impossible dialect."""
    tried = _one_for_each(list(all_candidates(sample, start, given)))
    if given.delimiter is not None:
        return DialectChoice(max(tried, key=lambda one: (one.score, one.even)))
    alive = [one for one in tried if one.score > 0]
    even = [one.begin for one in alive if _is_even_below(one) and not _is_chance(one)]
    if even:
        # What is even from its first record on needs no more lines to be passed over.
        alive = [one for one in alive if one.begin <= min(even)]
    alive = [one for one in alive if not _is_prose(sample, one)]
    strong = [one for one in alive if one.dialect.delimiter in DELIMITERS]
    weak = [one for one in alive if _is_weak(one)]
    other = [one for one in alive if one not in strong and not _is_weak(one)]
    signs = [one for one in alive if _is_sign(sample, one)]
    clear = [one for one in other if _is_even(one) or one in signs]
    if weak:
        lines = one_column(sample, tried[0], given)
        clear += [one for one in weak if _has_values(one, lines)]
    fitting = sorted([*strong, *clear], key=merit, reverse=True)
    if not fitting:
        return _without_columns(sample, tried, weak, one_column(sample, tried[0], given))
    over_all = [one for one in fitting if one in signs and one.worth > _NOT_TORN]
    rivals: list[Candidate] = []
    if over_all:
        best = over_all[0]
        rest = [*over_all[1:], *[one for one in fitting if one not in over_all]]
    else:
        best, *rest = fitting
        rivals = [one for one in rest if merit(best) - merit(one) < _ALIKE]
        rest += [one for one in weak if one not in fitting and _sets_values_free(one, best)]
    rivals += [one for one in rest if one not in rivals and _splits_names(sample, one, best)]
    return DialectChoice(best, tuple(rivals), tuple(one for one in rest if one not in rivals))


def merit(one: Candidate) -> float:
    """By which candidates are ranked: first how even they are, then what their cells look like."""
    return one.agree + one.score + one.worth + 0.02 * min(one.fields, 6)


def _splits_names(sample: bytes, one: Candidate, best: Candidate) -> bool:
    """Whether another reading takes the names in the header apart, too, and every record with
    them: `a,b;c` above `1,2;3`. That a number may have a comma in it explains no name.

    A control character or several signs are in no name; a tab hardly, but neither is `a,b`. With
    so many more fields there is no doubt, and a text has commas before spaces.
    """
    own, other = best.dialect.delimiter, one.dialect.delimiter
    if (own in CONTROLS and own != "\t") or len(own) > 1 or len(other) > 1:
        return False
    if one.begin != best.begin or not (_is_even(one) and _is_even(best)):
        return False
    if one.total < _FEWEST_RECORDS or one.typed[one.begin] or best.typed[best.begin]:
        return False
    if best.fields >= _TWICE * one.fields:
        return False
    if _goes_before_space(sample, own):
        return other != " "
    return not _goes_before_space(sample, other)


def _goes_before_space(sample: bytes, delimiter: str) -> bool:
    """`Last, First`: as within a text."""
    byte = delimiter.encode()
    return sample.count(byte + b" ") >= _MOST * sample.count(byte)


def _sets_values_free(one: Candidate, best: Candidate) -> bool:
    """Whether a weak delimiter leaves values alone below the first record, where the best does
    not."""
    if not _is_even(one):
        return False

    def bare(reading: Candidate) -> bool:
        below = zip(reading.typed[1:], reading.widths[1:], strict=False)
        return all(typed == width for typed, width in below)

    return bare(one) and not bare(best)


def _one_for_each(tried: list[Candidate]) -> list[Candidate]:
    """Of the readings with one delimiter, and other line ends, the better."""
    best: dict[str, Candidate] = {}
    for one in tried:
        other = best.get(one.dialect.delimiter)
        if other is None or merit(one) > merit(other):
            best[one.dialect.delimiter] = one
    return list(best.values())


def _is_even(one: Candidate) -> bool:
    return one.agree >= _NEARLY_ALL and one.first_agrees and len(one.widths) > 1


def _is_even_below(one: Candidate) -> bool:
    """Also where the first line may be a title, or a header that is too short."""
    return one.agree >= _NEARLY_ALL and one.even > 1


def _is_chance(one: Candidate) -> bool:
    """A few spaces or colons may be in every line of what has another delimiter."""
    return (
        _is_weak(one) and one.quoted * 2 < one.total and one.fields < _FEW_WORDS + (one.begin > 0)
    )


def _is_sign(sample: bytes, one: Candidate) -> bool:
    """A tab, another control character, or several signs: what has them in it is no cell."""
    delimiter = one.dialect.delimiter
    if len(delimiter) > 1 and one.first_agrees and _has_its_signs(sample, delimiter):
        return True
    return (delimiter in CONTROLS or len(delimiter) > 1) and _is_even_below(one)


def _has_its_signs(sample: bytes, delimiter: str) -> bool:
    """Whether its signs are nearly never seen elsewhere: then one of them alone would only tear it
    apart, however uneven the records are."""
    found = sample.count(delimiter.encode())
    return all(
        found * delimiter.count(sign) >= _NEARLY_ALL * sample.count(sign.encode())
        for sign in {*delimiter}
    )


def _is_prose(sample: bytes, one: Candidate) -> bool:
    """Texts with commas in them, as many in each by chance, under a header without any."""
    if one.dialect.delimiter != "," or one.begin != 1 or one.quoted:
        return False
    typed = one.typed[one.begin :]
    commas = sample.count(b",")
    return sample.count(b", ") >= _MOST * commas and typed.count(0) >= _MOST * len(typed)


def _is_weak(one: Candidate) -> bool:
    """A delimiter that is in many a text. Several hashes in each record are in none."""
    return one.dialect.delimiter in WEAK and (one.dialect.delimiter != "#" or one.fields == 2)


def _has_values(one: Candidate, lines: Candidate) -> bool:
    """A space, a colon or a hash delimits only where it sets values free, under a header.

    Without a header there must be several values in a record; and a line that is a value itself,
    such as a time, is not taken apart.
    """
    if not _is_even(one) or _are_values(lines):
        return False
    if one.quoted * 2 >= one.total:
        return True
    if one.begin:
        return False
    below = one.typed[1:]
    typed = len(below) - below.count(0) >= _MOST * len(below)
    several = sum(1 for values in below if values > 1) >= _MOST * len(below)
    header = one.typed[0] == 0
    return one.worth > _MOST and typed and (header or (several and one.fields > 2))


def _are_values(lines: Candidate) -> bool:
    below = lines.typed[1:] or lines.typed
    return len(below) - below.count(0) >= _MOST * len(below)


def _without_columns(
    sample: bytes, tried: Sequence[Candidate], weak: Sequence[Candidate], lines: Candidate
) -> DialectChoice:
    """No delimiter splits the records in a steady way: one column, a ragged table, or a doubt."""
    begun = [one for one in _before_a_long_field(sample, tried) if one.score > 0]
    if begun:
        return DialectChoice(max(begun, key=merit))
    usual = [one for one in tried if not _is_weak(one)]
    ragged = [one for one in usual if _is_obvious(sample, one)]
    if ragged:
        ragged.sort(key=lambda one: (one.several, one.even, merit(one)), reverse=True)
        best, *rest = ragged
        alike = tuple(one for one in rest if (one.several, one.even) == (best.several, best.even))
        return DialectChoice(best, alike, (lines,))
    plain = _as_one_column(sample, lines)
    if _are_values(lines):
        return DialectChoice(plain)
    hidden = [one for one in usual if one.dialect.delimiter != "," and _is_frequent(one)]
    hidden += [one for one in weak if _is_even_below(one) and _separates(one)]
    return DialectChoice(plain, tuple(hidden))


def _before_a_long_field(sample: bytes, tried: Sequence[Candidate]) -> list[Candidate]:
    """A quoted field may be longer than the sample, and its lines look like records of their
    own: as what comes before it.
    """
    return [measure(sample[: one.sound], one.dialect) for one in tried if one.sound is not None]


def _is_obvious(sample: bytes, one: Candidate) -> bool:
    """The first record has the delimiter, and so have most: no prose with a comma in it."""
    delimiter = one.dialect.delimiter
    if len(one.widths) < _FEW_LINES or one.widths[0] < 2:
        return False
    like_the_first = one.widths.count(one.widths[0]) - 1
    if one.several < _OBVIOUS * len(one.widths) and like_the_first < _SOME * len(one.widths):
        return False
    return delimiter != "," or sample.count(b", ") * 2 < sample.count(b",")


def _is_frequent(one: Candidate) -> bool:
    return len(one.widths) >= _FEW_LINES and one.several >= _OBVIOUS * len(one.widths)


def _separates(one: Candidate) -> bool:
    """Whether lines without values in them still look like records."""
    fewest = _FEW_WORDS if one.dialect.delimiter == " " else 2
    if one.begin and not one.apart:
        fewest += 1
    return one.fields >= fewest and len(one.widths) >= _FEW_LINES


def one_column(sample: bytes, like: Candidate, given: DialectOptions) -> Candidate:
    """Every record is one field."""
    dialect = replace(
        like.dialect,
        delimiter="",
        skip_initial_space=bool(given.skip_initial_space),
        escape=given.escape or None,
        escape_unquoted=True,
    )
    return backslash(sample, measure(sample, dialect), given)


def _as_one_column(sample: bytes, lines: Candidate) -> Candidate:
    """The same by a delimiter that splits no value: a later record with one is not overlooked."""
    for delimiter in filter(partial(is_free, lines.dialect), _FALLBACKS):
        if delimiter.encode() not in sample or not delimiter:
            return replace(lines, dialect=replace(lines.dialect, delimiter=delimiter))
        one = measure(sample, replace(lines.dialect, delimiter=delimiter))
        if one.several == 0:
            return one
    return lines


__all__ = ["RARE", "DialectChoice", "choose", "merit", "one_column"]
