r"""What backslashes say of who wrote an input: `\N`, `\t` and `\n`, each two characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Dialect

NULL = r"\N"
"""In PostgreSQL's COPY text and in MySQL's INTO OUTFILE."""

_END = [r"\."]
"""The last line of COPY text, up to PostgreSQL 16."""

_LETTERS = re.compile(rb"(?<!\\)(?:\\\\)*(\\[nrt])")
"""A line end or a tab in COPY text; here a backslash and a letter."""


def notes(
    sample: bytes,
    rows: Sequence[list[str] | None],
    dialect: Dialect,
    *,
    quoted: bool,
    escape_given: bool,
) -> list[str]:
    r"""What a user should know before records with backslashes are loaded as they are written.

    `quoted`: some field is. An input that only has paths in it (`C:\temp`) says nothing.
    """
    found = [row for row in rows if row]
    nulls = any(NULL in row for row in found)
    letter = _LETTERS.search(sample)
    said = []
    if nulls:
        said.append(
            r"\N in fields: PostgreSQL's COPY text and MySQL's INTO OUTFILE write NULL so"
            r" (--null-value '\N')"
        )
    if nulls or _END in found or (letter and dialect.delimiter == "\t"):
        said.append(
            r"\t and \n in values stay two characters: for tabs and line ends, write the input with"
            " COPY ... (FORMAT csv)"
        )
    elif letter and dialect.escape == "\\":
        said.append(
            rf"{letter[1].decode()} in values stays two characters: a backslash escapes quotes,"
            " delimiters, line ends and itself"
        )
    if nulls and dialect.escape is None and not escape_given:
        alone = "" if quoted else " --quotechar none"
        said.append(rf"if MySQL's INTO OUTFILE wrote the input, say --escapechar '\'{alone}")
    return said
