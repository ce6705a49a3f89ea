"""The examples in docstrings do what they show."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from .test_architecture import ROOT, SOURCES

WITH_EXAMPLES = [path for path in SOURCES if ">>> " in path.read_text("utf-8")]


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
    return name.removesuffix(".__init__")


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=module_name)
def test_examples_do_what_they_show(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("id,name\n1,Ana\n2,Bo\n")
    done = doctest.testmod(import_module(module_name(path)), optionflags=doctest.ELLIPSIS)
    assert done.attempted
    assert done.failed == 0


def test_there_are_examples() -> None:
    assert len(WITH_EXAMPLES) > 10
