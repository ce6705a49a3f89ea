"""A newer program and an older ledger, and the other way round."""

import threading

import pytest

from snapshots import locations
from snapshots.engine.lease import owner
from snapshots.errors import LedgerError
from snapshots.ledger import schema
from snapshots.ledger.record import Ledger
from snapshots.targets.mysql.dialect import MysqlDialect
from snapshots.targets.postgres.dialect import PostgresDialect
from snapshots.targets.sqlite.dialect import SqliteDialect
from tests.conformance.toy.dialect import ToyDialect
from tests.ledger.older import VERSIONS, columns, execute, ledger_of_version
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.service_process import served

SAYS = f"to {schema.VERSION}; older releases of snapshots cannot use it"
COLUMNS = {
    1: {"chunks"},
    2: {"created_table", "same_as", "note", "workers_lost"},
    3: {"continues", "first_part"},
}
"""Of snapshots_imports, which a ledger of that version lacks."""

INDEXES = {
    "postgres": "SELECT indexname FROM pg_indexes",
    "mysql": "SELECT index_name FROM information_schema.statistics WHERE table_schema = DATABASE()",
    "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'index'",
}
NEWER = schema.VERSION + 1


@pytest.fixture(params=VERSIONS)
def number(request):
    """The version of the older ledger."""
    return request.param


@pytest.fixture
def older(number, database, tmp_path):
    ledger_of_version(number, database, tmp_path)
    return database


def is_as_it_was(older, number):
    assert version(older) == [(number,)]
    assert not COLUMNS[number] & columns(older, "snapshots_imports")


def is_migrated(older):
    assert version(older) == [(schema.VERSION,)]
    assert set().union(*COLUMNS.values()) <= columns(older, "snapshots_imports")
    assert "skipped_by_code" in columns(older, "snapshots_chunks")
    name = locations.target(older).dialect.name
    if name in INDEXES:
        assert ("snapshots_imports_table",) in execute(older, INDEXES[name])


def version(database):
    return execute(database, "SELECT version FROM snapshots_version")


def run(older, tmp_path, *arguments):
    return command(*arguments, "--database", older, cwd=tmp_path)


def counts(database, *tables):
    return [execute(database, f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables]


def test_who_reads_takes_it_as_it_is(older, number, tmp_path):
    listed = run(older, tmp_path, "list", "--json")
    assert listed.returncode == 0, listed.stderr
    assert [(one["import_id"], one["state"], one["loaded"]) for one in objects(listed)] == [
        (1, "finished", 3),
        (2, "interrupted", 150),
        (3, "interrupted", 253),
        (4, "failed", 10),
    ]
    assert [one["damage"] for one in objects(listed)] == [None] * 4
    shown = run(older, tmp_path, "show", "3", "--json")
    assert len(objects(shown)[0]["chunks"]) == 3
    rejects = run(older, tmp_path, "rejects", "1", "--format", "jsonl")
    assert [(one["line"], one["code"]) for one in objects(rejects)] == [(4, "field_count")]
    known = run(older, tmp_path, "list", "people.csv")
    assert "imported: import 1" in known.stdout
    assert run(older, tmp_path, "import", "people.csv", "--dry-run").returncode in (0, 3)
    is_as_it_was(older, number)


def test_who_writes_migrates_it_and_says_so(older, number, tmp_path):
    again = run(older, tmp_path, "import", "people.csv")
    assert again.returncode == 5, again.stderr
    assert f"was migrated from version {number} {SAYS}" in again.stderr
    is_migrated(older)
    (tmp_path / "new.csv").write_text("n\n1\n2\n")
    new = run(older, tmp_path, "import", "new.csv")
    assert new.returncode == 0, new.stderr
    assert SAYS not in new.stderr
    assert execute(older, "SELECT id, state, chunks FROM snapshots_imports WHERE id > 3") == [
        (4, "failed", None if number == 1 else 1),
        (5, "finished", 1),
    ]


@pytest.mark.parametrize(("begun", "table"), [(2, "numbers"), (3, "cities")])
def test_an_import_that_the_older_began_goes_on(older, tmp_path, begun, table):
    done = run(older, tmp_path, "resume", str(begun))
    assert done.returncode == 0, done.stderr
    assert SAYS in done.stderr
    key = "n" if table == "numbers" else "id"
    assert execute(older, f"SELECT COUNT(*), COUNT(DISTINCT {key}) FROM {table}") == [(400, 400)]
    (entry,) = objects(run(older, tmp_path, "show", str(begun), "--json"))
    assert (entry["state"], entry["records"], entry["loaded"]) == ("finished", 400, 400)
    again = run(older, tmp_path, "import", f"{table}.csv")
    assert again.returncode == 5, again.stderr


def test_a_file_that_the_older_has_loaded_grows(older, tmp_path):
    with (tmp_path / "people.csv").open("a") as file:
        file.write("5,Eve\n")
    done = run(older, tmp_path, "import", "people.csv", "--json")
    assert done.returncode == 0, done.stderr
    (tail,) = objects(done)
    assert (tail["continues"], tail["loaded"], counts(older, "people")) == (1, 1, [4])
    with (tmp_path / "numbers.csv").open("a") as file:
        file.write("401,row 401\n")
    done = run(older, tmp_path, "import", "numbers.csv", "--json")
    assert (done.returncode, objects(done)[0]["import_id"]) == (0, 2), done.stderr
    assert execute(older, "SELECT COUNT(*), COUNT(DISTINCT n) FROM numbers") == [(401, 401)]


def test_what_stopped_for_its_rejects_goes_on(older, tmp_path):
    done = run(older, tmp_path, "resume", "4", "--max-rejects", "100%")
    assert done.returncode == 3, done.stderr
    assert counts(older, "bad", "snapshots_rejects") == [10, 11]


def test_several_migrate_it_at_once(older, number):
    said, barrier = [], threading.Barrier(4)

    def work():
        target = locations.target(older)
        session = target.connect()
        try:
            barrier.wait()
            said.append(Ledger(target, session).migrate(owner.alive))
        finally:
            session.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said, key=str) == [number, None, None, None]
    is_migrated(older)


@pytest.mark.parametrize("done", [1, 3, 9])
def test_a_migration_that_was_interrupted_goes_on(older, number, tmp_path, done):
    """MySQL commits each statement by itself: a killed one may have done the first."""
    begun = schema.statements(locations.target(older).dialect, number + 1)
    for statement in begun[:done]:
        execute(older, statement)
    resumed = run(older, tmp_path, "resume", "2")
    assert resumed.returncode == 0, resumed.stderr
    is_migrated(older)


def test_tables_with_loaded_rows_count_as_created(older, tmp_path):
    """An older ledger does not know which imports have created their tables."""
    execute(older, "CREATE TABLE secrets (id int, pin varchar(9))")
    (plan,) = execute(older, "SELECT plan FROM snapshots_imports WHERE id = 4")[0]
    for state in ("finished", "failed"):
        execute(
            older,
            "INSERT INTO snapshots_imports (id, kind, input, table_name, state, plan, records,"
            " rejected, started_at, heartbeat_at)"
            " SELECT MAX(id) + 1, 'import', 'x', 'secrets', ?, ?, 1, 1, 'x', 'x'"
            " FROM snapshots_imports",
            *(state, plan.replace('"bad"', '"secrets"')),
        )
    files = tmp_path / "service"
    files.mkdir()
    named = ["bad", "cities", "numbers", "people"]

    def is_open(client):
        assert client.get("/v1/tables").json == {"tables": named}
        assert [client.get(f"/v1/tables/{name}/rows").status for name in named] == [200] * 4
        answer = client.get("/v1/tables/secrets/rows")
        assert (answer.status, answer.json["code"]) == (403, "forbidden_table")

    with served(older, files, "--workers", "0", "--rate-limit", "0") as client:
        is_open(client)
        assert client.ask("POST", "/v1/imports", {"file": "a.csv"}).status == 202
        assert version(older) == [(schema.VERSION,)]
        is_open(client)
        answer = client.ask("POST", "/v1/imports", {"file": "a.csv", "table": "secrets"})
        assert (answer.status, answer.json["code"]) == (403, "forbidden_table")


def test_not_while_the_older_is_at_work(older, number, tmp_path):
    target = locations.target(older)
    execute(
        older,
        f"UPDATE snapshots_imports SET owner = ?, heartbeat_at = {target.dialect.now} WHERE id = 3",
        owner.this_process(),
    )
    refused = run(older, tmp_path, "import", "people.csv")
    assert refused.returncode == 1
    assert "cannot be migrated yet" in refused.stderr
    assert f"running import 3, as process {owner.this_process()}" in refused.stderr
    is_as_it_was(older, number)
    assert run(older, tmp_path, "list").returncode == 0
    execute(older, "UPDATE snapshots_imports SET owner = NULL WHERE id = 3")
    assert run(older, tmp_path, "import", "people.csv").returncode == 5
    is_migrated(older)


def test_the_service_reads_an_older_one_and_migrates_it_to_write(older, number, tmp_path):
    files = tmp_path / "service"
    files.mkdir()
    with served(older, files, "--workers", "0") as client:
        found = client.ask("GET", "/v1/imports").json["imports"]
        assert [one["loaded"] for one in found] == [10, 253, 150, 3]
        assert client.ask("GET", "/v1/imports/1/rejects").status == 200
        is_as_it_was(older, number)
        answer = client.ask("POST", "/v1/imports", {"url": "https://example.org/a.csv"})
        assert answer.status == 202, answer.json
        is_migrated(older)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (NEWER, f"has version {NEWER}; this program supports versions up to {schema.VERSION}"),
        (0, "does not have the version of the ledger"),
        (-1, "does not have the version of the ledger"),
    ],
)
def test_another_version_is_refused_and_nothing_is_touched(older, number, tmp_path, found, says):
    execute(older, "UPDATE snapshots_version SET version = ?", found)
    before = execute(older, "SELECT * FROM snapshots_imports ORDER BY id")
    for arguments in (
        ["list"], ["show", "1"], ["rejects", "1"], ["resume", "2"], ["import", "people.csv"],
        ["import", "people.csv", "--again", "--table", "other"],
        ["sync", "--once", "--data-dir", "."],
    ):  # fmt: skip
        refused = run(older, tmp_path, *arguments)
        assert refused.returncode, arguments
        assert says in refused.stderr, (arguments, refused.stderr)
    assert execute(older, "SELECT * FROM snapshots_imports ORDER BY id") == before
    assert version(older) == [(found,)]
    assert not COLUMNS[number] & columns(older, "snapshots_imports")


@pytest.mark.parametrize("how", ["DELETE FROM snapshots_version", "DROP TABLE snapshots_version"])
def test_a_lost_version_is_noticed(older, tmp_path, how):
    execute(older, how)
    for arguments in (["list"], ["show", "1"], ["resume", "2"], ["import", "people.csv"]):
        refused = run(older, tmp_path, *arguments)
        assert refused.returncode == 1, arguments
        assert "snapshots_version is empty or missing" in refused.stderr
    assert counts(older, "people", "numbers") == [3, 150]


def test_a_new_ledger_is_that_of_all_migrations(database, tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n")
    assert run(database, tmp_path, "import", "a.csv").returncode == 0
    is_migrated(database)


@pytest.mark.parametrize("dialect", [PostgresDialect, MysqlDialect, SqliteDialect, ToyDialect])
def test_the_version_is_the_number_of_the_last_file(dialect):
    dialect = dialect()
    numbers = sorted(int(file.name[:4]) for file in dialect.ledger_scripts.iterdir())
    assert numbers == list(range(numbers[0], schema.VERSION + 1))
    for number in numbers[1:]:
        for statement in schema.statements(dialect, number):
            # So that one which was interrupted can be run again: it adds what is not there, or
            # sets what it finds as it is to be.
            assert (
                schema.adds_a_column(statement)
                or schema.makes_an_index(statement)
                or " IF NOT EXISTS " in statement
                or statement.startswith(("ALTER TABLE snapshots_imports MODIFY ", "SELECT setval("))
            )


def test_a_ledger_that_changes_under_a_writer_is_noticed(database, tmp_path):
    target = locations.target(database)
    session = target.connect()
    try:
        ledger = Ledger(target, session)
        ledger.make()
        execute(database, f"UPDATE snapshots_version SET version = {NEWER}")
        with pytest.raises(LedgerError, match=f"has version {NEWER}"), ledger.writing():
            pytest.fail("it must not get so far")
    finally:
        session.close()


@pytest.mark.parametrize("since", range(1, schema.VERSION))
def test_a_migration_that_ended_before_its_version_was_written_runs_again(database, since):
    """It finds what it has made: columns, tables and indexes."""
    target = locations.target(database)
    session = target.connect()
    try:
        schema.make(target, session)
        session.execute("UPDATE snapshots_version SET version = ?", (since,))
        assert schema.migrate(target, session, owner.alive) == since
    finally:
        session.close()
    is_migrated(database)
