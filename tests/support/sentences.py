"""Finds the sentences of a Markdown page, with their lines, for the tests of its English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"(`+).+?\1")
_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")
_END = re.compile(r"(?<=[.!?])[\"')*]*\s+(?=[\"'(*]*[A-Z0-9`\[]|[a-z]+: )")
_NO_END = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|approx|no)\.$")


@dataclass(frozen=True)
class Sentence:
    """One sentence as it reads: links by their text, code as it is written."""

    line: int
    text: str

    @property
    def words(self) -> int:
        """How many words it has; what is between backticks counts as one."""
        return len([word for word in plain(self.text).split() if re.search(r"\w", word)])


def plain(text: str) -> str:
    """The text with a single word for each piece of code: code is not English."""
    return _CODE.sub("CODE", text)


def sentences(page: str) -> Iterator[Sentence]:
    """The sentences of paragraphs, list items and headings, without code blocks and tables."""
    for first, lines in _paragraphs(page):
        yield from _split(first, lines)


def table_rows(page: str) -> Iterator[Sentence]:
    """The rows of tables, each as a whole: a cell need not be a sentence."""
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("|") and not re.fullmatch(r"[|:\- ]+", line):
            yield Sentence(number, line)


def _paragraphs(page: str) -> Iterator[tuple[int, list[str]]]:
    """Each paragraph: the number of its first line, and its lines without list marks."""
    first, lines = 0, list[str]()
    fenced = in_list = False
    for number, line in enumerate([*page.splitlines(), ""], 1):
        text = line.strip()
        if text.startswith("```"):
            fenced = not fenced
            text = ""
        item = _ITEM.match(line)
        in_list = bool(item) or (in_list and (not text or line.startswith(" ")))
        indented_code = line.startswith("    ") and not lines and not in_list
        if fenced or indented_code:
            text = ""
        alone = text.startswith(("#", "|", "<", ">", "!["))
        if lines and (not text or item or alone):
            yield first, lines
            lines = []
        if text.startswith("#"):
            yield number, [text.lstrip("# ")]
        elif text and not alone:
            first = first if lines else number
            lines.append(_ITEM.sub("", line).strip())


def _split(first: int, lines: list[str]) -> Iterator[Sentence]:
    """The sentences of a paragraph, each with the line that it begins in."""
    starts, text = [], ""
    for line in lines:
        starts.append(len(text))
        text += f"{line} "
    begin = 0
    for end in [*(match for match in _END.finditer(text)), None]:
        stop = end.start() if end else len(text)
        said = text[begin:stop].strip()
        if end and _NO_END.search(said):
            continue
        if said:
            line = first + sum(1 for start in starts if start <= begin) - 1
            yield Sentence(line, _LINK.sub(r"\1", said))
        if end:
            begin = end.end()
