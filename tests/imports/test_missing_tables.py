"""What becomes of an input whose table somebody has dropped, or emptied."""

import json

import pytest

import snapshots
from snapshots.errors import ContractError, SnapshotsError
from snapshots.model import Counts
from tests.imports.test_ledgers_tables import execute
from tests.service.test_queue import FIELDS
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.http_server import serving
from tests.support.input_files import rows
from tests.support.killed_imports import make_file
from tests.support.recording_api import Api
from tests.support.service_process import served

GONE = "import 1 loaded this input into table a, which is gone: loading it again"


@pytest.fixture
def load(database, tmp_path):
    """Loads `a.csv`, and what was said of it."""
    (tmp_path / "a.csv").write_text("id,name\n1,a\n2,b\n3,c\n")

    def load(name="a.csv", **options):
        said = []
        result = snapshots.load(tmp_path / name, database=database, listener=said.append, **options)
        return result, [event.text for event in said if type(event).__name__ == "Notice"]

    return load


def ids(database, table="a"):
    return [number for (number,) in rows(database, f"SELECT id FROM {table} ORDER BY id")]


def test_where_the_table_is_gone_it_is_loaded_anew(database, load):
    assert load()[0].outcome == "finished"
    assert load()[0].outcome == "already_imported"
    execute(database, "DROP TABLE a")
    result, said = load(dry_run=True)
    assert (result.outcome, GONE in said) == ("dry_run", True)
    result, said = load()
    assert (result.outcome, result.record.import_id, result.exit_code) == ("finished", 2, 0)
    assert said.count(GONE) == 1
    assert result.message == f"I{GONE[1:]}."
    assert ids(database) == [1, 2, 3]
    again, said = load()
    assert (again.outcome, again.record.import_id, again.exit_code) == ("already_imported", 2, 5)
    assert again.message.endswith("Z).")
    assert not [text for text in said if "gone" in text]
    assert ids(database) == [1, 2, 3]


def test_where_the_table_is_empty_it_stays_imported(database, load):
    load()
    execute(database, "DELETE FROM a")
    result, said = load()
    assert (result.outcome, result.exit_code, result.emptied) == ("already_imported", 5, True)
    assert result.message.endswith(" Its table a is empty now.")
    assert result.hint == "To load it again, add --again."
    _, said = load(dry_run=True)
    assert f"a{result.message[1:]} {result.hint}" in said
    execute(database, "INSERT INTO a (id, name, _import_id, _line) VALUES (9, 'z', 9, 9)")
    result, _ = load()
    assert (result.message.endswith("Z)."), result.emptied) == (True, False)
    assert ids(database) == [9], "whose rows they are is not asked"
    execute(database, "DELETE FROM a")
    assert load(again=True)[0].outcome == "finished"
    assert ids(database) == [1, 2, 3]
    assert load()[0].message.endswith("Z).")


def test_every_form_of_the_name_is_asked(database, load):
    name = '"odd ""name"" a.b"'
    load(table=name)
    table = 'odd "name" a.b'
    quoted = f"`{table}`" if database.startswith("mysql") else name
    execute(database, f"DELETE FROM {quoted}")
    assert load(table=name)[0].emptied
    execute(database, f"DROP TABLE {quoted}")
    assert load(table=name)[0].outcome == "finished"
    assert ids(database, quoted) == [1, 2, 3]


def test_a_name_in_other_letters_may_be_the_same_table(database, load):
    load(table="BB")
    wanted = "already_imported" if database.startswith("sqlite") else "finished"
    assert load(table="bb")[0].outcome == wanted
    if wanted == "finished":
        quoted = "`BB`" if database.startswith("mysql") else '"BB"'
        assert (ids(database, quoted), ids(database, "bb")) == ([1, 2, 3], [1, 2, 3])
    else:
        assert ids(database, "bb") == [1, 2, 3]


def test_a_table_in_a_schema_is_asked(postgres_url, tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    load = lambda: snapshots.load(tmp_path / "a.csv", database=postgres_url, table="s.a")  # noqa: E731
    snapshots.load(tmp_path / "a.csv", database=postgres_url)
    execute(postgres_url, "CREATE SCHEMA s")
    assert load().outcome == "finished"
    execute(postgres_url, "DELETE FROM s.a")
    assert load().message.endswith("Its table s.a is empty now.")
    execute(postgres_url, "DROP TABLE s.a")
    assert load().outcome == "finished"
    assert (ids(postgres_url), ids(postgres_url, "s.a")) == ([1], [1])


def test_one_of_two_tables_is_gone(database, load):
    """The database has the bytes: nothing is loaded twice, and it is said how to."""
    load()
    load(table="b")
    execute(database, "DROP TABLE a")
    result, _ = load()
    assert (result.outcome, result.record.import_id) == ("already_imported", 2)
    assert "Import 1 loaded this input into table a, which is gone." in result.message
    assert result.hint == "To load it again, add --again. To load it into a again, add --table a."
    assert load(table="b")[0].message.endswith("Z).")
    result, said = load(table="a")
    assert (result.outcome, result.record.import_id, GONE in said) == ("finished", 3, True)
    assert (ids(database), ids(database, "b")) == ([1, 2, 3], [1, 2, 3])
    execute(database, "DROP TABLE b")
    assert load()[0].message.endswith("Z)."), "nobody has asked for the other one"
    execute(database, "DROP TABLE a")
    assert load()[0].outcome == "finished"


def test_an_empty_table_beside_one_with_rows_is_not_spoken_of(database, load):
    load()
    load(table="b")
    execute(database, "DELETE FROM b")
    result, _ = load()
    assert (result.record.import_id, result.emptied) == (1, False)


def test_what_has_no_records_and_made_no_table_stays_imported(database, load, tmp_path):
    (tmp_path / "none.csv").write_text("id,name\n")
    first, _ = load("none.csv")
    assert (first.outcome, first.counts) == ("finished", Counts())
    ((plan,),) = rows(database, "SELECT plan FROM snapshots_imports")
    assert not json.loads(plan)["loads"]
    again, _ = load("none.csv")
    assert (again.outcome, again.emptied) == ("already_imported", False)


def test_a_table_without_rows_that_was_made_and_dropped_is_made_again(database, load, tmp_path):
    (tmp_path / "none.csv").write_text("id,name\n")
    contract = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]}
    assert load("none.csv", contract=contract)[0].outcome == "finished"
    assert not load("none.csv", contract=contract)[0].emptied
    execute(database, "DROP TABLE none")
    assert load("none.csv", contract=contract)[0].outcome == "finished"
    assert rows(database, "SELECT COUNT(*) FROM none") == [(0,)]


def test_an_unfinished_import_whose_table_is_gone_is_not_gone_on_with(database, load, tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n" + "".join(f"{n},x\n" for n in range(1, 501)))
    stopped, _ = load(limit=100, chunk_size=1000)
    assert (stopped.outcome, stopped.record.import_id) == ("limited", 1)
    execute(database, "DROP TABLE a")
    with pytest.raises(ContractError, match=r"^The table of this import is gone\.$"):
        snapshots.resume(1, database=database)
    began = "import 1 began to load this input into table a, which is gone: loading it again"
    assert began in load(dry_run=True)[1]
    # With other wishes, too: the old ones are gone with the table.
    result, said = load(null_values=("-",))
    assert (result.outcome, result.record.import_id, began in said) == ("finished", 2, True)
    assert ids(database) == list(range(1, 501))
    with pytest.raises(ContractError, match="is gone: import 2 loads its input again"):
        snapshots.resume(1, database=database)
    assert ids(database) == list(range(1, 501)), "the table is there again, and not for import 1"
    states = rows(database, "SELECT id, state, error_code FROM snapshots_imports ORDER BY id")
    assert states == [(1, "failed", "table_gone"), (2, "finished", None)]
    assert load()[0].record.import_id == 2


def test_the_same_into_another_table_that_is_there(database, load, tmp_path):
    """A small file goes into it in one transaction."""
    load(table="x", limit=1, chunk_size=1)
    (tmp_path / "other.csv").write_text("id,name\n7,g\n")
    load("other.csv", table="a")
    execute(database, "DROP TABLE x")
    assert load()[0].outcome == "finished"
    assert ids(database) == [1, 2, 3, 7]
    execute(database, "CREATE TABLE x AS SELECT * FROM a WHERE 1 = 0")
    with pytest.raises(SnapshotsError, match="import 3 loads its input again"):
        snapshots.resume(1, database=database)


def test_an_import_that_has_yet_to_make_its_table_goes_on(database, load):
    load(limit=1, chunk_size=1)
    execute(
        database,
        "DROP TABLE a",
        "DELETE FROM snapshots_chunks",
        "DELETE FROM snapshots_rejects",
        "UPDATE snapshots_imports SET records = 0, loaded = 0, chunks = 0, state = 'interrupted'",
    )
    result, _ = load(limit=None, chunk_size=8 << 20)
    assert (result.outcome, result.record.import_id) == ("finished", 1)
    assert ids(database) == [1, 2, 3]


def test_a_long_stream_that_begins_alike_is_no_longer_refused(sqlite_url, tmp_path):
    data = b"id,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 80) for n in range(250_000))
    assert len(data) > 16 << 20
    given = ("import", "-", "--table", "t", "--database", sqlite_url)
    assert command(*given, cwd=tmp_path, stdin=data).returncode == 0
    assert command(*given, cwd=tmp_path, stdin=data).returncode == 1
    execute(sqlite_url, "DROP TABLE t")
    anew = command(*given, cwd=tmp_path, stdin=data)
    assert anew.returncode == 0, anew.stderr
    assert rows(sqlite_url, "SELECT COUNT(*) FROM t") == [(250_000,)]


def test_a_stream_is_loaded_anew(database, tmp_path):
    given = ("import", "-", "--table", "a", "--database", database)
    assert command(*given, cwd=tmp_path, stdin=b"id\n1\n").returncode == 0
    execute(database, "DROP TABLE a")
    anew = command(*given, cwd=tmp_path, stdin=b"id\n1\n")
    assert (anew.returncode, GONE in anew.stderr) == (0, True), anew.stderr
    assert command(*given, cwd=tmp_path, stdin=b"id\n1\n").returncode == 5


def test_a_delivery_has_no_table(database, tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    snapshots.load(tmp_path / "a.csv", database=database)
    with serving(Api()) as running:
        to = f"{running.url}/rows"
        assert snapshots.send(tmp_path / "a.csv", to, database=database).outcome == "finished"
        execute(database, "DROP TABLE a")
        again = snapshots.send(tmp_path / "a.csv", to, database=database)
    assert (again.outcome, again.message.endswith("Z).")) == ("already_delivered", True)


def test_on_the_command_line(database, tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,a\n2,b\n3,c\n")

    def run(*options):
        return command("import", "a.csv", "--database", database, *options, cwd=tmp_path)

    run()
    execute(database, "DELETE FROM a")
    empty = run()
    assert empty.returncode == 5
    assert "Its table a is empty now. To load it again, add --again" in empty.stdout
    assert "Its table a is empty now." in objects(run("--json"))[0]["message"]
    execute(database, "DROP TABLE a")
    anew = run()
    assert (anew.returncode, anew.stderr.count(GONE)) == (0, 1), anew.stderr
    execute(database, "DROP TABLE a")
    (told,) = objects(run("--json"))
    assert told["message"] == f"I{GONE[1:]}.".replace("Import 1", "Import 2")
    assert run().returncode == 5


def test_the_service_loads_it_anew(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 2000)
    with served(database, tmp_path, "--rate-limit", "0") as client:

        def ask():
            return client.wait(client.submit(file="t.csv", contract=FIELDS))

        assert ask()["state"] == "finished"
        execute(database, "DELETE FROM t")
        known = ask()
        assert (known["state"], known["outcome"]) == ("finished", "already_imported")
        assert "Its table t is empty now." in known["note"]
        execute(database, "DROP TABLE t")
        anew = ask()
        assert (anew["state"], anew["loaded"]) == ("finished", len(made.good))
        known = ask()
        assert (known["outcome"], known["same_as"]) == ("already_imported", anew["import_id"])
    assert rows(database, "SELECT COUNT(*) FROM t") == [(len(made.good),)]


def test_the_service_begins_anew_what_is_unfinished(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 2000)
    snapshots.load(
        tmp_path / "t.csv", database=database, contract=FIELDS, limit=500, chunk_size=1 << 12
    )
    execute(
        database,
        "DROP TABLE t",
        'UPDATE snapshots_imports SET request = \'{"file": "t.csv"}\'',
    )
    with served(database, tmp_path, "--rate-limit", "0") as client:
        anew = client.wait(client.submit(file="t.csv", contract=FIELDS))
        assert (anew["import_id"], anew["state"]) == (2, "finished")
        old = client.get("/v1/imports/1").json
        assert (old["state"], old["error"]["code"]) == ("failed", "table_gone")
        answer = client.ask("POST", "/v1/imports/1/resume")
        assert (answer.status, answer.json["code"]) == (409, "conflict")
    assert rows(database, "SELECT COUNT(*) FROM t") == [(len(made.good),)]


def test_who_may_not_read_the_table_is_told_no_more(postgres_url, tmp_path):
    """Nobody can say then whether it is empty."""
    (tmp_path / "a.csv").write_text("id\n1\n")
    snapshots.load(tmp_path / "a.csv", database=postgres_url)
    name = f"writer_{postgres_url.rpartition('/')[2]}"
    execute(
        postgres_url,
        "DELETE FROM a",
        f"CREATE ROLE {name} LOGIN PASSWORD 'x'",
        f"GRANT ALL ON snapshots_version, snapshots_imports, snapshots_chunks TO {name}",
        f"GRANT INSERT ON a TO {name}",
    )
    try:
        _, _, rest = postgres_url.partition("@")
        writer = f"postgresql://{name}:x@{rest}"
        result = snapshots.load(tmp_path / "a.csv", database=writer)
        assert (result.outcome, result.emptied) == ("already_imported", False)
    finally:
        execute(postgres_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
