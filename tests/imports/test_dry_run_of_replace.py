"""What a dry run tells of replacing a table: which rows would go and stay, and what others lose."""

import pytest

import snapshots
from tests.verify.loaded import execute


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def written(path, text):
    path.write_text(text)
    return path


def replace(path, database, **options):
    return snapshots.load(path, database=database, table="t", mode="replace", **options)


def changes(result):
    record = result.record
    return (record.inserted, record.updated, record.unchanged, record.deleted, record.kept)


def held(database):
    return execute(database, "SELECT id, name FROM t ORDER BY 1")


def test_a_dry_run_with_rejects_counts_by_key_what_would_be_kept(database, tmp_path):
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, name varchar(9))")
    execute(database, "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    bad = written(tmp_path / "bad.csv", "id,name\n2,bb\nx,y\n8,w\n")
    tried = replace(bad, database, dry_run=True, max_rejects=1)
    assert "Of 3 rows of table t 1 would be deleted and 2 kept. 2 would" in tried.message
    assert held(database) == [(1, "a"), (2, "b"), (3, "c")]
    done = replace(bad, database, max_rejects=1)
    assert changes(done) == (2, 0, 0, 1, 2)


def test_a_dry_run_counts_the_rows_of_others_that_would_go(database, tmp_path):
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, name varchar(9))")
    execute(
        database,
        "CREATE TABLE c (of int, FOREIGN KEY (of) REFERENCES t (id) ON DELETE CASCADE)",
    )
    execute(database, "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    execute(database, "INSERT INTO c VALUES (1), (2), (2)")
    path = written(tmp_path / "a.csv", "id,name\n1,aa\n3,c\n4,d\n")
    tried = replace(path, database, dry_run=True)
    assert tried.exit_code == 4
    assert "1 would be updated, 1 unchanged, 1 deleted and 0 kept. 1 would be" in tried.message
    assert "deletes 2 rows of table c" in tried.message
    assert "--allow-cascade" in tried.message
    allowed = replace(path, database, dry_run=True, allow_cascade=True)
    assert (allowed.exit_code, "deletes 2 rows of table c" in allowed.message) == (0, True)
    assert execute(database, "SELECT COUNT(*) FROM c") == [(3,)]
