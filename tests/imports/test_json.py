"""JSON Lines and arrays of objects, from one end to the other."""

import gzip
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

import snapshots as api
from snapshots import locations
from snapshots.engine.verify.located import VerifyOptions
from snapshots.engine.verify.verify import verify_import
from snapshots.errors import DialectError, SnapshotsError, UsageError
from tests.support.command import snapshots as command
from tests.support.http_server import serving as serving_api
from tests.support.input_files import rows as rows_of
from tests.support.recording_api import Api
from tests.support.sync_process import once
from tests.support.web_server import serving

RECORDS = [
    {"id": 1, "name": "Ana", "born": "1990-02-03", "ok": True, "zip": "00123", "tags": ["a"]},
    {"id": 2, "name": 'B\u00f6 "x"\n', "ok": False, "where": {"city": "Rom"}},
    {"id": 3, "name": None, "sum": 12.5},
]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
BROKEN = LINES + '{"id": 4\n{"id": 5, "id": 6}\n[1]\n'


@pytest.fixture
def file(tmp_path):
    """Writes a file, and returns its path."""

    def write(content, name="people.jsonl"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def counts(result):
    found = result.counts
    return (found.records, found.loaded, found.rejected, found.skipped)


def verified(result, database):
    """Whether every row is what a second conversion of its record gives."""
    found = verify_import(
        result.record.import_id, locations.target(database), VerifyOptions(), lambda _: None
    )
    return (found.equal, found.changed, found.missing, found.more) == (3, 0, 0, 0)


def selected(database, table, *columns):
    """Values of these columns, in the order of the records."""
    quote = "`" if database.startswith("mysql") else '"'
    names = ", ".join(f"{quote}{column}{quote}" for column in columns)
    return rows_of(database, f"SELECT {names} FROM {table} ORDER BY _import_id, _line")


def test_records_are_found_by_name_and_typed_by_all_values(database, file):
    result = api.load(file(BROKEN), database=database, max_rejects="100%")
    assert counts(result) == (6, 3, 3, 0)
    found = selected(database, "people", "id", "name", "zip", "sum")
    assert [(int(n), name, zip_) for n, name, zip_, _ in found] == [
        (1, "Ana", "00123"),
        (2, 'Bö "x"\n', None),
        (3, None, None),
    ]
    rejects = api.rejects(result.record.import_id, database=database)
    assert [(one.line, one.code, one.raw) for one in rejects] == [
        (4, "not_json", b'{"id": 4'),
        (5, "duplicate_name", b'{"id": 5, "id": 6}'),
        (6, "not_an_object", b"[1]"),
    ]
    assert verified(result, database)


def test_the_columns_of_a_new_table(file, tmp_path):
    done = command("describe", file(LINES), cwd=tmp_path)
    described = json.loads(done.stdout)["fields"]
    fields = {one["name"]: one.get("x-type", one["type"]) for one in described}
    assert fields == {
        "id": "integer",
        "name": "string",
        "born": "date",
        "ok": "boolean",
        "zip": "string",
        "tags": "json",
        "where": "json",
        "sum": "number",
    }


def test_a_name_that_comes_late_is_a_column(file, sqlite_url):
    many = "".join(f'{{"id": {n}, "text": "{"x" * 100}"}}\n' for n in range(5000))
    result = api.load(file(many + '{"id": 5000, "late": true}\n'), database=sqlite_url)
    assert counts(result) == (5001, 5001, 0, 0)
    assert selected(sqlite_url, "people", "late")[-1] == (1,)


def test_a_stream_has_the_names_of_its_beginning(sqlite_url, tmp_path):
    done = command(
        "import", "-", "--table", "t", "--database", sqlite_url, cwd=tmp_path, stdin=LINES.encode()
    )
    assert "3 records = 3 loaded" in done.stdout, done.stderr


def test_nested_objects_as_columns(file, sqlite_url):
    path = file('{"id": 1, "where": {"city": "Rom", "at": {"x": 1.5}}}\n{"id": 2}\n')
    api.load(path, database=sqlite_url, nested_objects="columns")
    assert selected(sqlite_url, "people", "id", "where.city", "where.at.x") == [
        (1, "Rom", 1.5),
        (2, None, None),
    ]


def packed_in_zip(data):
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("in/people.jsonl", data)
    return into.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.jsonl", b"\xef\xbb\xbf" + LINES.encode()),
        ("people.ndjson", LINES.replace("\n", "\r\n\r\n").encode()),
        ("people.txt", LINES.encode("utf-16")),
        ("people.jsonl.gz", gzip.compress(LINES.encode())),
        ("people.zip", packed_in_zip(LINES)),
        ("people.json", json.dumps(RECORDS).encode()),
        ("people.json", json.dumps(RECORDS, indent=4, ensure_ascii=False).encode("utf-16")),
    ],
)
def test_however_it_is_packed(name, content, file, sqlite_url):
    result = api.load(file(content, name), database=sqlite_url)
    assert counts(result)[1:3] == (3, 0)
    assert selected(sqlite_url, "people", "id", "name")[1] == (2, 'Bö "x"\n')
    if ".zip" not in name:
        assert verified(result, sqlite_url)


def test_numbers_are_exact(file, postgres_url):
    numbers = ["123456789012345678901234567890", "1e400", "0.1", "-0", "1.50"]
    path = file("".join(f'{{"n": {number}}}\n' for number in numbers), "numbers.jsonl")
    result = api.load(path, database=postgres_url)
    assert counts(result) == (5, 5, 0, 0)
    found = [
        Decimal(value) for (value,) in rows_of(postgres_url, "SELECT CAST(n AS text) FROM numbers")
    ]
    assert sorted(found) == sorted(map(Decimal, numbers))


def test_a_name_that_the_table_lacks(file, database):
    api.load(file('{"id": 1}\n'), database=database)
    path = file('{"id": 2}\n{"id": 3, "more": "x"}\n{"id": 4, "more": null}\n', "next.jsonl")
    with pytest.raises(SnapshotsError, match="more"):
        api.load(path, database=database, table="people")
    result = api.load(path, database=database, table="people", columns_changed="add")
    assert result.counts.loaded == 3
    assert [more for (more,) in selected(database, "people", "more")] == [None, None, "x", None]


def test_a_file_that_grows(file, sqlite_url):
    path = file(LINES, "log.jsonl")
    api.load(path, database=sqlite_url)
    with Path(path).open("a") as more:
        more.write('{"id": 4, "ok": true}\n{"id": 5, "new": 1}\n')
    result = api.load(path, database=sqlite_url, max_rejects="100%")
    assert counts(result) == (2, 1, 1, 0)
    (reject,) = api.rejects(result.record.import_id, database=sqlite_url)
    assert (reject.line, reject.code) == (5, "unknown_name")


def test_modes_by_key(file, sqlite_url):
    api.load(file(LINES), database=sqlite_url, mode="mirror", primary_key=("id",))
    changed = file('{"id": 1, "name": "Anna"}\n{"id": 9, "name": "Neu"}\n', "b.jsonl")
    api.load(
        changed, database=sqlite_url, table="people", mode="mirror", primary_key=("id",),
        columns_changed="ignore", max_deletes="100%",
    )  # fmt: skip
    assert sorted(selected(sqlite_url, "people", "id", "name")) == [(1, "Anna"), (9, "Neu")]


def test_rejects_are_corrected_and_replayed(file, tmp_path, sqlite_url):
    path = file('{"id": 1, "n": 1}\n{"id": 2, "n": 2}\n{"id": 3, "n": "x"}\n', "r.jsonl")
    contract = {"fields": [{"name": "id", "type": "integer"}, {"name": "n", "type": "integer"}]}
    result = api.load(path, database=sqlite_url, contract=contract, max_rejects="100%")
    assert counts(result) == (3, 2, 1, 0)
    fix = tmp_path / "fix.csv"
    done = command(
        "rejects", str(result.record.import_id), "--export", str(fix), "--database", sqlite_url,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    fix.write_text(fix.read_text().replace(",x", ",30"))
    done = command(
        "replay", str(result.record.import_id), str(fix), "--database", sqlite_url, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert sorted(selected(sqlite_url, "r", "id", "n")) == [(1, 1), (2, 2), (3, 30)]


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ('{\n "a": 1\n}\n', {}, "jq -c"),
        ('{"items": [\n{"a": 1},\n{"a": 2}\n]}\n', {}, "jq -c"),
        ("[]", {}, "The array is empty"),
        (LINES, {"delimiter": ";"}, "'delimiter' has no meaning"),
        (LINES, {"header": True}, "'header' has no meaning"),
        ("a,b\n1,2\n", {"nested_objects": "columns"}, "'nested_objects' is for JSON"),
        ("".join(f'{{"n{n}": 1}}\n' for n in range(5000)), {}, "4096 different names"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_way_out(content, options, says, file, sqlite_url):
    with pytest.raises((DialectError, UsageError)) as caught:
        api.load(file(content), database=sqlite_url, **options)
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_a_folder_that_is_watched(tmp_path, sqlite_url):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.jsonl").write_text(LINES)
    (folder / "b.NDJSON").write_text('{"x": 1}\n')
    (folder / "schema.json").write_text('{"fields": []}')
    code, said = once(sqlite_url, folder)
    assert code == 0, said
    assert rows_of(sqlite_url, "SELECT COUNT(*) FROM a") == [(3,)]
    assert rows_of(sqlite_url, "SELECT COUNT(*) FROM b") == [(1,)]


def test_a_url(sqlite_url):
    with serving() as web:
        _, url = web.put("/people.jsonl", LINES.encode())
        result = api.load(url, database=sqlite_url)
    assert counts(result) == (3, 3, 0, 0)


def test_an_interrupted_import_is_resumed(file, sqlite_url):
    text = "".join(f'{{"id": {n}, "text": "{n % 7}"}}\n' for n in range(3000))
    for name, content in (("a.jsonl", text), ("b.json", f"[{text.strip().replace(chr(10), ',')}]")):
        path = file(content, name)
        first = api.load(path, database=sqlite_url, chunk_size=4096, limit=1000, workers=1)
        assert first.outcome == "limited"
        result = api.load(path, database=sqlite_url, chunk_size=4096)
        assert result.outcome == "finished"
        assert counts(result)[:3] == (3000, 3000, 0)
        ids = selected(sqlite_url, name[0], "id")
        assert ids == [(n,) for n in range(3000)]


def test_what_psql_writes(tmp_path, postgres_url):
    """Objects that PostgreSQL's own command has written are the rows that it had."""
    session = locations.target(postgres_url).connect(create=True)
    try:
        session.execute(
            "CREATE TABLE t AS SELECT n AS id, repeat(chr(233) || E'\\n\\\\\"', n % 4) AS text,"
            " n / 8.0 AS part, n % 3 = 0 AS third, date '2024-01-01' + n AS day,"
            " CASE WHEN n % 5 > 0 THEN jsonb_build_object('a', array[n, n]) END AS more"
            " FROM generate_series(1, 500) n"
        )
        written = session.execute("SELECT CAST(row_to_json(t) AS text) FROM t ORDER BY id")
    finally:
        session.close()
    (tmp_path / "again.jsonl").write_text("".join(f"{line}\n" for (line,) in written))
    result = api.load(str(tmp_path / "again.jsonl"), database=postgres_url)
    assert counts(result) == (500, 500, 0, 0)
    columns = "id, text, part, third, day, CAST(more AS jsonb)"
    mine = f"SELECT {columns} FROM again"
    assert rows_of(
        postgres_url,
        f"SELECT COUNT(*) FROM ({mine} INTERSECT SELECT {columns} FROM t) AS same",
    ) == [(500,)]


def test_objects_are_sent_as_they_are_written(tmp_path, file, sqlite_url):
    path = file('{"id": 1, "n": 1.50, "at": "2024-01-01T00:00:00Z", "x": "1"}\n'
                '{"id": 2, "n": {"a": [true]}, "x": 5}\n')  # fmt: skip
    with serving_api(Api()) as running:
        done = command(
            "send", path, "--to", f"{running.url}/rows", "--nulls", "omit", "--ordered",
            "--database", sqlite_url, cwd=tmp_path,
        )  # fmt: skip
        received = running.handler.rows
    assert done.returncode == 0, done.stderr
    assert received == [
        {"id": 1, "n": 1.50, "at": "2024-01-01T00:00:00Z", "x": "1"},
        {"id": 2, "n": {"a": [True]}, "x": 5},
    ]
