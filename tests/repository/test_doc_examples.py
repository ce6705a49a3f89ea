"""The examples of the documentation print what the pages say they print."""

import os
import shutil
from pathlib import Path

import pytest

from tests.examples import (
    MOVIES,
    MYSQL,
    POSTGRES,
    PUSHGATEWAY,
    ROOT,
    WEB,
    Stage,
    documents,
    example_site,
    examples,
    normal,
)
from tests.support.movies_sink_process import movies_sink
from tests.support.prometheus_servers import Pushgateway


@pytest.fixture
def site():
    """A server of the example files."""
    with example_site() as place:
        yield place


@pytest.fixture
def stage(request, path, tmp_path):
    """A stage with the servers that the document names."""
    text = path.read_text("utf-8")
    commands = [example.command for example in examples(text) if not example.file]
    for program in ("psql", "mariadb", "gzip", "iconv", "curl"):
        if any(command.startswith(program) for command in commands) and not shutil.which(program):
            pytest.fail(f"the page shows {program}: install it, for nothing is skipped")
    urls = {
        name: request.getfixturevalue(f"{name}_url")
        for name, place in (("postgres", POSTGRES), ("mysql", MYSQL))
        if any(place in command for command in commands)
    }
    if any(MOVIES in command for command in commands):
        urls["movies"] = request.getfixturevalue("movies").url
    if any(WEB in command for command in commands):
        urls["web"] = request.getfixturevalue("site")
    if any(PUSHGATEWAY in command for command in commands):
        urls["pushgateway"] = request.getfixturevalue("pushgateway").url()
    return Stage(tmp_path / "work", **urls)


@pytest.fixture
def pushgateway():
    """Fresh: it has nothing of other pages."""
    with Pushgateway() as server:
        yield server


@pytest.fixture
def movies():
    """The sink, which fails one time in five for no reason."""
    with movies_sink() as sink:
        yield sink


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_examples(path: Path, stage: Stage) -> None:
    for example in examples(path.read_text("utf-8")):
        printed = normal(stage.run(example))
        assert printed == normal(example.output), f"{path.name}: $ {example.command}"


def test_the_tutorial_and_the_readme_have_examples() -> None:
    found = {os.path.relpath(path, ROOT) for path in documents()}
    assert {"README.md", "docs/tutorial.md"} <= found
    assert len(found) > 8


def test_a_wrong_example_is_seen(tmp_path: Path) -> None:
    text = "```console\n$ echo one\ntwo\n```\n"
    (example,) = examples(text)
    assert normal(Stage(tmp_path / "work").run(example)) != normal(example.output)


def test_only_what_is_volatile_is_ignored() -> None:
    line = "a.csv -> a (import 1): 2 records = 2 loaded + 0 rejected + 0 skipped, 0.02 s\n"
    assert normal(line) == normal(line.replace("0.02", "11.90"))
    assert normal(line) != normal(line.replace("2 loaded", "1 loaded"))
