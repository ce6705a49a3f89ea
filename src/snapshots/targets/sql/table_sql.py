"""Gives the text of a CREATE TABLE another name, or other columns and another primary key.

SQLite and DuckDB cannot alter the key of a table. The text keeps all else: defaults, checks,
foreign keys.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+|\s+|.""",
    re.DOTALL,
)
_CONSTRAINTS = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}


def with_key(created: str, columns: Sequence[str], key: str) -> str | None:
    """The CREATE TABLE with more columns, and with another primary key instead of its own.

    `columns` are as CREATE TABLE takes them, and `key` is a list of quoted names. None for a text
    that has no columns, such as that of a virtual table.
    """
    head, parts, tail = _parts(created)
    if not parts or re.match(r"CREATE\s+VIRTUAL\b", created, re.IGNORECASE):
        return None
    fields, constraints = [], []
    for part in parts:
        words = _words(part)
        if words and words[0][1] in _CONSTRAINTS:
            first = words[2][1] if words[0][1] == "CONSTRAINT" and len(words) > 2 else words[0][1]
            if first != "PRIMARY":
                constraints.append("".join(part))
        else:
            fields.append("".join(_without_key(part, words)))
    more = [f"\n  {column}" for column in columns]
    body = ",".join([*fields, *more, *constraints, f"\n  PRIMARY KEY ({key})\n"])
    return f"{head}({body}){tail}"


def renamed(created: str, name: str) -> str:
    """The CREATE TABLE of another table, with a quoted name. The databases keep no more before the
    name than these two words."""
    return f"CREATE TABLE {name}{''.join(_after_the_name(created))}"


def copy_difference(ours: str | None, theirs: str | None) -> str:
    """In what a copy of a table differs, by the CREATE TABLE of both; None for a table that is
    gone. Empty if in nothing."""
    if ours is None or theirs is None or renamed(ours, "") != renamed(theirs, ""):
        return "it was altered meanwhile"
    return ""


def names_itself(created: str, name: str) -> bool:
    """Whether a CREATE TABLE has the table's name in its columns or constraints, too."""
    words = (piece.strip("\"'`[]").casefold() for piece in _after_the_name(created))
    return name.casefold() in words


def _after_the_name(created: str) -> list[str]:
    """The tokens that follow the name of the table."""
    pieces: list[str] = _TOKEN.findall(created)
    places = [place for place, piece in enumerate(pieces) if not _is_blank(piece)]
    return pieces[places[2] + 1 :]


def _is_blank(piece: str) -> bool:
    return piece.isspace() or piece.startswith(("--", "/*"))


def _parts(created: str) -> tuple[str, list[list[str]], str]:
    """What stands before the columns, the tokens of each part between them, and what follows."""
    depth, head, tail = 0, "", ""
    parts: list[list[str]] = []
    for piece in _TOKEN.findall(created):
        if piece == ")":
            depth -= 1
        if parts and depth == 0:
            tail += piece if tail or piece != ")" else ""
        elif depth == 0 and piece != "(":
            head += piece
        elif depth == 0 or (depth == 1 and piece == ","):
            parts.append([])
        else:
            parts[-1].append(piece)
        if piece == "(":
            depth += 1
    return head, parts, tail


def _words(part: list[str]) -> list[tuple[int, str]]:
    """The tokens outside of parentheses, with their places; those that are not quoted in capitals.

    Blanks and comments are left out.
    """
    found, depth = [], 0
    for place, piece in enumerate(part):
        depth -= piece == ")"
        if not depth and not _is_blank(piece):
            found.append((place, piece if piece[0] in "\"'`[" else piece.upper()))
        depth += piece == "("
    return found


def _without_key(part: list[str], words: list[tuple[int, str]]) -> list[str]:
    """A column that is no primary key by itself any more; it still takes no NULL."""
    texts = [word for _, word in words]
    for at in range(1, len(texts) - 1):
        if texts[at : at + 2] != ["PRIMARY", "KEY"]:
            continue
        begin, end = at, at + 2
        if texts[at - 2] == "CONSTRAINT":
            begin = at - 2
        if texts[end : end + 1] in (["ASC"], ["DESC"]):
            end += 1
        if texts[end : end + 2] == ["ON", "CONFLICT"]:
            end += 3
        if texts[end : end + 1] == ["AUTOINCREMENT"]:
            end += 1
        required = any(texts[one : one + 2] == ["NOT", "NULL"] for one in range(len(texts)))
        instead = [] if required else ["NOT NULL"]
        return [*part[: words[begin][0]], *instead, *part[words[end - 1][0] + 1 :]]
    return part
