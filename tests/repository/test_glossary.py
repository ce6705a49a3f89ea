"""The names in the code are those of docs/glossary.md: its terms exist, its other words do not."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

import click
import pytest

from snapshots.cli.main import COMMANDS, cli

from .test_docs import PAGES, ROOT, cells, page, section, words_in

PACKAGE = ROOT / "src" / "snapshots"
SOURCES = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")])
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
NOT_USED = section(GLOSSARY, "## Words that are not used")
ANYWHERE, IN_NAMES = NOT_USED.split("\nNo name has these", 1)


def listed(table: str) -> set[str]:
    """The words of the first column; of one with a remark the word alone."""
    found = {word.strip() for cell in cells(table) for word in cell.split(",")}
    return {word for word in found if re.fullmatch(r"[a-z]+", word)}


ALONE = {"whole"}
NOWHERE = listed(ANYWHERE)
UNUSED = NOWHERE | listed(IN_NAMES) - ALONE
EXCEPTIONS = set(words_in(cells(IN_NAMES, 2)))


def parts(name: str) -> set[str]:
    """The words of a name in snake_case or CamelCase."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def refused(name: str) -> bool:
    if name in EXCEPTIONS:
        return False
    return bool(parts(name) & UNUSED) or name.lower().strip("_") in ALONE


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each name that the code gives to anything, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, node.lineno


def test_no_name_has_a_word_that_is_not_used() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line} {name}"
        for path in SOURCES
        for name, line in [(path.stem, 1), *names(ast.parse(path.read_text("utf-8")))]
        if refused(name)
    ]
    folders = [path for path in PACKAGE.rglob("*") if path.is_dir() and refused(path.name)]
    assert (found, folders) == ([], [])


def test_no_option_of_the_command_line_has_one() -> None:
    found = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        found += [str(param.name) for param in command.params if refused(str(param.name))]
    assert found == []


def test_no_metric_has_one() -> None:
    """The page lists each metric: tests/repository/test_docs.py sees to it."""
    metrics = words_in(cells(page("metrics.md")))
    assert metrics
    assert [name for name in metrics if refused(name)] == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("class RowLane:\n    pass", "RowLane"),
        ("def f(*, the_books=1): ...", "the_books"),
        ("self._told = 1", "_told"),
        ("import a as keeper", "keeper"),
        ("whole = 1", "whole"),
    ],
)
def test_the_check_finds_names_of_each_kind(source: str, name: str) -> None:
    assert [one for one, _ in names(ast.parse(source)) if refused(one)] == [name]


def test_no_text_has_a_word_of_the_first_kind() -> None:
    word = re.compile(rf"\b({'|'.join(sorted(NOWHERE))})\b", re.IGNORECASE)
    pages = [path for path in PAGES if path.name != "glossary.md" and path.is_relative_to(ROOT)]
    found = [
        f"{path.relative_to(ROOT)}:{number} {match[0]}"
        for path in (*SOURCES, *(one for one in pages if "tests" not in one.parts))
        if path.parent.name != "bench"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for match in word.finditer(line)
    ]
    assert found == []


def classes() -> dict[str, list[str]]:
    """Where each public class is; the kernel's are in its .pyi."""
    found = defaultdict(list)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(PACKAGE)))
    return found


SHARED = {"Chunk"}
"""What REST shows of a chunk: the OpenAPI document calls it so."""


def test_a_class_has_a_name_of_its_own() -> None:
    shared = {name: where for name, where in classes().items() if len(where) > 1}
    assert set(shared) == SHARED, shared
    assert all("web/schemas.py" in where for where in shared.values())


def test_what_the_glossary_names_is_there() -> None:
    words = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        words |= {name for name, _ in names(tree)}
    tables = "".join(file.read_text("utf-8") for file in (PACKAGE / "ledger/sql").rglob("*.sql"))
    missing = []
    for name in words_in(cells(section(GLOSSARY, "## Words that are used"), 2)):
        if "/" in name or name.endswith(".py"):
            there = (PACKAGE / name).exists()
        elif name.startswith("snapshots_"):
            there = f"CREATE TABLE IF NOT EXISTS {name} " in tables
        else:
            there = name in words or name in classes()
        if not there:
            missing.append(name)
    assert missing == []


def test_a_term_stands_once_and_is_a_word_that_is_used() -> None:
    terms = cells(section(GLOSSARY, "## Words that are used"))
    assert len(terms) == len(set(terms))
    assert [term for term in terms if refused(term)] == []
    rows = cells(section(GLOSSARY, "## Words that are used"), 1)
    assert [row for row in rows if not row.endswith(".") or len(row.split()) > 25] == []
