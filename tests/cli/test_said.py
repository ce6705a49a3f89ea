"""What a user says of types and of records that are not as wide as the header."""

import asyncio

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.queue.request import ImportRequest
from snapshots.errors import InputError, UsageError
from snapshots.web.api.request_bodies import NewImport
from tests.support.command import snapshots as command
from tests.support.http_server import Handler, Running, response
from tests.support.input_files import rows


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def types(database):
    session = locations.target(database).connect(create=False)
    try:
        target = locations.target(database)
        shape = target.inspect(session, target.table_name("t"))
        return [column.type.kind for column in shape.columns]
    finally:
        session.close()


def load(tmp_path, database, text, **options):
    (tmp_path / "t.csv").write_text(text)
    notes = []

    def listener(event):
        notes.append(str(getattr(event, "text", getattr(event, "message", ""))))

    result = snapshots.load(
        tmp_path / "t.csv", database=database, table="t", lineage=False, listener=listener,
        **options,
    )  # fmt: skip
    return result, notes


MONEY = "id,price,code\n1,12.50,12e3\n2,7.25,13e4\n"


def test_money_and_exponents_are_said_once(tmp_path, database):
    _, notes = load(tmp_path, database, MONEY)
    assert types(database) == ["integer", "float", "float"]
    (said,) = [note for note in notes if "--decimals exact" in note]
    assert "'price' is float and may be money" in said
    assert "'12e3'" in said


def test_exact_decimals(tmp_path, database):
    load(tmp_path, database, MONEY, decimals="exact")
    assert types(database) == ["integer", "decimal", "text"]
    assert rows(database, "SELECT code FROM t ORDER BY id") == [("12e3",), ("13e4",)]


def test_all_text(tmp_path, database):
    load(tmp_path, database, MONEY, all_text=True)
    assert types(database) == ["text"] * 3
    assert rows(database, "SELECT * FROM t ORDER BY id") == [
        ("1", "12.50", "12e3"),
        ("2", "7.25", "13e4"),
    ]


def test_missing_values_of_one_field(tmp_path, database):
    contract = {
        "fields": [
            {"name": "a", "type": "integer", "missingValues": ["-9999"]},
            {"name": "b", "type": "integer"},
            {"name": "c", "type": "string", "missingValues": ["", "-"]},
        ],
        "missingValues": ["", "n/a"],
    }
    load(tmp_path, database, "a,b,c\n-9999,-9999,n/a\n1,n/a,-\n", contract=contract)
    assert rows(database, "SELECT a, b, c FROM t") == [(None, -9999, "n/a"), (1, None, None)]


def test_a_long_name_is_cut_and_said(tmp_path, sqlite_url):
    path = tmp_path / f"{'n' * 70}.csv"
    path.write_text("a,b\n1,2\n")
    notes = []
    snapshots.load(path, database=sqlite_url, listener=lambda event: notes.append(str(event)))
    assert any("cut to 60 bytes" in note for note in notes)
    assert rows(sqlite_url, f"SELECT a FROM {'n' * 60}") == [(1,)]


@pytest.mark.parametrize(
    "options",
    [
        ["--delimiter", "none"],
        ["--ragged", "pad"],
        ["--ragged", "reject"],
        ["--delimiter", "||"],
        ["--delimiter", "^A"],
        ["--delimiter", "space"],
        ["--decimals", "exact"],
        ["--all-text"],
    ],
)
def test_the_command_line_takes_them(tmp_path, options):
    (tmp_path / "t.csv").write_text("h1,h2\n1,2\n1,2\n1\n")
    done = command("import", "t.csv", *options, "--max-rejects", "100%", cwd=tmp_path)
    assert done.returncode in {0, 3}, done.stderr


@pytest.mark.parametrize("delimiter", ["ab", "semicolon", "¦", "|\n", "|||||||||"])
def test_what_no_delimiter_can_be(tmp_path, delimiter):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    done = command("import", "t.csv", "--delimiter", delimiter, cwd=tmp_path)
    assert done.returncode == 2
    assert "--delimiter" in done.stderr


def test_a_request_takes_them():
    dialect = {"delimiter": "||", "ragged": "pad"}
    asked = NewImport(
        url="https://example.org/a.csv", dialect=dialect, decimals="exact", all_text=True
    )
    order = asked.request()
    options = ImportRequest.from_json(order.to_json()).current_options()
    assert (options.dialect.delimiter, options.dialect.ragged) == ("||", "pad")
    assert (options.decimals, options.all_text) == ("exact", True)
    kept = order.to_json().replace(', "all_text": true', "").replace('"decimals": "exact", ', "")
    assert ImportRequest.from_json(kept).current_options().decimals == "float"
    with pytest.raises(UsageError):
        ImportRequest.of(url="https://example.org/a.csv", dialect={"raged": "pad"})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"Rate limit exceeded\n", "one line of text"),
        (b"Not found", "one line of text"),
        (b"Sorry, this file is gone.\n", "one line of text"),
        (b"id,name\n", None),
        (b"id,name\n1,pen\n", None),
    ],
)
def test_an_answer_of_one_line_is_no_table(tmp_path, sqlite_url, answer, says):
    class Site(Handler):
        def on_request(self, request, connection):
            return response(200, answer)

    async def serve():
        async with Running(Site()) as running:
            return await asyncio.to_thread(
                snapshots.load, f"{running.url}/t.csv", database=sqlite_url
            )

    if says is None:
        assert asyncio.run(serve()).outcome == "finished"
        return
    with pytest.raises(InputError, match=says):
        asyncio.run(serve())
