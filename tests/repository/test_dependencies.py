"""What the package imports comes with it, or with one of its extras: a tool of developers may hide
that it does not."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OF_PYTHON = sys.stdlib_module_names | {"compression", "_typeshed"}
"""Also of later versions of Python, and of type checkers."""
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def plain(name):
    """A distribution's name, in the way that all spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(path):
    """The top-level modules that a file imports, also within functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def installed_for_users():
    """What a user has: the lock for running, that of the image, and the extras by their names."""
    names = set()
    for lock in ("runtime", "image"):
        text = (ROOT / "requirements" / f"{lock}.lock").read_text()
        names |= {plain(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for wanted in extras.values():
        names |= {plain(re.match(r"[\w.-]+", one)[0]) for one in wanted}
    return names


def missing(modules):
    """Those that no distribution of a user has."""
    known, there = packages_distributions(), installed_for_users()
    others = set(modules) - OF_PYTHON - {"snapshots"}
    return sorted(one for one in others if not there.intersection(map(plain, known.get(one, ()))))


def test_what_is_imported_is_installed_for_users():
    assert missing(name for path in SOURCES for name in imported(path)) == []


def test_a_tool_of_developers_is_not():
    assert missing(["rich", "pytest", "json", "click"]) == ["pytest", "rich"]
