"""Going on: by the same wishes, from any folder, only onto the table that was planned for."""

import signal
import subprocess
import threading

import pytest

import snapshots
from snapshots import locations
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.input_files import rows
from tests.support.killed_imports import check, make_file, schema_file, start
from tests.support.processes import PATIENCE, go_on, held, interrupted, wait_for


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def thousand(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{n},x{n}\n" for n in range(1000)))
    return path


def test_the_same_limit_twice_and_then_the_rest(database, thousand):
    for _ in range(3):
        result = snapshots.load(thousand, database=database, limit=10)
        assert (result.outcome, result.counts.loaded) == ("limited", 10)
    done = snapshots.resume(1, database=database)
    assert (done.outcome, done.counts.loaded) == ("finished", 1000)
    assert rows(database, "SELECT COUNT(*), COUNT(DISTINCT a) FROM t") == [(1000, 1000)]


def test_a_column_without_a_name_in_the_header(database, tmp_path):
    """The plan keeps its empty name, also beside a field that has the name of its column."""
    path = tmp_path / "t.csv"
    path.write_text(",column_1,b\n" + "".join(f"{n},x{n},1\n" for n in range(100)))
    assert snapshots.load(path, database=database, limit=10).outcome == "limited"
    done = snapshots.resume(1, database=database)
    assert (done.outcome, done.counts.loaded) == ("finished", 100)
    assert rows(database, "SELECT column_1, column_1_2 FROM t WHERE column_1 > 97") == [
        (98, "x98"), (99, "x99"),
    ]  # fmt: skip


def test_a_table_that_was_changed_meanwhile(database, thousand):
    snapshots.load(thousand, database=database, limit=10)
    session = locations.target(database).connect()
    try:
        session.execute("ALTER TABLE t RENAME TO old")
    finally:
        session.close()
    with pytest.raises(snapshots.SnapshotsError, match="gone"):
        snapshots.resume(1, database=database)
    session = locations.target(database).connect()
    try:
        session.execute("CREATE TABLE t (a bigint, _import_id bigint, _line bigint)")
    finally:
        session.close()
    with pytest.raises(snapshots.SnapshotsError, match="no longer has column 'b'"):
        snapshots.resume(1, database=database)


def test_binary_rows_never_meet_another_type(postgres_url, thousand):
    snapshots.load(thousand, database=postgres_url, limit=10)
    session = locations.target(postgres_url).connect()
    try:
        session.execute("ALTER TABLE t ALTER a TYPE double precision")
    finally:
        session.close()
    with pytest.raises(snapshots.SnapshotsError, match="float in the table now"):
        snapshots.resume(1, database=postgres_url)


def test_other_wishes_are_not_ignored(sqlite_url, thousand):
    snapshots.load(thousand, database=sqlite_url, limit=10)
    with pytest.raises(snapshots.SnapshotsError, match="has other options"):
        snapshots.load(thousand, database=sqlite_url, null_values=("x1",))
    assert snapshots.load(thousand, database=sqlite_url).outcome == "finished"


def test_from_another_folder(tmp_path, thousand):
    first = command("import", "t.csv", "--limit", "10", "--json", cwd=tmp_path)
    (result,) = objects(first)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = command(
        "resume", "1", "--database", result["database"], "--json", cwd=elsewhere,
        SNAPSHOTS_STATE_DIR=str(tmp_path / "state"),
    )  # fmt: skip
    assert objects(done)[0]["loaded"] == 1000, done.stderr


def test_a_killed_first_import_is_remembered(tmp_path, sqlite_url):
    made = make_file(tmp_path / "t.csv", 20_000)
    process = start(
        sqlite_url, made, schema_file(tmp_path), tmp_path / "state", fault="before-commit:3"
    )
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    (listed,) = objects(command("list", "--json", cwd=tmp_path))
    assert (listed["import_id"], listed["state"]) == (1, "interrupted")
    done = command("resume", "1", "--json", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    check(sqlite_url, made)


def test_a_listener_that_fails_stops_the_import(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 200_000)
    before = threading.active_count()

    def listener(event):
        if type(event).__name__ == "Progress":
            raise ValueError("the screen is gone")

    with pytest.raises(ValueError, match="the screen is gone"):
        snapshots.load(
            made.path,
            database=database,
            contract=schema_file(tmp_path),
            chunk_size=32768,
            listener=listener,
        )
    wait_for(lambda: threading.active_count() == before)
    (record,) = snapshots.history(database)
    assert record.state == "interrupted"
    rest = snapshots.load(made.path, database=database, contract=schema_file(tmp_path))
    assert rest.outcome == "finished"
    check(database, made)


WAITING = {
    "postgres_url": "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())",
    "mysql_url": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()"
    " AND state LIKE 'Waiting for%lock'",
}
"""Sessions that wait for a lock."""


@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_ctrl_c_while_the_database_keeps_it_waiting(url, request, tmp_path):
    database = request.getfixturevalue(url)
    made = make_file(tmp_path / "t.csv", 400_000)
    process = start(
        database, made, schema_file(tmp_path), tmp_path / "state", "before-claim:4:stop", "32KB",
        SNAPSHOTS_WORKERS="1",
    )  # fmt: skip
    held(process)
    holder = locations.target(database).connect()
    try:
        holder.execute("BEGIN")
        if url == "postgres_url":
            holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        else:
            holder.execute("LOCK TABLES t WRITE")
        go_on(process)
        waiting = locations.target(database).connect()
        wait_for(lambda: waiting.execute(WAITING[url]) != [(0,)])
        waiting.close()
        code, result, err = interrupted(process, signal.SIGINT)
    finally:
        holder.close()
    assert code == 130, (err, result)


def test_several_first_imports_at_once(database, tmp_path):
    processes = []
    for n in range(4):
        path = tmp_path / f"file{n}.csv"
        path.write_text(f"id,name\n{n},x\n")
        processes.append(
            subprocess.Popen(
                ["snapshots", "import", path.name, "--database", database, "--table", "t"],
                cwd=tmp_path,
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
        )
    for process in processes:
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
    assert rows(database, "SELECT COUNT(*) FROM t") == [(4,)]
    assert len(snapshots.history(database)) == 4


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"limit": -1}, {"chunk_size": 0}])
def test_numbers_that_make_no_sense(thousand, sqlite_url, wrong):
    with pytest.raises(snapshots.SnapshotsError):
        snapshots.load(thousand, database=sqlite_url, **wrong)


def test_all_rejected_is_not_already_imported(tmp_path, sqlite_url):
    path = tmp_path / "r.csv"
    path.write_text("Report\nid,name\n1,a\n2,b\n")
    first = snapshots.load(path, database=sqlite_url, header=True, preamble=0)
    assert (first.counts.loaded, first.counts.rejected) == (0, 3)
    again = snapshots.load(path, database=sqlite_url, preamble=1)
    assert (again.outcome, again.counts.loaded) == ("finished", 2)
