"""Rejects of all kinds of inputs: other encodings, compressed ones, streams, URLs, grown files,
records that the ledger keeps in part."""

import gzip
import json
import zipfile
from xml.etree import ElementTree

import pytest

import snapshots
from snapshots.errors import UsageError
from tests.repair.files import edited, entry, exported, held, replayed, sound, written
from tests.support.command import snapshots as command
from tests.verify.loaded import execute

DAYS = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def load(database, path, data, **options):
    path.write_bytes(data)
    given = {"contract": DAYS, "max_rejects": 100, "table": "t"} | options
    result = snapshots.load(path, database=database, **given)
    assert result.outcome == "finished", result
    return result.record.import_id


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "cp1252", "shift_jis"])
def test_encodings(sqlite_url, tmp_path, encoding):
    name = (
        "テスト" if encoding == "shift_jis" else "Grüße, „ja“" if encoding == "cp1252" else "Größe"
    )
    text = f'id,name\nx1,"{name}"\n2,a\nx3,"{name}\n{name}"\n4,"{name}"x\n5,b\n'
    load(sqlite_url, tmp_path / "a.csv", text.encode(encoding), encoding=encoding)
    rows = exported(sqlite_url, tmp_path)
    assert [row[5] for row in rows[1:]] == [name, f"{name}\n{name}", ""]
    assert rows[3][-1] == f'4,"{name}"x'
    assert replayed(sqlite_url, tmp_path / "fix.csv")[2] == 3
    changes = {2: {"id": "1"}, 4: {"id": "3"}, 6: {"id": "4", "name": "→", "_record": ""}}
    assert replayed(sqlite_url, written(tmp_path, edited(rows, changes))) == (3, 0, 0, 0, 0)
    assert held(sqlite_url, "id, name") == [
        (1, name), (2, "a"), (3, f"{name}\n{name}"), (4, "→"), (5, "b"),
    ]  # fmt: skip
    sound(sqlite_url)


def test_bytes_that_are_no_characters(sqlite_url, tmp_path):
    load(sqlite_url, tmp_path / "a.csv", b"id,name\n1,a\xff\n2,b\n", encoding="utf-8")
    rows = exported(sqlite_url, tmp_path)
    assert rows[1][-3:] == ["", "", "1,a�"]
    assert replayed(sqlite_url, tmp_path / "fix.csv")[2] == 1
    changes = {2: {"id": "1", "name": "aÿ", "_record": ""}}
    assert replayed(sqlite_url, written(tmp_path, edited(rows, changes)))[0] == 1
    sound(sqlite_url)


@pytest.mark.parametrize("form", ["plain", "gz", "no lineage", "gone", "utf-16"])
def test_records_that_the_ledger_keeps_in_part(sqlite_url, tmp_path, form):
    long, longer = "ä" * 40_000, "b,\n" * 50_000
    text = f'id,name\nx1,{long}\n2,a\nx3,"{longer}"\n4,{"c" * 70_000},d\n5,e\n'
    encoding = "utf-16" if form == "utf-16" else "utf-8"
    data = text.encode(encoding)
    path = tmp_path / ("a.csv.gz" if form == "gz" else "a.csv")
    data = gzip.compress(data) if form == "gz" else data
    load(sqlite_url, path, data, lineage=form != "no lineage", encoding=encoding)
    if form == "gone":
        path.rename(tmp_path / "moved.csv")
        report = snapshots.export_rejects(1, tmp_path / "cut.csv", database=sqlite_url)
        assert report.cut == [2, 4, 50_005]
        assert "Only the first 64 KiB are known" in report.sentence
        assert "cannot be read" in report.sentence
        done = command(
            "rejects", "1", "--database", sqlite_url, "--export", "-", cwd=tmp_path
        )  # fmt: skip
        assert (done.returncode, "at line 2, 4, 50005" in done.stderr) == (1, True)
    options = {"input": str(tmp_path / "moved.csv")} if form == "gone" else {}
    rows = exported(sqlite_url, tmp_path, **options)
    assert [(row[4], row[5]) for row in rows[1:]] == [("x1", long), ("x3", longer), ("", "")]
    assert rows[3][-1] == f"4,{'c' * 70_000},d"
    assert replayed(sqlite_url, tmp_path / "fix.csv", **options)[2] == 3
    changes = {2: {"id": "1"}, 4: {"id": "3"}, 50_005: {"id": "4", "name": "c", "_record": ""}}
    path = written(tmp_path, edited(rows, changes))
    assert replayed(sqlite_url, path, **options) == (3, 0, 0, 0, 0)
    assert execute(sqlite_url, "SELECT id, name FROM t ORDER BY id") == [
        (1, long), (2, "a"), (3, longer), (4, "c"), (5, "e"),
    ]  # fmt: skip
    if form != "no lineage":
        sound(sqlite_url, **options)


def test_own_bytes_of_long_records(sqlite_url, tmp_path):
    execute(
        sqlite_url,
        "CREATE TABLE t (id integer UNIQUE, name text, _import_id bigint, _line bigint)",
        "INSERT INTO t VALUES (1, 'before', 0, 0)",
    )
    number = load(
        sqlite_url, tmp_path / "a.csv", f"id,name\n1,{'x' * 90_000}\n".encode(), contract=None
    )
    execute(sqlite_url, "DELETE FROM t")
    (tmp_path / "a.csv").rename(tmp_path / "b.csv")
    assert replayed(sqlite_url, None, number)[2:] == (1, 0, 1)
    assert replayed(sqlite_url, None, number, input=str(tmp_path / "b.csv")) == (1, 0, 0, 0, 0)
    assert execute(sqlite_url, "SELECT LENGTH(name) FROM t") == [(90_000,)]
    sound(sqlite_url, number, input=str(tmp_path / "b.csv"))


def test_standard_input_without_a_header(database, tmp_path):
    done = command(
        "import", "-", "--table", "t", "--database", database, "--no-headers", "--skip-rows", "1",
        "--max-rejects", "9", cwd=tmp_path, stdin=b"a preamble\n1,a\n2\n3,c,\n4,d\n",
    )  # fmt: skip
    assert "2 rejected" in done.stdout, done.stdout + done.stderr
    rows = exported(database, tmp_path)
    names = rows[0][4:6]
    changes = {n: {names[0]: str(n - 1), names[1]: "new", "_record": ""} for n in (3, 4)}
    assert replayed(database, written(tmp_path, edited(rows, changes))) == (2, 0, 0, 0, 0)
    assert [row[0] for row in held(database)] == [1, 2, 3, 4]


def test_repeated_headers_and_grown_files(sqlite_url, tmp_path):
    path = tmp_path / "a.csv"
    load(sqlite_url, path, b"id,name\n1,a\nid,name\nx,b\n")
    with path.open("ab") as file:
        file.write(b"id,name\n4,d\ny,e\n")
    second = load(sqlite_url, path, path.read_bytes(), grown="tail")
    assert entry(sqlite_url, second).continues == 1
    rows = exported(sqlite_url, tmp_path, second)
    assert [(row[0], row[1]) for row in rows[1:]] == [
        ("5", "repeated_header"),
        ("7", "not_an_integer"),
    ]
    for number, line in ((1, 4), (second, 7)):
        assert replayed(sqlite_url, None, number)[2:] == (2, 0, 2)
        path_ = written(
            tmp_path, edited(exported(sqlite_url, tmp_path, number), {line: {"id": str(line)}})
        )
        assert replayed(sqlite_url, path_, number) == (1, 0, 1, 0, 1)
        snapshots.dismiss(number, "a header", codes=("repeated_header",), database=sqlite_url)
        sound(sqlite_url, number)
        assert entry(sqlite_url, number).open == 0
    with pytest.raises(UsageError, match="line 4 of the input is no reject of import 2"):
        replayed(sqlite_url, written(tmp_path, [["_line", "id"], ["4", "1"]]), second)


def test_children_before_their_parents(database, tmp_path):
    execute(
        database,
        "CREATE TABLE t (id integer PRIMARY KEY, up integer REFERENCES t (id),"
        " _import_id bigint, _line bigint)",
    )
    if database.startswith("mysql"):
        execute(database, "ALTER TABLE t ADD FOREIGN KEY (up) REFERENCES t (id)")
    text = "id,up\n1,\n" + "".join(f"{n},{n + 1}\n" for n in range(10, 15)) + "x,1\n"
    number = load(database, tmp_path / "a.csv", text.encode(), contract=None)
    assert entry(database, number).rejected == 6
    # The last of the chain gets its parent, in a file in the order of the input.
    rows = exported(database, tmp_path, number)
    changes = {n + 3: {"id": str(n + 10), "up": str(n + 11)} for n in range(5)}
    changes[7] = {"up": "1"}
    path = written(tmp_path, edited(rows, changes | {8: {"id": "20"}}))
    found = replayed(database, path, number)
    assert found[0] >= 2
    assert replayed(database, None, number)[-1] == 0 or found[-1] == 0
    assert [row[0] for row in held(database, "id")] == [1, 10, 11, 12, 13, 14, 20]
    sound(database, number)


def test_rows_that_a_trigger_refuses_with_the_transaction(sqlite_url, tmp_path):
    execute(
        sqlite_url,
        "CREATE TABLE t (id integer, name text, _import_id bigint, _line bigint)",
        "CREATE TRIGGER never BEFORE INSERT ON t WHEN new.name = 'never' BEGIN"
        " SELECT RAISE(ROLLBACK, 'never'); END",
    )
    text = "id,name\n" + "".join(f"{n},never\n" for n in range(12))
    number = load(sqlite_url, tmp_path / "a.csv", text.encode(), contract=None)
    rows = exported(sqlite_url, tmp_path, number)
    changes = {n + 2: {"name": "good" if n % 3 else "NEVER"} for n in range(12)}
    execute(
        sqlite_url,
        "DROP TRIGGER never",
        "CREATE TRIGGER never BEFORE INSERT ON t WHEN new.name = 'NEVER' BEGIN"
        " SELECT RAISE(ROLLBACK, 'never again'); END",
    )
    path = written(tmp_path, edited(rows, changes))
    assert replayed(sqlite_url, path, number) == (8, 4, 0, 0, 4)
    sound(sqlite_url, number)


def test_other_forms_of_an_export(sqlite_url, tmp_path):
    text = 'id,name,name\n=1+1,"a\tb","<&>"\n2,_x0041_,"\x07"\n3\n'
    load(
        sqlite_url,
        tmp_path / "a.csv",
        text.encode(),
        contract={
            "fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]
        },
        columns_changed="ignore",
    )
    rows = exported(sqlite_url, tmp_path)
    assert rows[1][4] == "=1+1"
    snapshots.export_rejects(1, tmp_path / "fix.xlsx", database=sqlite_url)
    snapshots.export_rejects(1, tmp_path / "fix.jsonl", database=sqlite_url)
    with zipfile.ZipFile(tmp_path / "fix.xlsx") as book:
        assert book.testzip() is None
        for name in book.namelist():
            ElementTree.fromstring(book.read(name))
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    cells = [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{main}row")]
    assert cells[:2] == [rows[0], rows[1]]
    found = [json.loads(line) for line in (tmp_path / "fix.jsonl").read_text().splitlines()]
    assert list(found[0]) == [*rows[0][:6], "name (2)", "_record"]
    assert found[0]["id"] == "=1+1"


@pytest.mark.parametrize(
    "dialect",
    [
        {"quote": ""},
        {"escape": "\\"},
        {"delimiter": "||"},
        {"ragged": "pad"},
        {"comment": "#"},
        {"skip_initial_space": True},
        {"terminator": "cr"},
    ],
)
def test_dialects(sqlite_url, tmp_path, dialect):
    delimiter = dialect.get("delimiter", ",")
    records = [
        "id,name",
        "x1,#a b",
        "2,c",
        'x3,it"s',
        "# remark" if "comment" in dialect else "4,d",
    ]
    end = "\r" if "terminator" in dialect else "\n"
    text = "".join(record.replace(",", delimiter) + end for record in records)
    load(sqlite_url, tmp_path / "a.csv", text.encode(), **dialect)
    rows = exported(sqlite_url, tmp_path)
    lines = [int(row[0]) for row in rows[1:]]
    assert [row[5] for row in rows[1:]] == ["#a b", 'it"s']
    changes = {line: {"id": "7", "name": '#x\\,|"'} for line in lines}
    assert replayed(sqlite_url, written(tmp_path, edited(rows, changes))) == (2, 0, 0, 0, 0)
    assert [row for row in held(sqlite_url, "id, name") if row[0] == 7] == [(7, '#x\\,|"')] * 2
    sound(sqlite_url)
