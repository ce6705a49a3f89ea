r"""Tells from backslashes who wrote an input: `\N`, `\t` and `\n`, each two characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.model import Dialect

NULL = r"\N"
"""NULL in PostgreSQL's COPY text and in MySQL's INTO OUTFILE."""

_NULL = NULL.encode()
_END = rb"\."
"""The last line of COPY text, up to PostgreSQL 16."""

_LETTERS = re.compile(rb"(?<!\\)(?:\\\\)*(\\[nrt])")
"""Letters that after a backslash mean a line end or a tab in COPY text."""


def notes(
    rows: Sequence[list[tuple[bytes, bool]] | None], dialect: Dialect, *, escape_given: bool
) -> list[str]:
    r"""Returns notes for a user before records with backslashes are loaded as they are written.

    `rows`: fields with their escapes, and whether in quotes. `escape_given`: the user has set the
    escape. Paths (`C:\temp`) say nothing if a backslash is no escape.
    """
    fields = [field for row in rows if row for field in row]
    nulls = any(text == _NULL for text, _ in fields)
    end = any(row and row[0][0] == _END for row in rows)
    tabs = dialect.delimiter == "\t"
    escape = dialect.escape == "\\"
    letter = next(
        (
            hit[1].decode()
            for text, quoted in fields
            if tabs or (escape and (quoted or dialect.escape_unquoted))
            if (hit := _LETTERS.search(text))
        ),
        None,
    )
    found = []
    if nulls:
        found.append(
            r"\N in fields: PostgreSQL's COPY text and MySQL's INTO OUTFILE write NULL so"
            r" (--null-value '\N')"
        )
    if nulls or end or (letter and tabs):
        found.append(
            r"\t and \n in values stay two characters: if PostgreSQL's COPY wrote the input, say"
            " --input-format postgres-text"
        )
    elif letter:
        found.append(
            rf"{letter} in values stays two characters: a backslash escapes quotes, delimiters,"
            " line ends and itself"
        )
    if nulls and dialect.escape is None and not escape_given:
        between = "" if tabs else f" --delimiter '{dialect.delimiter}'"
        quotes = " --quotechar '\"'" if any(quoted for _, quoted in fields) else ""
        found.append(
            "if MySQL's INTO OUTFILE wrote the input, say --input-format"
            f" mysql-outfile{between}{quotes}"
        )
    return found
