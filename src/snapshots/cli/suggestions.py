"""Which word a user may have meant who mistyped one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALIKE = 0.7
"""Of 1, the share of characters that two words have in common. Two that are swapped in a word of
four leave 0.75."""
_BEGINNING = 3
"""Characters that are enough as the beginning of a word."""


def meant(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one; None: none is.

    >>> meant("improt", ["import", "list"]), meant("rej", ["rejects"]), meant("data", ["list"])
    ('import', 'rejects', None)
    """
    from difflib import get_close_matches

    lowered = {one.lower(): one for one in known}
    word = word.lower()
    if close := get_close_matches(word, lowered, 1, _ALIKE):
        return lowered[close[0]]
    if len(word.lstrip("-")) >= _BEGINNING:
        begun = [one for one in lowered if one.startswith(word)]
        if len(begun) == 1:
            return lowered[begun[0]]
    return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The question to append to a message, with a space before it; empty: no word is like it."""
    found = meant(word, known)
    return f" Did you mean {found}?" if found else ""
