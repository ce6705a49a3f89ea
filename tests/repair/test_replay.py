"""Rejects that are corrected in a file are loaded, and are rejects no more."""

import pytest

import snapshots
from snapshots.errors import Forbids, OlderVersion, UsageError
from tests.repair.files import (
    balanced,
    edited,
    entry,
    exported,
    held,
    replayed,
    sound,
    written,
)
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.verify.loaded import execute

RIDES = (
    "id,name,day,km\n"
    "1,Ana,2024-01-01,3\n"
    '2,"B, b",2024-13-01,4\n'
    "3,Cy,2024-01-03,x\n"
    "4,Dy,2024-01-04\n"
    '5,"E""e",2024-01-05,1\n'
    '6,F,2024-01-06,"7"8\n'
    '7,"G\ng",nope,9\n'
)
CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "day", "type": "date"},
        {"name": "km", "type": "integer"},
    ],
    "primaryKey": ["id"],
}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def load(database, folder, text=RIDES, name="rides.csv", **options):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    given = {"contract": CONTRACT, "max_rejects": 1_000_000, "table": "t"} | options
    result = snapshots.load(path, database=database, **given)
    assert result.outcome == "finished", result
    return result.record.import_id


def test_from_an_export_to_no_open_reject(database, tmp_path):
    load(database, tmp_path)
    rows = exported(database, tmp_path)
    assert rows[0] == ["_line", "_code", "_column", "_reason", "id", "name", "day", "km", "_record"]
    assert [(row[0], row[1], row[2], *row[4:]) for row in rows[1:]] == [
        ("3", "not_a_date", "day", "2", "B, b", "2024-13-01", "4", ""),
        ("4", "not_an_integer", "km", "3", "Cy", "2024-01-03", "x", ""),
        ("5", "field_count", "", "", "", "", "", "4,Dy,2024-01-04"),
        ("7", "text_after_quote", "", "", "", "", "", '6,F,2024-01-06,"7"8'),
        ("8", "not_a_date", "day", "7", "G\ng", "nope", "9", ""),
    ]
    assert replayed(database, tmp_path / "fix.csv") == (0, 0, 5, 0, 5)
    changes = {
        3: {"day": "2024-12-01"},
        4: {"km": "y"},
        5: {"id": "4", "name": "Dy", "day": "2024-01-04", "_record": ""},
        7: {"_record": "6,F,2024-01-06,78"},
        8: {"id": "1", "day": "2024-01-09"},
    }
    path = written(tmp_path, edited(rows, changes), delimiter=";", encoding="utf-8-sig")
    assert replayed(database, path) == (3, 2, 0, 0, 2)
    assert replayed(database, path) == (0, 0, 2, 3, 2)
    sound(database)
    one = entry(database)
    assert (one.records, one.loaded, one.rejected, one.open, one.corrected) == (7, 5, 2, 2, 3)

    rows = exported(database, tmp_path)
    assert [(row[0], row[1], row[2], *row[4:]) for row in rows[1:]] == [
        ("4", "not_an_integer", "km", "3", "Cy", "2024-01-03", "y", ""),
        ("8", "refused_by_target", "", "1", "G\ng", "2024-01-09", "9", ""),
    ]
    assert rows[1][3] == '"y" is not an integer.'
    path = written(tmp_path, edited(rows, {4: {"km": "5"}, 8: {"id": "7"}}), delimiter="\t")
    assert replayed(database, path) == (2, 0, 0, 0, 0)
    assert [row[3:] for row in held(database, "name, day, km, id, _import_id, _line")] == [
        (n, 1, line) for n, line in zip(range(1, 8), range(2, 9), strict=True)
    ]
    report = sound(database)
    assert (report.equal, report.compared) == (7, True)
    history = execute(
        database,
        "SELECT line, attempt, replay, old_code, outcome, new_code FROM snapshots_corrections"
        " ORDER BY line, attempt",
    )
    assert history == [
        (3, 1, 1, "not_a_date", "loaded", None),
        (4, 1, 1, "not_an_integer", "rejected", "not_an_integer"),
        (4, 2, 2, "not_an_integer", "loaded", None),
        (5, 1, 1, "field_count", "loaded", None),
        (7, 1, 1, "text_after_quote", "loaded", None),
        (8, 1, 1, "not_a_date", "rejected", "refused_by_target"),
        (8, 2, 2, "refused_by_target", "loaded", None),
    ]
    snapshots.undo(1, database=database)
    assert held(database) == []


def test_the_command(database, tmp_path):
    load(database, tmp_path)
    run = ("--database", database)
    done = command("rejects", "1", *run, "--export", "fix.csv", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "5 open rejects of import 1 are in fix.csv" in done.stderr
    done = command("rejects", "1", *run, "--export", "fix.csv", cwd=tmp_path)
    assert (done.returncode, "exists already" in done.stderr) == (2, True)
    done = command("rejects", "1", *run, "--export", "fix.txt", cwd=tmp_path)
    assert (done.returncode, "does not end in .csv" in done.stderr) == (2, True)
    done = command("replay", "1", "fix.csv", *run, cwd=tmp_path)
    assert done.returncode == 3
    assert "0 rejects loaded into t; 5 open" in done.stdout
    done = command("list", "--open", *run, "--json", cwd=tmp_path)
    assert [(one["import_id"], one["open"], one["dismissed"]) for one in objects(done)] == [
        (1, 5, 0)
    ]
    for options in (("--line", "3"), ("--code", "not_an_integer"), ()):
        done = command("dismiss", "1", *run, *options, "--because", "old", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert "3 rejects dismissed; 0 open" in done.stdout
    assert command("list", "--open", *run, cwd=tmp_path).stdout == ""
    done = command("replay", "1", "--json", *run, cwd=tmp_path)
    assert done.returncode == 0
    (report,) = objects(done)
    assert (report["open"], report["dismissed"], report["loaded"]) == (0, 5, 0)
    (one,) = objects(command("show", "1", "--json", *run, cwd=tmp_path))
    assert (one["rejected"], one["dismissed"], one["open"]) == (5, 5, 0)
    sound(database)
    # A dismissed reject may still be corrected.
    rows = [["_line", "day"], ["3", "2024-12-01"]]
    assert replayed(database, written(tmp_path, rows)) == (1, 0, 0, 0, 0)
    one = entry(database)
    assert (one.rejected, one.dismissed, one.open) == (4, 4, 0)


def test_columns_in_another_order_and_called_as_in_the_table(sqlite_url, tmp_path):
    text = "Id,Ride Name,Ride Day,Ride Name\n1,a,2024-01-01,b\n2,c\n3,d\n"
    load(sqlite_url, tmp_path, text, contract=None, delimiter=",")
    rows = exported(sqlite_url, tmp_path)
    assert rows[0][4:] == ["Id", "Ride Name", "Ride Day", "Ride Name", "_record"]
    called = ["Ride Name", "Ride Day", " _line ", "", "Ride Name_2", "Id"]
    path = written(tmp_path, [called, ["A", "2024-02-02", "3", "", "B", "2"]])
    assert replayed(sqlite_url, path)[0] == 1
    called = ["Ride Name", "_line", "Ride Name"]
    path = written(tmp_path, [called, ["A", "4", "B"]])
    report = snapshots.replay(1, path, database=sqlite_url)
    assert report.examples == ["line 4: It needs a value for each column of the input."]
    assert held(sqlite_url, '"Id", "Ride Name", "Ride Day", "Ride Name_2"') == [
        (1, "a", "2024-01-01", "b"),
        (2, "A", "2024-02-02", "B"),
    ]
    sound(sqlite_url)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["_line", "day"], ["2", "2024-01-01"]], "line 2 of the input is no reject"),
        ([["_line", "day"], ["99", "2024-01-01"]], "line 99 of the input is no reject"),
        ([["_line", "day"], ["3", "x"], ["3", "y"]], "stands in it twice"),
        ([["_line", "Day"], ["3", "x"]], "no column 'Day'"),
        ([["line", "day"], ["3", "x"]], "no column _line"),
        ([["_line", "day"], ["three", "x"]], "no number in _line"),
        ([["_line", "day"], ["3"]], "has 1 fields"),
        ([["_line", "day", ""], ["3", "2024-01-01", "more"]], "a column without a name"),
        ([], "is empty"),
    ],
)
def test_a_file_that_fits_not_changes_nothing(sqlite_url, tmp_path, rows, said):
    load(sqlite_url, tmp_path)
    good = [["4", "2024-01-05"]] if len(rows) > 1 and len(rows[0]) == 2 else []
    with pytest.raises(UsageError, match=said):
        replayed(sqlite_url, written(tmp_path, [*rows[:1], *good, *rows[1:]]))
    assert entry(sqlite_url).rejected == 5
    balanced(sqlite_url)


def test_a_line_that_is_loaded_takes_no_other_correction(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path)
    assert replayed(sqlite_url, written(tmp_path, [["_line", "km"], ["4", "5"]]))[0] == 1
    assert replayed(sqlite_url, written(tmp_path, [["_line", "km"], ["4", "5"]]))[3] == 1
    # As it was exported at first: nobody has edited it.
    assert replayed(sqlite_url, written(tmp_path, [["_line", "km"], ["4", "x"]]))[3] == 1
    with pytest.raises(UsageError, match="loaded already, with another correction"):
        replayed(sqlite_url, written(tmp_path, [["_line", "km"], ["4", "6"]]))


def test_what_cannot_be_told_stays_as_it_is(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path)
    rows = exported(sqlite_url, tmp_path)
    changes = {
        3: {"_record": "2,b,2024-01-01,4"},
        5: {"id": "4"},
        7: {"_record": "6,F"},
    }
    report = snapshots.replay(1, written(tmp_path, edited(rows, changes)), database=sqlite_url)
    assert (report.loaded, report.refused, report.unchanged, report.open) == (0, 3, 2, 5)
    assert report.examples == [
        "line 3: _record must be empty here: correct the fields instead.",
        "line 5: Its fields are filled: empty _record as well.",
        "line 7: _record is not one record of 4 fields.",
    ]
    assert execute(sqlite_url, "SELECT COUNT(*) FROM snapshots_corrections") == [(0,)]
    sound(sqlite_url)


def test_null_and_empty_texts(database, tmp_path):
    text = 'id,name,day,km\n1,,x,1\n2,"",x,2\n3,c,x,3\n4,d,x,4\n'
    execute(
        database,
        "CREATE TABLE t (id integer, name varchar(9), day date, km integer,"
        " _import_id bigint, _line bigint)",
    )
    number = load(database, tmp_path, text, contract=None)
    first = exported(database, tmp_path, number)
    raw = (tmp_path / "fix.csv").read_text()
    assert "1,,x,1," in raw
    assert '2,"",x,2,' in raw
    rows = edited(first, {n: {"day": "2024-01-01"} for n in (2, 3, 4, 5)})
    rows = edited(rows, {4: {"name": ""}})
    assert replayed(database, written(tmp_path, rows), number) == (4, 0, 0, 0, 0)
    # What was an empty text stays one, though a spreadsheet writes both alike.
    assert held(database, "id, name") == [(1, None), (2, ""), (3, None), (4, "d")]
    sound(database, number)


def test_without_a_file_after_the_contract_was_mended(database, tmp_path):
    load(database, tmp_path, "id,name,day,km\n1,a,-,1\n2,b,03.02.2024,2\n3,c,2024-01-01,-\n")
    assert replayed(database) == (0, 0, 3, 0, 3)
    assert replayed(database, null_values=("-",)) == (2, 0, 1, 0, 1)
    fields = [dict(one) for one in CONTRACT["fields"]]
    fields[2]["format"] = "%d.%m.%Y"
    assert replayed(database, contract={"fields": fields}) == (1, 0, 0, 0, 0)
    found = [
        (n, None if day is None else str(day)[:10], km)
        for n, day, km in held(database, "id, day, km")
    ]
    assert found == [(1, None, 1), (2, "2024-02-03", 2), (3, "2024-01-01", None)]
    sound(database)


def test_without_a_file_after_the_table_was_mended(database, tmp_path):
    execute(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, name varchar(3) NOT NULL,"
        " _import_id bigint, _line bigint)",
    )
    text = "id,name\n1,abc\n2,abcd\n3,\n1,xyz\n"
    number = load(database, tmp_path, text, contract=None)
    if "sqlite" not in database:
        assert entry(database, number).rejected == 3
        wider = {
            "p": (
                "ALTER TABLE t ALTER COLUMN name TYPE varchar(9)",
                "ALTER TABLE t ALTER COLUMN name DROP NOT NULL",
            ),
            "m": ("ALTER TABLE t MODIFY name varchar(9)",),
        }[database[0]]
        execute(database, *wider)
        assert replayed(database, import_id=number) == (2, 0, 1, 0, 1)
        assert held(database, "id, name") == [(1, "abc"), (2, "abcd"), (3, None)]
        sound(database, number)
    execute(database, "DELETE FROM t WHERE id = 1")
    assert replayed(database, import_id=number, codes=("refused_by_target",))[0] == 1
    assert held(database, "id, name")[-1] == (1, "xyz")


def test_with_another_delimiter(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path, "id,name,day,km\n1,a,2024-01-01,1\n2;b;2024-01-02;2\n")
    assert replayed(sqlite_url, delimiter=";") == (1, 0, 0, 0, 0)
    assert held(sqlite_url, "id, name") == [(1, "a"), (2, "b")]
    sound(sqlite_url)
    with pytest.raises(UsageError, match="--header cannot change"):
        replayed(sqlite_url, header=False)


def test_only_a_finished_import(sqlite_url, tmp_path):
    path = tmp_path / "rides.csv"
    path.write_text(RIDES)
    snapshots.load(path, database=sqlite_url, table="t", contract=CONTRACT, limit=3)
    with pytest.raises(Forbids, match="only the rejects of a finished import"):
        replayed(sqlite_url)
    snapshots.resume(1, database=sqlite_url, max_rejects=10)
    snapshots.undo(1, database=sqlite_url)
    for call in (replayed, lambda url: snapshots.dismiss(1, "x", database=url)):
        with pytest.raises(Forbids, match="was undone"):
            call(sqlite_url)
    assert entry(sqlite_url).open == 0


def test_only_the_newest_version_of_a_table(database, tmp_path):
    load(database, tmp_path, mode="replace", as_of="2024-01-01")
    rows = exported(database, tmp_path)
    path = written(tmp_path, edited(rows, {3: {"day": "2024-02-02"}, 4: {"km": "1", "id": "1"}}))
    assert replayed(database, path) == (1, 1, 3, 0, 4)
    one = entry(database)
    assert (one.loaded, one.inserted) == (3, 3)
    sound(database)
    load(
        database,
        tmp_path,
        RIDES + "9,new,2024-01-01,1\n",
        name="b.csv",
        mode="replace",
        as_of="2024-01-02",
    )
    with pytest.raises(OlderVersion, match="Import 2 has published a later version of table t"):
        replayed(database, path)
    assert replayed(database, import_id=2) == (0, 0, 5, 0, 5)
    # Publishing has kept the row of which the new version has a broken record.
    assert held(database, "id, _import_id") == [(1, 2), (2, 1), (5, 2), (9, 2)]
    rows = edited(exported(database, tmp_path, 2), {3: {"day": "2024-02-03"}, 4: {"km": "4"}})
    assert replayed(database, written(tmp_path, rows), 2) == (1, 1, 3, 0, 4)
    assert held(database, "id, _import_id") == [(1, 2), (2, 1), (3, 2), (5, 2), (9, 2)]
    sound(database, 2)


def test_the_list_shows_open_rejects_where_they_are_not_all(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path)
    first = command("list", "--database", sqlite_url, cwd=tmp_path).stdout.splitlines()
    assert "open" not in first[0].split()
    snapshots.dismiss(1, "a total", line=3, database=sqlite_url)
    head, row = command("list", "--database", sqlite_url, cwd=tmp_path).stdout.splitlines()[:2]
    assert row.split()[head.split().index("open")] == "4"
    assert row.split()[head.split().index("rejected")] == "5"
