"""The options by which a user says how an input is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from snapshots.defaults import Ragged, option


def by_name(text: str) -> str:
    r"""The character that a user names: `tab`, `space`, `^A`; `none` is no character.

    >>> by_name("tab"), by_name("^A"), by_name("none"), by_name(";")
    ('\t', '\x01', '', ';')
    """
    named = {"\\t": "\t", "tab": "\t", "none": "", "space": " "}.get(text.lower(), text)
    if len(named) == 2 and named[0] == "^" and "A" <= named[1].upper() <= "_" and named != "^^":
        named = chr(ord(named[1].upper()) - ord("@"))
    return named


@dataclass(frozen=True, slots=True)
class DialectOptions:
    """What a user says of the dialect. None: it is detected; "" for a character: there is none.

    >>> DialectOptions(delimiter=";", header=False).quote is None
    True
    """

    delimiter: str | None = option(
        None, "The text between fields, or tab, space, ^A; none: each record is one field."
    )
    quote: str | None = option(None, "The character around fields; none: no quotes.")
    escape: str | None = option(None, "The character that makes the next quote or delimiter data.")
    terminator: Literal["lf", "cr"] | None = option(
        None, "The end of lines; lf includes CR LF.", choices=Literal["lf", "cr"]
    )
    encoding: str | None = option(None, "The encoding of the input, for example latin-1.")
    header: bool | None = option(None, "Whether the first record is the header.")
    preamble: int | None = option(None, "The number of lines before the header to skip.", least=0)
    rows_after_header: int | None = option(
        None, "The number of records after the header to skip.", least=0
    )
    comment: str | None = option(None, "Skip lines that begin with this character.")
    skip_initial_space: bool | None = option(
        None, "Ignore spaces after a delimiter, or take them as data."
    )
    max_record_size: int | None = option(None, "Reject records with more bytes.", least=1)
    ragged: Ragged | None = option(
        None,
        "Records with fewer or more fields than the header: reject them, or fill short ones with"
        " NULL and drop extra empty fields. Default: reject, except for an empty field at the end"
        " of all records.",
        choices=Ragged,
    )
