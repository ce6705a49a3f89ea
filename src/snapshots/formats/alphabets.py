"""Finds the encoding in which a few bytes beyond ASCII make words of one language.

A table of names and towns has few such bytes, too few for statistics. But a byte that is a letter
of German in one encoding is a letter of another language, or none, in the next.
"""

from __future__ import annotations

import re

_ENCODINGS = ("cp1252", "cp850", "mac-roman", "cp1250", "iso8859-2", "cp852", "cp437", "cp865")
"""The usual encodings of Latin letters, the likelier first: of two that give the same text, it is
named."""
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
"""The letters of German, French, Spanish, Portuguese, Italian, the Nordic languages, Polish, Czech,
Hungarian."""
_SIGNS = "€£§°²³«»¿¡“”„\u2018\u2019\u2013—…·\xa0"
_LANGUAGES = [{*small, *small.upper(), *_SIGNS} for small in _LETTERS]
_OF_THE_WEST = set.union(*_LANGUAGES[:6])
_TORN = re.compile(r"[^\W\d_](?=[€£§°²³«»¿¡“”„…][^\W\d_])")
"""A sign within a word."""
_FEWEST = 3
"""The least number of letters beyond ASCII, different or not, that say something."""


def by_letters(sample: bytes) -> str | None:
    """Returns the encoding in which all letters beyond ASCII belong to one language, or else to
    those of Western Europe. None: there is none, or several that give different texts."""
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
    """Whether a sign stands within a word, or a capital beyond ASCII beside small letters within a
    word."""
    return _TORN.search(text) is not None or any(
        two > "\x7f" and two.isupper() and one.isalpha() and (one.islower() or three.islower())
        for one, two, three in zip(text, text[1:], f"{text[2:]} ", strict=False)
    )
