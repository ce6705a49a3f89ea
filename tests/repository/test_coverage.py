"""The floors of what is measured only rise, and the page says what was measured."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = {"Python": ("coverage", "report"), "Rust": ("kernel-coverage",)}
PAGE = (ROOT / "docs" / "reliability.md").read_text()


def floors(pyproject: str) -> dict[str, float]:
    """By language; none where a version of the file has none yet."""
    found = {}
    for language, place in PLACES.items():
        table = tomllib.loads(pyproject).get("tool", {})
        for name in place:
            table = table.get(name, {})
        if "fail_under" in table:
            found[language] = table["fail_under"]
    return found


def git(*words: str) -> str | None:
    """What it says; None where there is no history."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout


FLOORS = floors((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("language", PLACES)
def test_the_page_says_what_was_measured_and_the_floor_is_close_below(language: str) -> None:
    (measured,) = re.findall(rf"^\| all of {language} \|.*\| ([\d.]+) % \|$", PAGE, re.MULTILINE)
    assert FLOORS[language] <= float(measured) < FLOORS[language] + 3


def test_no_floor_is_lower_than_it_ever_was() -> None:
    """In a clone without history there is nothing else to compare with."""
    known = git("log", "--format=%H", "-G", "fail_under", "--", "pyproject.toml")
    if known is None:
        pytest.skip("no history of git here")
    for commit in known.split():
        before = floors(git("show", f"{commit}:pyproject.toml") or "")
        assert {name for name, floor in before.items() if floor > FLOORS[name]} == set(), commit
