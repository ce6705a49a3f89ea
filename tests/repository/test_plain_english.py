"""The documents are written in plain English: short sentences, and the field's ordinary words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.sentences import plain, sentences, table_rows

from .test_docs import PAGES, ROOT, cells, section

MOST_WORDS = 25
GLOSSARY = ROOT / "docs" / "glossary.md"
DOCUMENTS = sorted(
    path
    for path in {*PAGES, *(ROOT / "bench").glob("*.md"), *(ROOT / "examples").rglob("*.md")}
    if "tests" not in path.relative_to(ROOT).parts
)


def long_sentences(page: str) -> list[tuple[int, str]]:
    """The line and the text of each sentence that is too long."""
    return [(one.line, one.text) for one in sentences(page) if one.words > MOST_WORDS]


def phrases() -> re.Pattern[str]:
    """The phrases of the glossary that no document has."""
    table = section(GLOSSARY.read_text("utf-8"), "## Phrases that are not used")
    listed = [part.strip() for cell in cells(table) for part in cell.split(",")]
    assert len(listed) > 20
    return re.compile(rf"\b({'|'.join(map(re.escape, listed))})\b", re.IGNORECASE)


def unused_phrases(page: str, pattern: re.Pattern[str]) -> list[tuple[int, str]]:
    """The line of each sentence or row with such a phrase, and the phrase in its sentence.

    The rows of options repeat the help of the commands, which has tests of its own.
    """
    rows = (row for row in table_rows(page) if not row.text.startswith("| `-"))
    return [
        (one.line, f"{match[0]!r} in: {one.text}")
        for one in (*sentences(page), *rows)
        for match in pattern.finditer(plain(one.text))
    ]


def named(path: Path, found: list[tuple[int, str]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {text}" for line, text in found]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_is_long(path: Path) -> None:
    found = named(path, long_sentences(path.read_text("utf-8")))
    assert not found, "\n".join([f"over {MOST_WORDS} words:", *found])


def test_no_document_has_a_phrase_that_is_not_used() -> None:
    pattern = phrases()
    found = [
        line
        for path in DOCUMENTS
        if path != GLOSSARY
        for line in named(path, unused_phrases(path.read_text("utf-8"), pattern))
    ]
    assert not found, "\n".join(["see docs/glossary.md:", *found])


def test_examples_show_no_home_folder() -> None:
    home = re.compile(r"/(?:home|Users)/\w+")
    found = [
        (path.name, match[0])
        for path in DOCUMENTS
        for match in home.finditer(path.read_text("utf-8"))
    ]
    assert found == []


LONG = " ".join(["word"] * (MOST_WORDS + 1))


@pytest.mark.parametrize(
    ("page", "line"),
    [
        (f"# Title\n\nShort. {LONG}.\n", 3),
        (f"- One.\n- {LONG}\n", 2),
        (f"1. One\n   two.\n\n   {LONG}\n", 4),
        (f"Short.\nAnother one.\n{LONG.capitalize()}.\n", 3),
    ],
)
def test_a_long_sentence_is_found_with_its_line(page: str, line: int) -> None:
    assert [found for found, _ in long_sentences(page)] == [line]


@pytest.mark.parametrize(
    "page",
    [
        f"```\n{LONG}\n```\n",
        f"    {LONG}\n",
        f"| {LONG} |\n|---|\n| {LONG} |\n",
        f"`{LONG}` is code.\n",
        f"{LONG[:60]}.\n\n{LONG[:60]}.\n",
    ],
)
def test_code_tables_and_paragraphs_are_no_sentences(page: str) -> None:
    assert long_sentences(page) == []


def test_a_phrase_is_found_with_its_line_but_not_in_code() -> None:
    pattern = re.compile(r"\b(goes on)\b")
    page = "One.\nIt goes\non. Then `it goes on`.\n\n| a |\n|---|\n| it goes on |\n"
    assert [line for line, _ in unused_phrases(page, pattern)] == [2, 7]
