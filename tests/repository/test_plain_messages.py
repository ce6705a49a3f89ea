"""The messages of the program are written in plain English, as its documents are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sentences import sentences

from .test_docs import ROOT
from .test_plain_english import MOST_WORDS, phrases

PACKAGE = ROOT / "src" / "snapshots"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TEMPLATES = sorted(PACKAGE.rglob("*.html"))
_A_MESSAGE = re.compile(r"[A-Z`'][a-z]* .*|.*\w \w+ \w+[.:;]", re.DOTALL)
"""It begins like a sentence, or ends like one: SQL, names and headers do neither."""


def strings(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each string that reads like a message; no docstrings.

    What is filled in counts as one word, as code does in a document.
    """
    tree = ast.parse(source)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
    for node in ast.walk(tree):
        text = None if node in skipped else _text(node)
        if text and _A_MESSAGE.fullmatch(text.strip()):
            yield node.lineno, text  # type: ignore[attr-defined]


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
        return "".join(map(str, parts))
    return None


def page_text(template: str) -> str:
    """The words that a page shows: what Jinja fills in counts as one."""
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|<(script|style)\b.*?</\1>", "\n\n", template, flags=re.DOTALL
    )
    return re.sub(r"</?(a|b|code|em|strong|span)\b[^>]*>", "", re.sub(r"\{\{.*?\}\}", "X", text))


def faults(texts: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The line of each message with a long sentence or with a phrase that is not used."""
    pattern = phrases()
    for line, text in texts:
        for one in sentences(text):
            if one.words > MOST_WORDS:
                yield line, f"{one.words} words: {one.text}"
            for match in pattern.finditer(one.text):
                yield line, f"{match[0]!r} in: {one.text}"


def named(path: Path, texts: Iterator[tuple[int, str]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {fault}" for line, fault in faults(texts)]


def test_messages_are_plain() -> None:
    found = [line for path in SOURCES for line in named(path, strings(path.read_text("utf-8")))]
    assert not found, "\n".join(["see docs/glossary.md:", *found])


def test_pages_are_plain() -> None:
    found = [
        line
        for path in TEMPLATES
        for line in named(
            path, iter([(1, re.sub(r"<[^>]+>", "\n\n", page_text(path.read_text())))])
        )
    ]
    assert not found, "\n".join(["see docs/glossary.md:", *found])


LONG = " ".join(["word"] * (MOST_WORDS + 1))


@pytest.mark.parametrize(
    "source",
    [
        f'raise UsageError("A {LONG}.")',
        f'say(f"A {{name}} {LONG}")',
        'hint = "The import goes on."',
        'hint = f"{path}: loaded anew from here."',
    ],
)
def test_a_fault_is_found_with_its_line(source: str) -> None:
    assert [line for line, _ in faults(strings(f"\n{source}\n"))] == [2]


@pytest.mark.parametrize(
    "source",
    [
        f'"""A {LONG}."""',
        f'SQL = "SELECT {LONG} FROM t"',
        'hint = "Short. Two sentences, each plain."',
    ],
)
def test_docstrings_sql_and_short_sentences_pass(source: str) -> None:
    assert list(faults(strings(source))) == []
