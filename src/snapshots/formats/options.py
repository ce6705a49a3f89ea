"""The options by which a user says how an input is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from snapshots.defaults import InputFormat, Nested, Ragged, option, options_of
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.defaults import SharedOption


def by_name(text: str) -> str:
    r"""The character that a user names: `tab`, `space`, `^A`; `none` is no character.

    >>> by_name("tab"), by_name("^A"), by_name("none"), by_name(";")
    ('\t', '\x01', '', ';')
    """
    named = {"\\t": "\t", "tab": "\t", "none": "", "space": " "}.get(text.lower(), text)
    if len(named) == 2 and named[0] == "^" and "A" <= named[1].upper() <= "_" and named != "^^":
        named = chr(ord(named[1].upper()) - ord("@"))
    return named


def require_known(options: object, known: Mapping[str, SharedOption]) -> None:
    """Raises UsageError for an option that has none of the texts from which it is chosen. Programs
    could give any: a mode that nobody knows would be taken for the usual one."""
    for name, one in known.items():
        value = getattr(options, name)
        if one.choices and value not in (*one.choices, one.default):
            raise UsageError(
                f"{name} {value!r} is unknown", hint=f"use one of {', '.join(one.choices)}"
            )


@dataclass(frozen=True, slots=True)
class DialectOptions:
    """What a user says of the dialect. None: it is detected; "" for a character: there is none.

    >>> DialectOptions(delimiter=";", header=False).quote is None
    True
    """

    input_format: InputFormat | None = option(
        None,
        "The program that wrote the input. postgres-text: PostgreSQL's COPY, as text."
        " mysql-outfile: SELECT INTO OUTFILE of MySQL or MariaDB. excel-csv: Excel.",
        choices=InputFormat,
    )
    delimiter: str | None = option(
        None,
        "The text between fields: a character, several signs, tab, space or ^A. none: a record is"
        " one field.",
    )
    quote: str | None = option(None, "The character around fields. none: quotes are data.")
    escape: str | None = option(None, "The character before a quote or delimiter that is data.")
    terminator: Literal["lf", "cr"] | None = option(
        None, "What ends a line. lf: LF or CR LF.", choices=Literal["lf", "cr"]
    )
    encoding: str | None = option(None, "The encoding of the input, for instance latin-1.")
    header: bool | None = option(None, "Whether the first record is the header.")
    preamble: int | None = option(None, "The number of lines before the header to skip.", least=0)
    rows_after_header: int | None = option(
        None, "The number of records after the header to skip.", least=0
    )
    comment: str | None = option(None, "Skip lines that begin with this character.")
    skip_initial_space: bool | None = option(None, "Ignore spaces after a delimiter, or load them.")
    max_record_size: int | None = option(None, "Reject records with more bytes.", least=1)
    ragged: Ragged | None = option(
        None,
        "What to do with records that are not as wide as the header. reject: reject them. pad: fill"
        " short ones with NULL, and drop empty fields at the end of long ones. Default: reject,"
        " but drop an empty field that ends all records.",
        choices=Ragged,
    )
    nested_objects: Nested | None = option(
        None,
        "What becomes of an object within a JSON object. json: one column, with JSON. columns: a"
        " column for each of its members, such as address.city. Default: json.",
        choices=Nested,
    )

    def __post_init__(self) -> None:
        require_known(self, options_of(DialectOptions))
