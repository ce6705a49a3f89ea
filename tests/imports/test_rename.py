"""Replacing a table by another one of its name, or by copying: what hangs on the table stays."""

import threading
import time
from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.errors import TargetError
from tests.verify.loaded import execute


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def file_of(folder, name, rows):
    path = folder / name
    path.write_text("id,name\n" + "".join(f"{n},row {n}\n" for n in rows))
    return path


def replace(database, path, table="t", **options):
    given = {"mode": "replace", "max_deletes": "100%", **options}
    return snapshots.load(path, database=database, table=table, **given)


def made(database, statement):
    """Creates a table with lineage and three rows."""
    execute(database, statement)
    columns = "(id, name, _import_id, _line)"
    execute(database, f"INSERT INTO t {columns} VALUES (1, 'a', 0, 1), (2, 'b', 0, 2)")


PLAIN = "CREATE TABLE t (id integer, name varchar(50), _import_id bigint, _line bigint)"


@pytest.mark.parametrize("publish", ["auto", "copy"])
def test_a_plain_table(database, tmp_path, publish):
    made(database, PLAIN)
    done = replace(database, file_of(tmp_path, "a.csv", range(3, 8)), publish=publish)
    assert done.exit_code == 0, (done.message, done.hint)
    expected = "copy" if publish == "copy" else "rename"
    assert (done.record.publish, done.record.deleted, done.record.inserted) == (expected, 2, 5)
    assert execute(database, "SELECT MIN(id), MAX(id) FROM t") == [(3, 7)]
    assert snapshots.undo(done.record.import_id, database=database).restored == 2
    assert execute(database, "SELECT id, name FROM t ORDER BY id") == [(1, "a"), (2, "b")]
    again = replace(database, file_of(tmp_path, "b.csv", range(9)), publish=publish, keep_undo=0)
    assert again.record.publish == expected
    target = locations.target(database)
    with closing(target.connect()) as session:
        names = [one.name for one in target.tables(session)]
        left = [one for one in names if one.startswith(("snapshots_stage", "snapshots_undo"))]
    assert left == []


def test_rejected_records_keep_rows(database, tmp_path):
    made(database, PLAIN)
    path = file_of(tmp_path, "a.csv", range(3))
    path.write_text(path.read_text() + "x,y\n")
    done = replace(database, path, max_rejects="1")
    assert (done.record.publish, done.record.kept, done.record.deleted) == ("copy", 2, 0)


def test_rows_that_the_copy_refuses(database, tmp_path):
    made(database, PLAIN.replace("id integer", "id integer PRIMARY KEY"))
    path = file_of(tmp_path, "a.csv", [1, 2, 2, 5])
    assert replace(database, path).exit_code == 4
    assert execute(database, "SELECT COUNT(*) FROM t") == [(2,)]
    done = replace(database, path, max_rejects="1", again=True)
    assert (done.exit_code, done.record.rejected) == (3, 1)
    assert execute(database, "SELECT id FROM t ORDER BY id") == [(1,), (2,), (5,)]


def test_what_the_user_wants_and_cannot_have(database, tmp_path):
    made(database, PLAIN)
    path = file_of(tmp_path, "a.csv", range(3))
    execute(database, "CREATE TABLE u (id integer, name varchar(50))")
    with pytest.raises(TargetError, match="cannot be replaced by renaming"):
        replace(database, path, table="u", publish="rename")
    assert replace(database, path, publish="rename").record.publish == "rename"


def test_who_wants_nothing_but_renaming_is_told_why_it_cannot_be(database, tmp_path):
    """Then the user may want the rows to be copied after all: nothing is loaded again."""
    made(database, PLAIN)
    path = file_of(tmp_path, "a.csv", range(5, 8))
    path.write_text(path.read_text() + "x,y\n")
    refused = replace(database, path, publish="rename", max_rejects=1)
    assert (refused.exit_code, refused.record.error_code) == (4, "cannot_rename")
    assert "records were rejected" in refused.message
    number = refused.record.import_id
    assert f"snapshots resume {number}" in refused.hint
    assert refused.hint.endswith(" --publish copy")
    assert execute(database, "SELECT COUNT(*) FROM t") == [(2,)]
    again = snapshots.resume(number, database=database, max_rejects=1)
    assert again.record.error_code == "cannot_rename"
    done = snapshots.resume(number, database=database, max_rejects=1, publish="copy")
    assert (done.exit_code, done.record.publish, done.record.kept) == (3, "copy", 2)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(5,)]


def test_a_reader_with_an_older_snapshot(database, tmp_path, monkeypatch):
    """It began while the rows were staged, and would see a part of them in a new table."""
    if database.startswith("sqlite"):
        pytest.skip("a snapshot has the names of tables, too")
    monkeypatch.setattr("snapshots.engine.publishing.renamed._SNAPSHOT_SECONDS", 0.3)
    made(database, PLAIN)
    execute(database, "CREATE TABLE other (n integer)")
    target = locations.target(database)
    with closing(target.connect()) as reader:
        if target.name == "mysql":
            reader.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        published_meanwhile(reader, database, tmp_path)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(9,)]


def published_meanwhile(reader, database, tmp_path):
    with reader.transaction():
        if database.startswith("postgres"):
            reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT COUNT(*) FROM other")
        done = replace(database, file_of(tmp_path, "a.csv", range(9)))
        assert (done.exit_code, done.record.publish) == (0, "copy")
        assert reader.execute("SELECT COUNT(*) FROM t") == [(2,)]


def test_a_table_in_use_is_waited_for(database, tmp_path, monkeypatch):
    """Who reads the table at that moment delays the renaming; others go on reading meanwhile."""
    if database.startswith("sqlite"):
        pytest.skip("readers delay nobody there")
    monkeypatch.setattr("snapshots.engine.run.conclude._PAUSE_SECONDS", 0.1)
    made(database, PLAIN)
    target = locations.target(database)
    results = []
    with closing(target.connect()) as reader, closing(target.connect()) as other:
        with reader.transaction():
            # READ COMMITTED: it holds the table, and no snapshot.
            if target.name == "mysql":
                reader.execute("SELECT COUNT(*) FROM t WHERE 1 = 0 LIMIT 0")
            else:
                reader.execute("LOCK TABLE t IN ACCESS SHARE MODE")
            path = file_of(tmp_path, "a.csv", range(9))
            options = {"listener": results.append}
            thread = threading.Thread(
                target=lambda: results.append(replace(database, path, **options))
            )
            thread.start()
            until = time.monotonic() + 60
            while not any("waiting for" in str(one) for one in results):
                assert time.monotonic() < until, results
                time.sleep(0.05)
                if target.name == "mysql" and not thread.is_alive():
                    break
            assert other.execute("SELECT COUNT(*) FROM t") in ([(2,)], [(9,)])
        thread.join()
    assert results[-1].exit_code == 0, results[-1]
    assert execute(database, "SELECT COUNT(*) FROM t") == [(9,)]
