"""Proposes which fields of an input belong to which columns, for a person who then decides."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Likeness = Literal["same", "alike", "similar"]
"""How near two names are. `same`: but for case. `alike`: but for accents and punctuation."""

_SIMILAR: Final = 0.75
"""The least ratio of `SequenceMatcher` for names that count as similar."""
_MOST: Final = 400
"""With more names on a side, similar ones are not looked for: it takes the square of their number.
"""


def propose(
    header: Sequence[str], columns: Sequence[str]
) -> tuple[tuple[str, Likeness] | None, ...]:
    """Returns the likeliest column for each field of a header; None where none is like it.

    No column is proposed twice.

    >>> propose(["Order-ID", "Qty"], ["order_id", "price"])
    (('order_id', 'alike'), None)
    """
    found: dict[int, tuple[str, Likeness]] = {}
    free = dict.fromkeys(columns)
    ways: tuple[tuple[Likeness, Callable[[str], str]], ...] = (
        ("same", str.casefold),
        ("alike", _bare),
    )
    for how, form in ways:
        by_form: dict[str, str] = {}
        for column in free:
            by_form.setdefault(form(column), column)
        for at, name in enumerate(header):
            column = by_form.get(form(name), "") if at not in found and form(name) else ""
            if column in free:
                found[at] = column, how
                del free[column]
    if max(len(header), len(columns)) <= _MOST:
        for at, column in _similar(header, list(free), found):
            found[at] = column, "similar"
    return tuple(found.get(at) for at in range(len(header)))


def _similar(
    header: Sequence[str], free: list[str], found: dict[int, tuple[str, Likeness]]
) -> list[tuple[int, str]]:
    """Pairs the names that are left, the most similar first."""
    ranked = []
    for order, column in enumerate(free):
        matcher = SequenceMatcher(b=_bare(column), autojunk=False)
        for at, name in enumerate(header):
            if at in found:
                continue
            matcher.set_seq1(_bare(name))
            if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
                continue
            if (ratio := matcher.ratio()) >= _SIMILAR:
                ranked.append((-ratio, at, order, column))
    pairs: dict[int, str] = {}
    for _, at, _, column in sorted(ranked):
        if at not in pairs and column not in pairs.values():
            pairs[at] = column
    return list(pairs.items())


def _bare(name: str) -> str:
    """A name without case, accents, blanks and punctuation."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in plain if char.isalnum())
