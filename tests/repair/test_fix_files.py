"""Files of corrections as people and programs write them."""

import csv
import io
import json
import threading

import pytest

import snapshots
from snapshots.errors import Forbids, UsageError
from tests.repair.files import balanced, edited, entry, exported, held, replayed, sound, written
from tests.verify.loaded import execute

TEXT = (
    "id,name,day,name\n"
    '1,"a ""quoted"", one",2024-13-01,x\n'
    '2,"two\nlines",2024-13-02,\n'
    '3,"",2024-13-03,y\n'
    "4,d\n"
    "5,e,2024-01-05,z\n"
)
CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "day", "type": "date"},
        {"name": "name_2", "type": "string"},
    ],
    "missingValues": [""],
}
ROWS = [
    (1, 'a "quoted", one', "2024-12-01", "x"),
    (2, "two\nlines", "2024-12-02", None),
    (3, None, "2024-12-03", "y"),
    (4, "d", "2024-12-04", "w"),
    (5, "e", "2024-01-05", "z"),
]
CHANGES = {
    2: {"day": "2024-12-01"},
    3: {"day": "2024-12-02"},
    5: {"day": "2024-12-03"},
    6: {"_record": "4,d,2024-12-04,w"},
}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def load(database, folder, text=TEXT, name="a.csv", **options):
    path = folder / name
    path.write_text(text)
    given = {"max_rejects": 100_000, "table": "t", "contract": CONTRACT} | options
    result = snapshots.load(path, database=database, **given)
    assert result.outcome == "finished", result
    return result.record.import_id


def as_it_is_meant(database):
    found = [
        (*row[:2], str(row[2])[:10], row[3]) for row in held(database, "id, name, day, name_2")
    ]
    assert found == ROWS
    sound(database)


@pytest.fixture
def loaded(database, tmp_path):
    load(database, tmp_path)
    return exported(database, tmp_path)


@pytest.mark.parametrize(
    "form", ["excel", "sorted", "moved columns", "one by one", "quoted", "tabs", "CR in fields"]
)
def test_csv(database, tmp_path, loaded, form):
    rows = edited(loaded, CHANGES)
    path, out = tmp_path / "edited.csv", io.StringIO()
    encoding, more = "utf-8", {"lineterminator": "\n"}
    if form == "excel":
        encoding, more = "utf-8-sig", {"delimiter": ";", "lineterminator": "\r\n"}
    elif form == "sorted":
        rows = [rows[0], *sorted(rows[1:], key=lambda row: row[3], reverse=True)]
    elif form == "moved columns":
        # Columns of one name keep their order.
        order = [8, 5, 6, 7, 4, 3, 2, 1, 0]
        rows = [[row[at] for at in order] for row in rows]
    elif form == "quoted":
        more = {"quoting": csv.QUOTE_ALL}
    elif form == "tabs":
        more = {"delimiter": "\t"}
    elif form == "CR in fields":
        rows = [[cell.replace("\n", "\r\n") for cell in row] for row in rows]
    if form == "one by one":
        for one in rows[1:]:
            replayed(database, written(tmp_path, [rows[0], one]))
    else:
        csv.writer(out, **more).writerows(rows)
        path.write_bytes(out.getvalue().encode(encoding))
        assert replayed(database, path) == (4, 0, 0, 0, 0)
        assert replayed(database, path) == (0, 0, 0, 4, 0)
    as_it_is_meant(database)


def test_json_lines(database, tmp_path, loaded):
    path = tmp_path / "fix.jsonl"
    snapshots.export_rejects(1, path, database=database)
    assert replayed(database, path)[2] == 4
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert (records[1]["name (2)"], records[2]["name"]) == (None, "")
    records = [record | CHANGES[record["_line"]] for record in records]
    # Members may be fewer, in another order, and numbers.
    records[0] = {"day": "2024-12-01", "_line": 2, "id": 1}
    path.write_text("\n".join(map(json.dumps, reversed(records))))
    assert replayed(database, path) == (4, 0, 0, 0, 0)
    assert replayed(database, path) == (0, 0, 0, 4, 0)
    as_it_is_meant(database)


def test_json_tells_an_empty_text_from_null(sqlite_url, tmp_path):
    execute(
        sqlite_url,
        "CREATE TABLE t (id integer, name text NOT NULL, day text,"
        " _import_id bigint, _line bigint)",
    )
    number = load(sqlite_url, tmp_path, "id,name,day\n1,,a\n2,,b\n3,,c\n", contract=None)
    path = tmp_path / "fix.jsonl"
    path.write_text(
        '{"_line": 2, "name": ""}\n{"_line": 3, "name": null}\n'
        '{"_line": 4, "name": "", "day": ""}\n'
    )
    assert replayed(sqlite_url, path, number) == (2, 0, 1, 0, 1)
    assert held(sqlite_url, "id, name, day") == [(1, "", "a"), (3, "", "")]
    sound(sqlite_url, number)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "Line 1 is no JSON object"),
        (b'{"_line": 2}\n[2]', "Line 2 is no JSON object"),
        (b'{"line": 2}', "no column _line"),
        (b'{"_line": 2, "dy": "x"}', "no column 'dy'"),
        (b'{"_line": 2, "day": ["x"]}', "an object or a list as 'day'"),
        (b'{"_line": 2, "day": {"x": 1}}', "an object or a list as 'day'"),
        (b'{"_line": 2, "day": "x", "day": "y"}', "a name twice"),
        (b'{"_line": null}', "no number in _line"),
        (b'{"_line": 2}\n{"_line": 2}', "line 2 of the input stands in it twice"),
        (b'{"_line": 2, "day": "\\ud800"}', "no valid text as 'day'"),
        (b'{"_line": 2, "day": "\xff"}', "no JSON object"),
        (b'{"_line": 7}', "line 7 of the input is no reject"),
    ],
)
def test_json_that_fits_not(sqlite_url, tmp_path, line, said):
    load(sqlite_url, tmp_path, contract=CONTRACT)
    path = tmp_path / "fix.jsonl"
    path.write_bytes(line)
    with pytest.raises(UsageError, match=said):
        replayed(sqlite_url, path)
    assert entry(sqlite_url).rejected == 4


def test_a_spreadsheet_is_to_be_saved_as_csv(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path, contract=CONTRACT)
    snapshots.export_rejects(1, tmp_path / "fix.xlsx", database=sqlite_url)
    with pytest.raises(UsageError, match="It is a spreadsheet") as raised:
        replayed(sqlite_url, tmp_path / "fix.xlsx")
    assert "save it as CSV UTF-8" in raised.value.hint


def test_a_line_twice_far_apart(sqlite_url, tmp_path):
    text = "id,name\n" + "".join(f"x{n},a\n" for n in range(2500))
    load(sqlite_url, tmp_path, text, contract={"fields": CONTRACT["fields"][:2]})
    rows = [["_line", "id"], *([str(n + 2), str(n)] for n in range(2500)), ["2", "7"]]
    with pytest.raises(UsageError, match="Line 2502: line 2 of the input stands in it twice"):
        replayed(sqlite_url, written(tmp_path, rows))
    assert entry(sqlite_url).rejected == 2500
    assert replayed(sqlite_url, written(tmp_path, rows[:-1]))[0] == 2500
    sound(sqlite_url)


def test_the_file_of_another_import(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path, contract=CONTRACT)
    rows = edited(exported(sqlite_url, tmp_path), CHANGES)
    other = load(sqlite_url, tmp_path, "id,name,day,name\n" + "x,b,2024-01-01,c\n" * 3, "b.csv",
                 contract=CONTRACT)  # fmt: skip
    with pytest.raises(UsageError, match="is no reject of import 2"):
        replayed(sqlite_url, written(tmp_path, rows), other)
    assert entry(sqlite_url, other).corrected == 0
    assert entry(sqlite_url, 1).rejected == 4


def test_two_replays_at_once(database, tmp_path):
    text = "id,name\n" + "".join(f"x{n},a\n" for n in range(3000))
    load(database, tmp_path, text, contract={"fields": CONTRACT["fields"][:2]})
    rows = [["_line", "id"], *([str(n + 2), str(n)] for n in range(3000))]
    paths = [
        written(tmp_path, rows, name="one.csv"),
        written(tmp_path, [rows[0], *reversed(rows[1:])], name="other.csv"),
    ]
    found = []

    def replay(path):
        found.append(snapshots.replay(1, path, database=database))

    threads = [threading.Thread(target=replay, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    # Another import into the table meanwhile.
    load(database, tmp_path, "id,name\n" + "7,b\n" * 2000, "b.csv")
    for thread in threads:
        thread.join()
    assert sum(one.loaded for one in found) == 3000
    assert sum(one.loaded + one.already for one in found) == 6000
    balanced(database)
    assert held(database, "COUNT(*)" if database.startswith("sqlite") else "1")
    sound(database)
    sound(database, 2)


def test_undone_and_loaded_again(database, tmp_path, loaded):
    path = written(tmp_path, edited(loaded, CHANGES))
    snapshots.dismiss(1, "old", line=3, database=database)
    assert replayed(database, path) == (4, 0, 0, 0, 0)
    assert entry(database).dismissed == 0
    snapshots.undo(1, database=database)
    assert held(database) == []
    with pytest.raises(Forbids, match="was undone"):
        replayed(database, path)
    again = load(database, tmp_path)
    assert (again, entry(database, again).rejected) == (2, 4)
    assert replayed(database, path, again) == (4, 0, 0, 0, 0)
    sound(database, again)
    assert len(held(database)) == 5
