"""The examples in docstrings are run: each in a folder with the same two small files."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import snapshots
from tests.support.faulty_server import Faulty
from tests.support.http_server import serving

SOURCE = Path(snapshots.__file__).parent
RIDES = "id,minutes\n1,9\n2,-\n3,2,1\n"
STATIONS = "id,name\n1,Central\n2,Harbour\n"
SHOWN = {"load", "send", "resume", "history", "rejects"}
"""What users of Python begin with: each has an example."""


def modules() -> Iterator[str]:
    """The modules that have examples."""
    for path in sorted(SOURCE.rglob("*.py")):
        if ">>> " in path.read_text("utf-8"):
            parts = path.relative_to(SOURCE.parent).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in modules() for test in finder.find(import_module(name), name)]
    return [test for test in found if test.examples]


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with serving(Faulty()) as server:
        yield f"{server.url}/status/201"


@pytest.mark.parametrize("example", examples(), ids=lambda test: test.name)
def test_an_example_gives_what_it_says(
    example: doctest.DocTest,
    api: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "rides.csv").write_text(RIDES)
    (tmp_path / "stations.csv").write_text(STATIONS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    said: list[str] = []
    example.globs = {**example.globs, "api": api}
    outcome = doctest.DocTestRunner().run(example, out=said.append)
    assert outcome.attempted > 0
    assert outcome.failed == 0, "".join(said)


def test_what_users_begin_with_has_an_example() -> None:
    named = {test.name for test in examples()}
    assert {name.rpartition(".")[2] for name in named} >= SHOWN
    assert "snapshots.engine.plan.options.Options" in named
    assert "snapshots.engine.plan.endpoint.Endpoint" in named
