"""`snapshots rows`: what it prints, and that an import takes it back unchanged."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from snapshots import locations
from tests.support.command import objects, snapshots

CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "text", "type": "string"},
        {"name": "price", "type": "number", "x-snapshots": {"precision": 20, "scale": 4}},
        {"name": "ratio", "type": "number", "floatNumber": True},
        {"name": "small", "type": "number", "floatNumber": True, "x-snapshots": {"bits": 32}},
        {"name": "yes", "type": "boolean"},
        {"name": "day", "type": "date"},
        {"name": "at", "type": "datetime"},
    ],
    "x-snapshots": {"missingValues": "unquoted"},
}
TEXTS = [
    "plain", "", None, " leading", "trailing ", "a,b", 'say "hi"', "two\nlines", "cr\r\nlf",
    "NULL", "数据表格", "back\\slash", "100%", "'quoted'", "=1+1", "\t", "ünï",
]  # fmt: skip


def field(text):
    if text is None:
        return ""
    doubled = str(text).replace('"', '""')
    return f'"{doubled}"'


@pytest.fixture
def folder(tmp_path):
    """A file with awkward values, and its contract."""
    lines = ["id,text,price,ratio,small,yes,day,at"]
    for n, text in enumerate(TEXTS):
        ratio = (0.1, 1e-7, 1.5e300, -0.25)[n % 4]
        lines.append(
            f"{n},{field(text)},{n * 1234567.0625:.4f},{ratio!r},{n}.1,"
            f"{'true' if n % 2 else 'false'},"
            f"2024-02-{n + 1:02},2024-02-{n + 1:02} 12:30:00.{n:06}"
        )
    lines.append("99" + "," * 7)
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", newline="")
    (tmp_path / "c.json").write_text(json.dumps(CONTRACT))
    return tmp_path


@pytest.fixture
def loaded(folder, database):
    done = snapshots("import", "t.csv", "--database", database, "--contract", "c.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def contents(database, table):
    target = locations.target(database)
    session = target.connect()
    quote = target.dialect.quote
    names = ", ".join(map(quote, (one["name"] for one in CONTRACT["fields"])))
    rows = session.execute(f"SELECT {names} FROM {quote(table)} ORDER BY {quote('id')}")
    session.close()
    return rows


def test_an_import_takes_back_what_csv_gives(loaded, database):
    given = snapshots(
        "rows", "t", "--database", database, "--format", "csv", "--no-lineage", cwd=loaded
    )
    assert given.returncode == 0, given.stderr
    (loaded / "back.csv").write_text(given.stdout, newline="")
    again = snapshots(
        "import", "back.csv", "--database", database, "--table", "back", "--contract", "c.json",
        "--again", cwd=loaded,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert contents(database, "back") == contents(database, "t")
    assert len(contents(database, "t")) == len(TEXTS) + 1


def test_null_and_the_empty_text_differ_in_csv(loaded, database):
    def lines(*conditions):
        done = snapshots("rows", "t", "--database", database, "--format", "csv", "--columns",
                         "id,text", *conditions, cwd=loaded)  # fmt: skip
        return done.stdout.splitlines()[1:]

    assert lines("--where", "text:null") == ["2,", "99,"]
    assert lines("--where", "text=") == ['1,""']


def test_json_lines_have_the_values_of_rest(loaded, database):
    rows = objects(snapshots("rows", "t", "--database", database, "--json", cwd=loaded))
    assert len(rows) == len(TEXTS) + 1
    assert [row["text"] for row in rows[:-1]] == TEXTS
    assert (rows[1]["id"], rows[1]["price"], rows[1]["yes"]) == (1, "1234567.0625", True)
    assert rows[1]["ratio"] == 1e-7
    assert rows[-1] | {"_import_id": 1, "_line": 0} == {
        **dict.fromkeys(rows[0]), "id": 99, "_import_id": 1, "_line": 0,
    }  # fmt: skip


def test_conditions_are_values_and_never_sql(loaded, database):
    def ids(*conditions):
        given = [word for one in conditions for word in ("--where", one)]
        done = snapshots("rows", "t", "--database", database, "--json", *given, cwd=loaded)
        assert done.returncode == 0, done.stderr
        return [row["id"] for row in objects(done)]

    assert ids("id>=3", "id<6", "id!=4") == [3, 5]
    assert ids('text=say "hi"') == [6]
    assert ids("text='quoted'") == [13]
    assert ids("text==1+1") == [14]
    assert ids("text=x' OR '1'='1") == []
    assert ids("day=2024-02-04") == [3]
    assert ids("yes=true", "id<=3") == [1, 3]
    assert ids("price:gt:0", "id<3") == [1, 2]


def test_what_is_not_there_is_answered_with_what_is(loaded, database):
    def refused(*words):
        done = snapshots("rows", *words, "--database", database, cwd=loaded)
        assert done.stdout == ""
        return done.returncode, done.stderr

    code, text = refused("tt")
    assert (code, "Did you mean t?" in text or "t" in text) == (1, True)
    code, text = refused("t", "--where", "txt=1")
    assert code == 2
    assert "Did you mean text?" in text
    code, text = refused("t", "--columns", "id,dya")
    assert code == 2
    assert "Did you mean day?" in text
    code, text = refused("t", "--where", "nonsense")
    assert code == 2
    assert "COLUMN=VALUE" in text
    code, text = refused("t", "--where", "id=many")
    assert code == 2
    assert "integer" in text


def test_names_may_need_quotes(tmp_path, database):
    (tmp_path / "a.csv").write_text("id,a=b\n1,x\n2,y\n")
    done = snapshots("import", "a.csv", "--database", database, "--table", '"odd.na""me"',
                     cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = objects(snapshots("rows", '"odd.na""me"', "--database", database, "--json",
                             "--where", "a=b=y", cwd=tmp_path))  # fmt: skip
    assert [(row["id"], row["a=b"]) for row in rows] == [(2, "y")]
    wrong = snapshots("rows", '"odd.nam"', "--database", database, cwd=tmp_path)
    assert '"odd.na""me"' in wrong.stderr


def test_a_schema_may_stand_before_the_name(tmp_path, postgres_url):
    session = locations.target(postgres_url).connect()
    session.execute("CREATE SCHEMA other")
    session.close()
    (tmp_path / "a.csv").write_text("id\n1\n2\n")
    snapshots("import", "a.csv", "--database", postgres_url, "--table", "other.t", cwd=tmp_path)
    done = snapshots("rows", "other.t", "--database", postgres_url, "--json", cwd=tmp_path)
    assert [row["id"] for row in objects(done)] == [1, 2]
    meant = snapshots("rows", "t", "--database", postgres_url, cwd=tmp_path)
    assert "Did you mean other.t?" in meant.stderr


def test_a_table_fits_the_terminal(loaded, database):
    done = snapshots("rows", "t", "--database", database, cwd=loaded, COLUMNS="60")
    assert all(len(line) <= 60 for line in done.stdout.splitlines())
    assert "columns do not fit" in done.stderr
    assert "two\\nlines" in done.stdout
    wide = snapshots("rows", "t", "--database", database, cwd=loaded, COLUMNS="")
    assert "_line" in wide.stdout.splitlines()[0]


def test_a_table_for_people_ends_after_a_hundred_rows(tmp_path):
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(250)))
    snapshots("import", "a.csv", cwd=tmp_path)
    done = snapshots("rows", "a", cwd=tmp_path)
    assert len(done.stdout.splitlines()) == 101
    assert "more than 100 rows" in done.stderr
    assert len(snapshots("rows", "a", "--limit", "120", cwd=tmp_path).stdout.splitlines()) == 121
    all_of_them = snapshots("rows", "a", "--format", "csv", cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(all_of_them.stdout)))
    assert [int(row["id"]) for row in rows] == list(range(250))


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path, database):
    (tmp_path / "a.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(100_000)))
    snapshots("import", "a.csv", "--database", database, cwd=tmp_path)
    command = [sys.executable, "-m", "snapshots", "rows", "a", "--format", "csv"]
    process = subprocess.Popen(
        [*command, "--database", database],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")},
    )
    assert process.stdout.readline() == b"id,_import_id,_line\n"
    process.stdout.close()
    assert process.wait(20) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_the_database_is_the_one_that_has_the_table(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"id\n{len(name)}\n")
        snapshots("import", f"{name}.csv", "--database", f"{name}.db", cwd=tmp_path)
        snapshots("import", f"{name}.csv", "--database", f"{name}.db", "--table", "both", "--again",
                  cwd=tmp_path)  # fmt: skip
    (row,) = objects(snapshots("rows", "two", "--json", cwd=tmp_path))
    assert row["id"] == 3
    done = snapshots("rows", "both", cwd=tmp_path)
    assert done.returncode == 2
    assert "2 databases have a table both" in done.stderr
    assert "one.db" in done.stderr
    missing = snapshots("rows", "tow", cwd=tmp_path)
    assert missing.returncode == 1
    assert "Did you mean two?" in missing.stderr
