"""Which encoding makes words of one language of a few bytes beyond ASCII.

A table of names and towns has few of them, and that is too little for statistics; but a byte that
is a letter of German in one encoding is one of no language, or of another, in the next.
"""

from __future__ import annotations

import re

_ENCODINGS = ("cp1252", "cp850", "mac-roman", "cp1250", "iso8859-2", "cp852", "cp437", "cp865")
"""The usual ones of Latin letters, the likelier first: of two that say the same it is named."""
_LETTERS = (
    "äöüß",
    "àâæçéèêëîïôœùûüÿ",
    "áéíñóúü",
    "ãáàâçéêíóôõúü",
    "àèéìíòóù",
    "åäöéæø",
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýžľĺŕäô",
    "áéíóöőúüű",
)
"""Of German, French, Spanish, Portuguese, Italian, the North, Polish, Czech, Hungarian."""
_SIGNS = "€£§°²³«»¿¡“”„\u2018\u2019\u2013—…·\xa0"
_LANGUAGES = [{*small, *small.upper(), *_SIGNS} for small in _LETTERS]
_OF_THE_WEST = set.union(*_LANGUAGES[:6])
_TORN = re.compile(r"[^\W\d_](?=[€£§°²³«»¿¡“”„…][^\W\d_])")
"""A sign within a word."""
_FEWEST = 3
"""Letters beyond ASCII, different or not, that say something."""


def by_letters(sample: bytes) -> str | None:
    """The encoding in which all that is beyond ASCII belongs to one language, or else to those of
    Western Europe; None: there is none, or several that do not say the same."""
    texts: dict[str, str] = {}
    for encoding in _ENCODINGS:
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _is_torn(text):
            texts.setdefault(text, encoding)
    for languages in (_LANGUAGES, [_OF_THE_WEST]):
        found = [encoding for text, encoding in texts.items() if _is_of(languages, text)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _is_of(languages: list[set[str]], text: str) -> bool:
    beyond = [char for char in text if char > "\x7f"]
    letters = sum(1 for char in beyond if char.isalpha())
    return letters >= _FEWEST and any({*beyond} <= language for language in languages)


def _is_torn(text: str) -> bool:
    """A sign stands within a word, or a capital beyond ASCII beside small ones within a word."""
    return _TORN.search(text) is not None or any(
        two > "\x7f" and two.isupper() and one.isalpha() and (one.islower() or three.islower())
        for one, two, three in zip(text, text[1:], f"{text[2:]} ", strict=False)
    )
