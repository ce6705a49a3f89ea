"""Rows as they were, the versions of a row, and what differs, on all targets."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import snapshots
from tests.imports.history_tables import published, written
from tests.ledger.older import execute
from tests.support.command import snapshots as command

FIRST, SECOND, THIRD = "2023-01-01", "2023-06-03", "2024-01-01"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def versions(database, tmp_path):
    """A table with three versions."""
    for date, rows in (
        (FIRST, {1: "a", 2: "b", 3: "c"}),
        (SECOND, {1: "a", 2: "bb", 4: "d"}),
        (THIRD, {1: "a", 2: "b", 4: "d", 3: "c"}),
    ):
        done = published(written(tmp_path / f"t_{date}.csv", rows), database, date)
        assert done.exit_code == 0, done.message
    return database


def shown(database, tmp_path, *words):
    done = command(*words, "--database", database, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_rows_as_they_were(versions, tmp_path):
    def at(date):
        text = shown(versions, tmp_path, "rows", "t", "--as-of", date, "--json")
        return {one["id"]: one["name"] for one in lines(text)}

    assert at("2022-12-31") == {}
    assert at(FIRST) == at("2023-06-02T23:59:59.999Z") == {1: "a", 2: "b", 3: "c"}
    assert at(SECOND) == {1: "a", 2: "bb", 4: "d"}
    assert at("2023-06-03T02:00+02:00") == at(SECOND)
    assert at("2099-01-01") == {1: "a", 2: "b", 3: "c", 4: "d"}
    some = snapshots.rows("t", as_of=SECOND, where=["id>=2"], database=versions)
    assert [one["id"] for one in some] == [2, 4]


def test_an_ordinary_table_has_no_earlier_rows(database, tmp_path):
    snapshots.load(written(tmp_path / "1.csv", {1: "a"}), database=database, table="t")
    for words in (
        ("rows", "t", "--as-of", FIRST),
        ("log", "t", "1"),
        ("diff", "--table", "t", FIRST, SECOND),
    ):
        done = command(*words, "--database", database, cwd=tmp_path)
        assert (done.returncode, "has no history" in done.stderr) == (2, True), done.stderr


def test_the_versions_of_a_row(versions, tmp_path):
    assert [
        (one["valid_from"], one["valid_to"], one["import_id"], one["line"], one["row"])
        for one in snapshots.log("t", "2", database=versions)
    ] == [
        ("2023-01-01T00:00:00.000Z", "2023-06-03T00:00:00.000Z", 1, 3, {"id": 2, "name": "b"}),
        ("2023-06-03T00:00:00.000Z", "2024-01-01T00:00:00.000Z", 2, 3, {"id": 2, "name": "bb"}),
        ("2024-01-01T00:00:00.000Z", None, 3, 3, {"id": 2, "name": "b"}),
    ]
    text = shown(versions, tmp_path, "log", "t", "3", "--format", "csv")
    head, first, second = text.splitlines()
    assert head == "valid_from,valid_to,import,input,line,id,name"
    assert first.startswith("2023-01-01,2023-06-03,1,")
    assert second.startswith("2024-01-01,,3,")
    assert "t_2023-01-01.csv" in shown(versions, tmp_path, "log", "t", "3", "--json")
    assert snapshots.log("t", "99", database=versions) == []
    for key in (("1", "2"), ("x",)):
        with pytest.raises(snapshots.SnapshotsError):
            snapshots.log("t", *key, database=versions)


CHANGES = [
    {"change": "changed", "key": {"id": 2}, "cells": {"name": {"before": "b", "after": "bb"}}},
    {"change": "removed", "key": {"id": 3}, "cells": {"name": {"before": "c", "after": None}}},
    {"change": "added", "key": {"id": 4}, "cells": {"name": {"before": None, "after": "d"}}},
]


def test_what_differs_between_two_versions(versions, tmp_path):
    assert list(snapshots.diff(1, 2, database=versions)) == CHANGES
    assert list(snapshots.diff(FIRST, SECOND, table="t", database=versions)) == CHANGES
    # A row that changed and changed back is the same.
    assert [(one["change"], one["key"]) for one in snapshots.diff(1, 3, database=versions)] == [
        ("added", {"id": 4})
    ]
    assert list(snapshots.diff(2, 2, database=versions)) == []
    backwards = [one["change"] for one in snapshots.diff(2, 1, database=versions)]
    assert backwards == ["changed", "added", "removed"]
    assert lines(shown(versions, tmp_path, "diff", "1", "2", "--json")) == CHANGES
    assert shown(versions, tmp_path, "diff", "1", "2", "--format", "csv").splitlines() == [
        "change,id,column,before,after",
        "changed,2,name,b,bb",
        "removed,3,name,c,",
        "added,4,name,,d",
    ]
    table = shown(versions, tmp_path, "diff", "--table", "t", FIRST, SECOND)
    assert [line.split() for line in table.splitlines()] == [
        ["change", "id", "column", "before", "after"],
        ["changed", "2", "name", "b", "bb"],
        ["removed", "3", "name=c"],
        ["added", "4", "name=d"],
    ]


def test_check_tells_by_the_exit_code(versions, tmp_path):
    for words, code in ((("1", "2"), 8), (("2", "2"), 0)):
        done = command("diff", *words, "--check", "--database", versions, cwd=tmp_path)
        assert done.returncode == code, done.stderr
    done = command("diff", "1", "2", "--database", versions, cwd=tmp_path)
    assert (done.returncode, "1 added, 1 removed, 1 changed (1 values)" in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("1", "99"), "no import 99"),
        (("1", "x"), "not numbers of imports"),
        (("1", "2", "3"), "two versions"),
        (("--table", "t", "1", "soon"), "neither a date nor a time"),
    ],
)
def test_versions_that_do_not_exist(versions, tmp_path, words, says):
    done = command("diff", *words, "--database", versions, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert says in done.stderr


def test_a_file_against_its_table(versions, tmp_path):
    path = written(tmp_path / "new.csv", {1: "a", 2: "x", 5: "e", 3: "c"})
    found = list(snapshots.diff(path, table="t", database=versions))
    assert sorted((one["change"], one["key"]["id"]) for one in found) == [
        ("added", 5), ("changed", 2), ("removed", 4),
    ]  # fmt: skip
    assert len(snapshots.history(versions)) == 3
    done = command("diff", path, "--table", "t", "--check", "--database", versions, cwd=tmp_path)
    assert (done.returncode, "new.csv" in done.stderr) == (8, True), done.stderr


def test_a_file_against_a_table_without_history(database, tmp_path):
    first = tmp_path / "t.csv"
    first.write_text("id,day,name\n1,2023-01-01,a\n2,2023-01-02,\n")
    snapshots.load(first, database=database, table="t")
    second = tmp_path / "u.csv"
    second.write_text("id,day,name\n1,2023-01-03,a\n2,2023-01-02,\nx,2023-01-02,c\n")
    with pytest.raises(snapshots.SnapshotsError, match="needs a key"):
        list(snapshots.diff(second, table="t", database=database))
    assert list(snapshots.diff(second, table="t", primary_key=["id"], database=database)) == [
        {
            "change": "changed",
            "key": {"id": 1},
            "cells": {"day": {"before": "2023-01-01", "after": "2023-01-03"}},
        }
    ]
    twice = tmp_path / "v.csv"
    twice.write_text("id,day,name\n1,2023-01-03,a\n1,2023-01-02,\n")
    with pytest.raises(snapshots.SnapshotsError, match="several records with id = 1"):
        list(snapshots.diff(twice, table="t", primary_key=["id"], database=database))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_of_differences_shows_both_sides(sqlite_url, tmp_path, width):
    """Rows that only one side has are long: they are cut, and no column is left out."""
    for day, rows in ((1, "1,Ana,Lisbon\n2,Ben,Oslo\n"), (2, "1,Ana,Porto\n3,Cem,Izmir\n")):
        file = tmp_path / f"people_2024010{day}.csv"
        file.write_text(f"id,name,the_city_that_they_live_in\n{rows}")
        snapshots.load(file, database=sqlite_url, mode="history", primary_key=("id",), table="t")
    done = command("diff", "1", "2", "--database", sqlite_url, cwd=tmp_path, COLUMNS=str(width))
    table = done.stdout.splitlines()
    assert table[0].split() == ["change", "id", "column", "before", "after"]
    assert max(map(len, table)) <= width
    assert any(line.endswith("Porto") for line in table)
    assert "do not fit" not in done.stderr


def test_a_log_has_all_versions_however_many(versions, tmp_path):
    start = datetime(2000, 1, 1, tzinfo=UTC)
    days = [f"{start + timedelta(hours=one):%Y-%m-%d %H:%M:%S}" for one in range(10_502)]
    if versions.startswith("sqlite"):
        days = [f"{one.replace(' ', 'T')}.000Z" for one in days]
    for at in range(0, 10_501, 500):
        rows = ", ".join(
            f"(9, 'v{one}', 1, 2, '{days[one]}', '{days[one + 1]}')"
            for one in range(at, min(at + 500, 10_501))
        )
        execute(
            versions,
            f"INSERT INTO t (id, name, _import_id, _line, _valid_from, _valid_to) VALUES {rows}",
        )
    found = shown(versions, tmp_path, "log", "t", "9", "--json").splitlines()
    assert len(found) == 10_501
    assert json.loads(found[-1])["row"]["name"] == "v10500"
    text = shown(versions, tmp_path, "log", "t", "9", "--format", "csv")
    assert len(text.splitlines()) == 10_502
    assert "t_2023-01-01.csv" in text.splitlines()[-1]
    assert len(snapshots.log("t", "9", database=versions)) == 10_501
