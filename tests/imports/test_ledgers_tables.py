"""The ledger's tables are nobody's to load into, or to read as rows, however they are named."""

import json
from contextlib import closing
from urllib.parse import quote

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.plan.table_name import table_for
from snapshots.errors import UsageError
from snapshots.ledger import schema
from snapshots.ledger.record import Ledger
from snapshots.ledger.schema import TABLES, is_ledgers
from snapshots.model import TableName
from tests.support.command import snapshots as command
from tests.support.input_files import rows
from tests.support.service_process import database_beside, served

WRITTEN = (
    "snapshots_imports",
    '"snapshots_imports"',
    "SNAPSHOTS_chunks",
    '"Snapshots_Rejects"',
    "public.snapshots_version",
    '"public"."snapshots_imports"',
    'elsewhere."SNAPSHOTS_IMPORTS"',
    "main.snapshots_imports",
    "db.public.snapshots_imports",
    '"snapshots_imports "',
    " snapshots_imports",
    "`snapshots_imports`",
    "[snapshots_imports]",
    "`db`.`snapshots_imports`",
    "\N{LATIN SMALL LETTER LONG S}napshots_chunks",
    "SNAPSHOTS_\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}MPORTS",
    "snapshots_chun\N{KELVIN SIGN}s",
)
OTHERS = ("snapshots_import", "snapshots_imports_2", "my_snapshots_imports", "snapshots", "imports")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,a\n2,b\n")
    return tmp_path


def execute(database, *statements):
    target = locations.target(database)
    with closing(target.connect()) as session:
        for statement in statements:
            session.execute(statement)


def account(database):
    return [rows(database, f"SELECT * FROM {name}") for name in sorted(TABLES)]


def refused(database, folder, table, **options):
    with pytest.raises(UsageError, match="belongs to the ledger") as raised:
        snapshots.load(folder / "a.csv", database=database, table=table, **options)
    assert (raised.value.code, raised.value.exit_code) == ("usage", 2)
    assert raised.value.hint == "Choose another table."


def test_all_of_them_are_listed(database):
    target = locations.target(database)
    with closing(target.connect()) as session:
        Ledger(target, session).make()
        for name in TABLES:
            assert target.bases(session, TableName(name)) == {name}
    made = {
        "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    }
    assert {name for (name,) in rows(database, made[target.name])} == TABLES


@pytest.mark.parametrize("text", WRITTEN)
def test_no_spelling_is_a_users(text):
    with pytest.raises(UsageError, match="belongs to the ledger"):
        table_for("a.csv", text)


@pytest.mark.parametrize("text", [*OTHERS, '"main.snapshots_imports"', "snapshots_imports.t"])
def test_what_only_looks_alike_is(text):
    assert table_for("a.csv", text) == text


@pytest.mark.parametrize("name", ["Snapshots_IMPORTS.csv", "snapshots_chunks_2024-01-01.csv.gz"])
def test_a_file_of_that_name_goes_to_another_table(name):
    assert table_for(name, None).endswith("_data")
    assert not is_ledgers(table_for(name, None))


def test_nothing_is_loaded_into_them(database, folder):
    snapshots.load(folder / "a.csv", database=database)
    before = account(database)
    for written in WRITTEN:
        refused(database, folder, written)
        refused(database, folder, written, dry_run=True, again=True)
    assert account(database) == before


def test_a_database_that_is_not_there_is_not_made(database, folder):
    refused(database, folder, '"snapshots_imports"', dry_run=True)
    done = command(
        "import", "a.csv", "--table", '"snapshots_imports"', "--database", database, cwd=folder
    )
    assert done.returncode == 2
    assert 'error: a.csv: Table "snapshots_imports" belongs to the ledger.' in done.stderr


def test_sync_does_not_begin(database, folder):
    (folder / "in").mkdir()
    (folder / "in" / "a.csv").write_text("id\n1\n")
    for table in ('"snapshots_imports"', "x.Snapshots_Chunks"):
        done = command(
            "sync", "--once", "--data-dir", "in", "--settle", "0.1", "--table", table,
            "--database", database, cwd=folder,
        )  # fmt: skip
        assert (done.returncode, "belongs to the ledger" in done.stderr) == (2, True), done.stderr


VIEWS = {
    "postgres": [
        "CREATE VIEW v AS SELECT id, input FROM snapshots_imports",
        "CREATE VIEW deeper AS SELECT * FROM v",
        "CREATE TABLE heir (more text) INHERITS (snapshots_version)",
        "CREATE VIEW last AS SELECT version FROM heir",
        "CREATE TABLE ruled (id int)",
        "CREATE RULE r AS ON INSERT TO ruled DO INSTEAD INSERT INTO snapshots_version VALUES (7)",
        "CREATE TABLE parted (version int NOT NULL) PARTITION BY LIST (version)",
        "CREATE SCHEMA s",
        "CREATE TABLE s.snapshots_version PARTITION OF parted DEFAULT",
    ],
    "mysql": [
        "CREATE VIEW v AS SELECT id, input FROM snapshots_imports",
        "CREATE VIEW deeper AS SELECT * FROM v",
    ],
    "sqlite": [
        "CREATE VIEW v AS SELECT id, input FROM snapshots_imports",
        "CREATE VIEW deeper AS SELECT * FROM (SELECT * FROM V)",
        "CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
    ],
}
STANDING_FOR = {
    "postgres": {"v": "imports", "deeper": "imports", "heir": "version", "last": "version",
                 "ruled": "version", "parted": "version", "public.v": "imports"},
    "mysql": {"v": "imports", "deeper": "imports"},
    "sqlite": {"v": "imports", "deeper": "imports", "DEEPER": "imports"},
}  # fmt: skip
USERS = {
    "postgres": ["CREATE VIEW mine AS SELECT * FROM a", "CREATE TABLE b () INHERITS (a)"],
    "mysql": ["CREATE VIEW mine AS SELECT * FROM a"],
    "sqlite": ["CREATE VIEW mine AS SELECT * FROM a"],
}


def test_nothing_is_loaded_into_what_stands_for_them(database, folder):
    snapshots.load(folder / "a.csv", database=database)
    target = locations.target(database)
    execute(database, *VIEWS[target.name], *USERS[target.name])
    before = account(database)
    for table, stands_for in STANDING_FOR[target.name].items():
        for dry_run in (False, True):
            with pytest.raises(UsageError, match=f"{table} is a name for snapshots_{stands_for}, "):
                snapshots.load(
                    folder / "a.csv", database=database, table=table, again=True,
                    dry_run=dry_run, columns_changed="ignore",
                )  # fmt: skip
    assert account(database) == before
    with closing(target.connect()) as session:
        assert target.bases(session, TableName("mine")) == {"mine", "a"}
        assert "a" in target.bases(session, TableName("a"))
        assert target.bases(session, TableName("nothing")) == frozenset()


def test_a_view_of_a_users_table_is_loaded_into(mysql_url, folder):
    snapshots.load(folder / "a.csv", database=mysql_url)
    execute(mysql_url, "CREATE VIEW mine AS SELECT * FROM a")
    done = snapshots.load(folder / "a.csv", database=mysql_url, table="mine")
    assert (done.outcome, done.counts.loaded) == ("finished", 2)
    assert rows(mysql_url, "SELECT COUNT(*) FROM a WHERE name = 'a'") == [(2,)]


def test_a_plan_of_an_older_version_is_not_gone_on_with(database, folder):
    """It was begun when such a table was taken."""
    target = locations.target(database)
    snapshots.load(folder / "a.csv", database=database, table="t", limit=1, chunk_size=1)
    with closing(target.connect()) as session:
        ((plan,),) = session.execute("SELECT plan FROM snapshots_imports")
        into = {**json.loads(plan), "table": {"name": "snapshots_version", "schema": None}}
        session.execute("UPDATE snapshots_imports SET plan = ?", (json.dumps(into),))
    with pytest.raises(UsageError, match="snapshots_version belongs to the ledger"):
        snapshots.resume(1, database=database)
    assert rows(database, "SELECT version FROM snapshots_version") == [(schema.VERSION,)]


def test_the_service_neither_takes_nor_reads_them(database, folder):
    snapshots.load(folder / "a.csv", database=database)
    kind = locations.target(database).name
    execute(database, *VIEWS[kind])
    with served(database, folder, "--workers", "0", "--rate-limit", "0") as client:
        for table in (*WRITTEN, *STANDING_FOR[kind]):
            answer = client.ask("POST", "/v1/imports", {"file": "a.csv", "table": table})
            assert (answer.status, answer.json["code"]) == (422, "usage"), table
            assert "belongs to the ledger" in answer.json["detail"]
        assert [one["import_id"] for one in client.get("/v1/imports").json["imports"]] == [1]
        # An older version may have loaded into them, or into what has become a view of them.
        names = ["snapshots_imports", "public.snapshots_chunks", "v"]
        for name in names:
            execute(
                database,
                "INSERT INTO snapshots_imports (id, kind, input, table_name, state, plan,"
                " started_at, heartbeat_at, request)"
                f" SELECT MAX(id) + 1, 'import', 'x', '{name}', 'finished', '{{}}', 'x', 'x', 'x'"
                " FROM snapshots_imports",
            )
        execute(database, "UPDATE snapshots_imports SET created_table = table_name WHERE id > 1")
        for name in (*names, "snapshots_rejects"):
            answer = client.get(f"/v1/tables/{quote(name)}/rows")
            assert (answer.status, answer.json["code"]) == (403, "forbidden_table"), name
        assert client.get("/v1/tables").json == {"tables": ["a", "v"]}
    with served(database, folder, "--workers", "0", "--tables", "*", "--tables", "v") as client:
        for name in (*names, "snapshots_rejects"):
            answer = client.get(f"/v1/tables/{quote(name)}/rows")
            assert (answer.status, answer.json["code"]) == (403, "forbidden_table"), name


def test_nothing_is_fetched_for_them(tmp_path):
    wanted = {"url": "http://example.org/a.csv", "table": '"snapshots_chunks"'}
    with served(database_beside(tmp_path), tmp_path, "--workers", "0") as client:
        answer = client.ask("POST", "/v1/imports", wanted)
        assert (answer.status, answer.json["code"]) == (422, "usage")
        assert client.get("/v1/imports").json["imports"] == []
