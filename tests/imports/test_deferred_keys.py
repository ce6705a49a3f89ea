"""Keys of SQLite that are checked at COMMIT: a staged row without a parent is a reject like others,
and what is there before stays out of it."""

import pytest

import snapshots
from tests.verify.loaded import execute

KEY = "REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED"


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def tables(sqlite_url):
    execute(
        sqlite_url,
        "CREATE TABLE p (id integer PRIMARY KEY)",
        "INSERT INTO p VALUES (1), (2)",
        f"CREATE TABLE t (id integer PRIMARY KEY, of integer {KEY})",
        "INSERT INTO t VALUES (1, 1)",
    )
    return sqlite_url


def load(database, tmp_path, text, mode, **options):
    path = tmp_path / f"{mode}.csv"
    path.write_text(text)
    return snapshots.load(path, database=database, table="t", mode=mode, **options)


@pytest.mark.parametrize("mode", ["replace", "upsert", "mirror", "append"])
def test_a_row_without_its_parent_is_a_reject(tables, tmp_path, mode):
    text = "id,of\n5,2\n6,9\n7,1\n1,8\n" if mode != "append" else "id,of\n5,2\n6,9\n7,1\n"
    options = {"atomic": True} if mode == "append" else {}
    done = load(tables, tmp_path, text, mode, max_rejects="100%", **options)
    bad = [(3, "refused_by_target"), (5, "refused_by_target")]
    if mode == "append":
        del bad[1]
    assert done.exit_code == 3, (done.message, done.hint)
    assert [(one.line, one.code) for one in snapshots.rejects(1, database=tables)] == bad
    assert {(5, 2), (7, 1)} <= set(execute(tables, "SELECT id, of FROM t"))
    assert execute(tables, "SELECT * FROM pragma_foreign_key_check") == []


def test_parents_may_come_later_in_the_file(sqlite_url, tmp_path):
    key = "REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED"
    execute(sqlite_url, f"CREATE TABLE t (id integer PRIMARY KEY, of integer {key})")
    text = "id,of\n1,2\n2,3\n3,9\n4,5\n5,\n"
    done = load(sqlite_url, tmp_path, text, "upsert", max_rejects="100%")
    # 3 has no parent, and so 2 and 1 have none.
    assert [one.line for one in snapshots.rejects(1, database=sqlite_url)] == [2, 3, 4]
    assert (done.exit_code, done.counts.loaded) == (3, 2)
    assert execute(sqlite_url, "SELECT id FROM t ORDER BY 1") == [(4,), (5,)]
    done = load(sqlite_url, tmp_path, "id,of\n1,2\n2,3\n3,4\n4,\n", "mirror")
    assert done.exit_code == 0, (done.message, done.hint)
    assert execute(sqlite_url, "SELECT COUNT(*) FROM t") == [(4,)]


def test_rows_that_had_no_parent_before_are_none_of_its_business(tables, tmp_path):
    execute(tables, "PRAGMA foreign_keys = OFF", "INSERT INTO t VALUES (2, 77)")
    done = load(tables, tmp_path, "id,of\n5,2\n1,2\n", "upsert")
    assert done.exit_code == 0, (done.message, done.hint)
    assert execute(tables, "SELECT id, of FROM t ORDER BY 1") == [(1, 2), (2, 77), (5, 2)]
