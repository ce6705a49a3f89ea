"""Replacing a table while others append to it, write into it, or have made things of it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

import snapshots
from snapshots import locations
from tests.ledger.older import execute
from tests.support import snapshots_process
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.killed_imports import make_file, schema_file, start
from tests.support.processes import PATIENCE, finish, go_on, held, wait_for


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


HEADER = "id,name,amount,at\n"
NEW = HEADER + "1,new,1.5,2024-01-01 00:00:00\n"


def appending(database, tmp_path, fault):
    made = make_file(tmp_path / "old.csv", 20_000)
    # One worker, so that nothing of it is open while it is stopped.
    options = {"SNAPSHOTS_WORKERS": "1"}
    return start(database, made, schema_file(tmp_path), tmp_path / "state", fault, **options)


def test_a_stopped_append_is_named_and_cannot_go_on(database, tmp_path):
    killed = appending(database, tmp_path, "after-commit:3")
    killed.communicate(timeout=PATIENCE)
    assert killed.returncode == -signal.SIGKILL
    (tmp_path / "new.csv").write_text(NEW)
    done = snapshots.load(
        tmp_path / "new.csv", database=database, table="t", mode="replace", max_deletes="100%"
    )
    assert (done.outcome, done.record.inserted) == ("finished", 1), done.message
    assert "import 1, whose rows are replaced" in done.hint
    assert execute(database, "SELECT id, name FROM t") == [(1, "new")]
    resumed = command("resume", "1", "--database", database, "--json", cwd=tmp_path)
    assert resumed.returncode == 1
    assert "Import 2 has replaced the rows" in resumed.stderr
    codes = execute(database, "SELECT state, error_code FROM snapshots_imports WHERE id = 1")
    assert codes == [("failed", "older_version")]
    again = command(
        "import", "old.csv", "--table", "t", "--database", database, "--json", cwd=tmp_path
    )
    (result,) = objects(again)
    assert (result["import_id"], result["state"]) == (3, "finished")


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_an_append_that_is_at_work_is_waited_for(request, kind, tmp_path):
    database = request.getfixturevalue(f"{kind}_url")
    append = appending(database, tmp_path, "after-commit:3:stop")
    held(append)
    new = make_file(tmp_path / "new.csv", 19_000, seed=2)
    replace = start_replacing(database, new, tmp_path)
    lines = iter(replace.stderr.readline, "")
    assert any("this one is published when that has ended" in line for line in lines)
    assert replace.poll() is None
    go_on(append)
    code, result, err = finish(append)
    assert code == 3, err
    code, replaced, err = finish(replace)
    assert code == 3, err
    assert replaced["deleted"] >= 0
    assert replaced["inserted"] == len(new.good)
    found = execute(database, "SELECT COUNT(*) FROM t WHERE _import_id = 2")
    assert found == [(len(new.good),)]
    # Rejects were allowed, and the table has no key: the rows of before are kept.
    assert replaced["kept"] == result["loaded"]


def start_replacing(database, made, tmp_path):
    arguments = [
        "import", made.path, "--database", database, "--table", "t", "--mode", "replace",
        "--contract", tmp_path / "schema.json", "--json", "--max-rejects", "5%",
        "--progress", "json",
    ]  # fmt: skip
    return snapshots_process.start(
        arguments,
        env={**os.environ, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def two_versions(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("id,name\n1,a\n2,b\n")
    second.write_text("id,name\n2,bb\n3,c\n")
    return first, second


def test_what_hangs_on_a_postgres_table_stays(postgres_url, tmp_path):
    first, second = two_versions(tmp_path)
    snapshots.load(first, database=postgres_url, table="t", primary_key=("id",))
    role = f"reader_{tmp_path.name}"[:60].replace("-", "_")
    for statement in (
        "CREATE VIEW v AS SELECT id, name FROM t",
        "CREATE TABLE log (what text, id bigint)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO log VALUES (TG_OP, COALESCE(new.id, old.id)); RETURN COALESCE(new, old);"
        " END $$",
        "CREATE TRIGGER noted BEFORE INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY all_rows ON t USING (true)",
        "ALTER TABLE t ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE t ADD COLUMN made timestamptz DEFAULT now()",
        "ALTER TABLE t ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) STORED",
        "CREATE INDEX by_name ON t (name)",
        "COMMENT ON TABLE t IS 'people'",
        f"CREATE ROLE {role}",
        f"GRANT SELECT ON t TO {role}",
        "CREATE PUBLICATION p FOR TABLE t",
    ):
        execute(postgres_url, statement)
    try:
        told = (
            "SELECT relacl::text, relowner::bigint, obj_description(oid), relrowsecurity,"
            " relfilenode::bigint"
            " FROM pg_class WHERE relname IN ('t', 'by_name') ORDER BY relname"
        )
        before = execute(postgres_url, told)
        done = snapshots.load(
            second, database=postgres_url, table="t", mode="replace", columns_changed="ignore"
        )
        assert (done.outcome, done.record.inserted, done.record.deleted) == ("finished", 2, 2)
        assert execute(postgres_url, "SELECT * FROM v ORDER BY 1") == [(2, "bb"), (3, "c")]
        assert execute(postgres_url, "SELECT n, twice FROM t ORDER BY 1") == [(3, 4), (4, 6)]
        noted = execute(postgres_url, "SELECT what, id FROM log ORDER BY 1, 2")
        assert noted == [("DELETE", 1), ("DELETE", 2), ("INSERT", 2), ("INSERT", 3)]
        assert execute(postgres_url, told) == before
        assert execute(postgres_url, "SELECT COUNT(*) FROM t WHERE made IS NULL") == [(0,)]
    finally:
        execute(postgres_url, f"DROP OWNED BY {role}")
        execute(postgres_url, f"DROP ROLE {role}")


def test_a_trigger_that_keeps_rows_is_found(postgres_url, tmp_path):
    first, second = two_versions(tmp_path)
    snapshots.load(first, database=postgres_url, table="t")
    for statement in (
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF old.id = 1 THEN RETURN NULL; END IF; RETURN old; END $$",
        "CREATE TRIGGER kept BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION keep()",
    ):
        execute(postgres_url, statement)
    done = snapshots.load(second, database=postgres_url, table="t", mode="replace")
    assert done.exit_code == 1
    assert "1 rows of table t were not deleted" in done.message
    assert execute(postgres_url, "SELECT id FROM t ORDER BY 1") == [(1,), (2,)]


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_rows_that_a_trigger_leaves_out_are_skipped(request, kind, tmp_path):
    database = request.getfixturevalue(f"{kind}_url")
    first, second = two_versions(tmp_path)
    snapshots.load(first, database=database, table="t")
    for statement in {
        "postgres": (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF new.id = 3 THEN RETURN NULL; END IF; RETURN new; END $$",
            "CREATE TRIGGER no_threes BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        ),
        "sqlite": (
            "CREATE TRIGGER no_threes BEFORE INSERT ON t WHEN new.id = 3"
            " BEGIN SELECT RAISE(IGNORE); END",
        ),
    }[kind]:
        execute(database, statement)
    done = snapshots.load(second, database=database, table="t", mode="replace")
    assert (done.outcome, done.counts.loaded, done.counts.skipped) == ("finished", 1, 1)
    assert (done.record.inserted, done.record.deleted) == (1, 2)
    assert done.skipped_by_code == {"left_out_by_trigger": 1}


def test_somebody_elses_rows_wait_or_are_gone(postgres_url, tmp_path):
    first, second = two_versions(tmp_path)
    snapshots.load(first, database=postgres_url, table="t", lineage=False)
    replace = snapshots_process.start(
        ["import", second, "--database", postgres_url, "--table", "t", "--mode", "replace"],
        env={
            **os.environ,
            "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"),
            "SNAPSHOTS_FAULT": "deleted:1:stop",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    held(replace)
    target = locations.target(postgres_url)
    other = target.connect()
    try:
        other.execute("SET lock_timeout = '200ms'")
        with pytest.raises(snapshots.SnapshotsError, match="lock timeout"):
            other.execute("INSERT INTO t VALUES (9, 'z')")
        assert other.execute("SELECT COUNT(*) FROM t") == [(2,)]
        go_on(replace)
        wait_for(lambda: replace.poll() is not None)
        assert replace.communicate()[0]
        assert replace.returncode == 0
        assert other.execute("SELECT id FROM t ORDER BY 1") == [(2,), (3,)]
    finally:
        other.close()


def test_a_stream_with_rows_that_the_table_refuses_publishes_nothing(sqlite_url, tmp_path):
    first, _ = two_versions(tmp_path)
    snapshots.load(first, database=sqlite_url, table="t", primary_key=("id",))
    given = b"id,name\n5,x\n5,y\n7,z\n"
    done = command(
        "import", "-", "--database", sqlite_url, "--table", "t", "--mode", "replace",
        "--publish", "copy", "--max-rejects", "3", cwd=tmp_path, stdin=given,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "refuses the rows of lines 3: UNIQUE constraint failed" in done.stderr
    assert execute(sqlite_url, "SELECT id FROM t ORDER BY 1") == [(1,), (2,)]


def test_two_files_do_not_replace_one_table(sqlite_url, tmp_path):
    two_versions(tmp_path)
    done = command(
        "import", "first.csv", "second.csv", "--database", sqlite_url, "--table", "t",
        "--mode", "replace", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "would both replace the rows of table t" in done.stderr
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()


def test_prune_gives_up_rows_of_a_stopped_import(database, tmp_path):
    first, second = two_versions(tmp_path)
    snapshots.load(first, database=database, table="t")
    second.write_text("id,name\n7,x\n")
    refused = snapshots.load(second, database=database, table="t", mode="replace", max_deletes=0)
    assert refused.exit_code == 4
    kept = command("prune", "--database", database, "--json", cwd=tmp_path)
    assert [one["dropped"] for one in objects(kept)] == [False]
    gone = command("prune", "--unfinished", "--database", database, "--json", cwd=tmp_path)
    assert [one["dropped"] for one in objects(gone)] == [True]
    assert command("prune", "--database", database, "--json", cwd=tmp_path).stdout == ""
    done = snapshots.resume(2, database=database, max_deletes="100%")
    assert (done.outcome, done.record.inserted, done.counts.records) == ("finished", 1, 1)


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
def test_a_snapshot_begun_while_rows_are_staged_stays_what_it_was(request, kind, tmp_path):
    database = request.getfixturevalue(f"{kind}_url")
    first, second = two_versions(tmp_path)
    snapshots.load(first, database=database, table="t")
    replace = snapshots_process.start(
        ["import", second, "--database", database, "--table", "t", "--mode", "replace"],
        env={
            **os.environ,
            "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"),
            "SNAPSHOTS_FAULT": "after-commit:1:stop",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    held(replace)
    other = locations.target(database).connect()
    try:
        if kind == "mysql":
            other.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            other.execute("START TRANSACTION")
        else:
            other.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        seen = "SELECT id, name FROM t ORDER BY 1"
        assert other.execute(seen) == [(1, "a"), (2, "b")]
        go_on(replace)
        _, err = replace.communicate(timeout=PATIENCE)
        assert replace.returncode == 0, err
        assert execute(database, seen) == [(2, "bb"), (3, "c")]
        assert other.execute(seen) == [(1, "a"), (2, "b")]
        other.execute("COMMIT")
        assert other.execute(seen) == [(2, "bb"), (3, "c")]
    finally:
        other.close()
