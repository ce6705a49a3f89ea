"""Versions on a change of the clocks, by the command line: a time of the day that comes twice has
two versions, whatever the zones of the machine and of the session."""

import json

import pytest

from tests.imports.history_tables import intervals, written
from tests.support.command import snapshots as command

SUMMER, WINTER = "2023-10-29T02:30+02:00", "2023-10-29T02:30+01:00"
"""The same time on the clocks of Berlin."""
A, B = "2023-10-29T00:30:00.000Z", "2023-10-29T01:30:00.000Z"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    for name in ("TZ", "PGTZ"):
        monkeypatch.setenv(name, "Europe/Berlin")


def test_the_hour_that_comes_twice(database, tmp_path):
    def run(*words, code=0):
        done = command(*words, "--database", database, cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def load(rows, date, *words, code=0):
        load.files += 1
        path = written(tmp_path / f"{load.files}.csv", rows)
        return run(
            "import", path, "--table", "t", "--mode", "history", "--primary-key", "id",
            "--max-deletes", "100%", "--progress", "none", "--as-of", date, *words, code=code,
        )  # fmt: skip

    load.files = 0

    def at(date):
        lines = run("rows", "t", "--as-of", date, "--json").splitlines()
        return {one["id"]: one["name"] for one in map(json.loads, lines)}

    load({1: "winter"}, WINTER)
    assert "--out-of-order" in load({1: "summer"}, SUMMER, code=1)
    load({1: "summer", 2: "x"}, SUMMER, "--out-of-order", "--again")
    before = intervals(database)
    assert before == [(1, "summer", A, B), (1, "winter", B, None), (2, "x", A, B)]
    assert at(SUMMER) == at("2023-10-29T00:30Z") == {1: "summer", 2: "x"}
    assert at("2023-10-29T01:29:59.999Z") == at("2023-10-28T20:30-04:00") == at(SUMMER)
    assert at(WINTER) == at("2023-10-29T01:30:00") == at("2023-10-30") == {1: "winter"}
    assert at("2023-10-29T00:29:59.999+00:00") == at("2023-10-29") == {}
    # The same instant in another zone corrects the version.
    told = load({1: "s", 2: "x"}, "2023-10-28T20:30-04:00", "--out-of-order")
    assert f"It corrects the version of {A}." in told
    assert at(SUMMER) == {1: "s", 2: "x"}
    run("undo", "4")
    assert intervals(database) == before
    found = run("diff", "--table", "t", SUMMER, WINTER, "--json").splitlines()
    changes = [json.loads(line) for line in found if line.startswith("{")]
    assert [(one["change"], one["key"]) for one in changes] == [
        ("changed", {"id": 1}), ("removed", {"id": 2}),
    ]  # fmt: skip
    log = [json.loads(one) for one in run("log", "t", "1", "--json").splitlines()]
    assert [(one["valid_from"], one["valid_to"]) for one in log] == [(A, B), (B, None)]
    run("undo", "3")
    assert intervals(database) == [(1, "winter", B, None)]
    # What was undone is no version: this one is the newest but one, and not a correction.
    assert "It corrects" not in load({1: "s"}, SUMMER, "--out-of-order")
    # A correction of the newest version, twice, and back.
    newest = intervals(database)
    load({1: "w", 3: "y"}, "2023-10-29T01:30:00.0004Z")
    load({3: "z"}, WINTER)
    assert intervals(database) == [(1, "s", A, B), (3, "z", B, None)]
    run("undo", "7")
    run("undo", "6")
    assert intervals(database) == newest
