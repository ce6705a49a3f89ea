"""Checks that a text is one SELECT and nothing else, by its words and not by a parser.

A parser of SQL knows a grammar that is nearly the server's, and the danger lies in the
difference: Transact-SQL begins a new statement without a semicolon, so that `SELECT 1 DELETE
FROM t` is two, where a parser reads `delete` as an alias. What is counted here is what all
servers agree on: which words stand outside of quotes and comments. A query that has none of the
words that write cannot write, whatever else it means; what functions do when they are called,
the session's read-only transaction refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from snapshots.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

Flavor: TypeAlias = Literal["mysql", "postgres", "sqlserver"]

_SPACE = r"(?P<space>\s+)"
_NESTED = r"(?P<nested>/\*)"
_PLAIN_STRING = r"'(?:[^']|'')*'"
_BACKSLASHES = r"'(?:[^'\\]|\\.|'')*'"
_WORD = r"(?P<word>[^\W\d][\w$]*)"
_OTHER = r"(?P<other>.)"


def _tokens(*kinds: str) -> re.Pattern[str]:
    return re.compile("|".join((_SPACE, *kinds, _WORD, _OTHER)), re.DOTALL)


_TOKENS: dict[Flavor, re.Pattern[str]] = {
    "postgres": _tokens(
        r"(?P<comment>--[^\n]*)",
        _NESTED,
        rf"(?P<quoted>[eE]{_BACKSLASHES}|{_PLAIN_STRING}|\"(?:[^\"]|\"\")*\"|"
        r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)",
    ),
    "mysql": _tokens(
        r"(?P<conditional>/\*M?!)",
        r"(?P<comment>--(?=\s|$)[^\n]*|#[^\n]*|/\*.*?\*/)",
        rf"(?P<quoted>{_BACKSLASHES}|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`)",
    ),
    "sqlserver": _tokens(
        r"(?P<comment>--[^\n]*)",
        _NESTED,
        rf"(?P<quoted>{_PLAIN_STRING}|\"(?:[^\"]|\"\")*\"|\[(?:[^\]]|\]\])*\])",
    ),
}

_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "INTO"})
"""Words that no SELECT needs: `INTO` makes tables and files, `FOR UPDATE` takes locks."""

_STATEMENTS = frozenset({
    "ALTER", "BACKUP", "BEGIN", "BULK", "COMMIT", "CREATE", "DBCC", "DECLARE", "DENY", "DROP",
    "EXEC", "EXECUTE", "GOTO", "GRANT", "IF", "KILL", "OPENDATASOURCE", "OPENQUERY", "OPENROWSET",
    "PRINT", "RAISERROR", "RECONFIGURE", "RESTORE", "RETURN", "REVOKE", "ROLLBACK", "SAVE", "SET",
    "SHUTDOWN", "TRUNCATE", "UPDATETEXT", "USE", "WAITFOR", "WHILE", "WRITETEXT",
})  # fmt: skip
"""Reserved words that begin a statement where no semicolon is needed before it, and functions
that send another server any statement."""

_REFUSED: dict[Flavor, frozenset[str]] = {
    "mysql": _WRITING,
    "postgres": _WRITING,
    "sqlserver": _WRITING | _STATEMENTS,
}


class _Token(Struct, frozen=True):
    kind: str
    text: str
    start: int


def single_select(text: str, server: Flavor, place: str) -> str:
    """The query without what follows its end.

    Raises InputError, with the line, if the text is not one SELECT.
    """
    end = len(text)
    first = ""
    for token in _significant(text, server, place):
        if end < len(text):
            raise _refuse(text, token.start, place, "A second statement begins here")
        if token.text == ";":
            end = token.start
            continue
        word = token.text.upper() if token.kind == "word" else ""
        first = first or word or token.text
        if first not in {"SELECT", "WITH", "("}:
            raise _refuse(
                text, token.start, place, f"The query begins with {first!r}, not with SELECT"
            )
        if word in _REFUSED[server]:
            what = f"{word} is not allowed in a query that only reads"
            raise _refuse(text, token.start, place, what)
    if not first:
        raise InputError("The file contains no query.", place=place, hint="Write one SELECT.")
    return text[:end]


def _significant(text: str, server: Flavor, place: str) -> Iterator[_Token]:
    """The words and marks outside of quotes and comments."""
    pattern, at = _TOKENS[server], 0
    while match := pattern.match(text, at):
        kind, at = match.lastgroup or "other", match.end()
        if kind == "conditional":
            what = "The server would run the text of such a comment"
            raise _refuse(text, match.start(), place, what)
        if kind == "nested":
            at = _end_of_comment(text, at, place)
        elif kind == "other" and match[0] in "'\"`":
            raise _refuse(text, match.start(), place, "A quote is not closed")
        elif kind in {"word", "other"}:
            yield _Token(kind, match[0], match.start())


def _end_of_comment(text: str, begin: int, place: str) -> int:
    """The end of a comment; those of PostgreSQL and SQL Server may be nested."""
    depth = 1
    for mark in re.compile(r"/\*|\*/").finditer(text, begin):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return mark.end()
    raise _refuse(text, begin - 2, place, "A comment is not closed")


def _refuse(text: str, at: int, place: str, what: str) -> InputError:
    line = text.count("\n", 0, at) + 1
    return InputError(
        f"{what}.",
        place=f"{place}, line {line}",
        hint="A resource must be one SELECT (or WITH ... SELECT). Quote columns with the names of"
        " statements.",
    )
