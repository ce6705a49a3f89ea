"""The options by which a user says how an input is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


def by_name(text: str) -> str:
    r"""Returns the character that a user names: `tab`, `space`, `^A`; an empty text for `none`.

    >>> by_name("tab"), by_name(";")
    ('\t', ';')
    """
    named = {"\\t": "\t", "tab": "\t", "none": "", "space": " "}.get(text.lower(), text)
    if len(named) == 2 and named[0] == "^" and "A" <= named[1].upper() <= "_" and named != "^^":
        named = chr(ord(named[1].upper()) - ord("@"))
    return named


@dataclass(frozen=True, slots=True)
class DialectOptions:
    """What a user says of the dialect. None: it is detected. An empty text for a character: there
    is none.

    >>> DialectOptions(delimiter=";", header=False).quote is None
    True
    """

    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    terminator: Literal["lf", "cr"] | None = None
    encoding: str | None = None
    header: bool | None = None
    preamble: int | None = None
    rows_after_header: int | None = None
    comment: str | None = None
    skip_initial_space: bool | None = None
    max_record_size: int | None = None
    ragged: Literal["reject", "pad"] | None = None
