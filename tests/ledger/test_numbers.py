"""The number of an import is its rows' name: none is given twice while there are rows."""

import time

import pytest

from snapshots.engine.queue.request import ImportRequest
from tests.ledger.older import execute
from tests.support.command import snapshots as command
from tests.support.service_process import served

LEDGER = ("snapshots_version", "snapshots_imports", "snapshots_chunks", "snapshots_rejects")


def load(database, tmp_path, name, text, *options):
    (tmp_path / name).write_text(text)
    done = command("import", name, "--database", database, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def drop_the_ledger(database):
    for table in LEDGER:
        execute(database, f"DROP TABLE {table}")


def numbers(database):
    return [number for (number,) in execute(database, "SELECT id FROM snapshots_imports")]


def test_a_new_ledger_begins_at_1(database, tmp_path):
    load(database, tmp_path, "a.csv", "n\n1\n")
    load(database, tmp_path, "b.csv", "n\n2\n")
    assert sorted(numbers(database)) == [1, 2]


def test_beside_older_rows_it_begins_at_the_time(database, tmp_path):
    load(database, tmp_path, "a.csv", "n\n1\n2\n3\n")
    drop_the_ledger(database)
    before = int(time.time())
    load(database, tmp_path, "b.csv", "n\n1\n2\n", "--table", "other")
    load(database, tmp_path, "c.csv", "n\n7\n", "--table", "a")
    first, second = sorted(numbers(database))
    assert before <= first <= time.time()
    assert second == first + 1
    assert execute(database, "SELECT DISTINCT _import_id FROM a ORDER BY 1") == [(1,), (second,)]


def test_so_it_does_when_its_imports_were_deleted(database, tmp_path):
    load(database, tmp_path, "a.csv", "n\n1\n2\n3\n")
    for table in LEDGER[1:]:
        execute(database, f"DELETE FROM {table}")
    load(database, tmp_path, "b.csv", "n\n1\n2\n", "--table", "a")
    assert numbers(database)[0] > 1


def test_an_import_that_is_asked_for_of_the_service(database, tmp_path):
    load(database, tmp_path, "a.csv", "n\n1\n2\n3\n")
    drop_the_ledger(database)
    files = tmp_path / "service"
    files.mkdir()
    (files / "b.csv").write_text("n\n5\n")
    before = int(time.time())
    with served(database, files) as client:
        assert client.submit(file="b.csv") >= before


def undone(database, tmp_path, prepare):
    """An import of ten records that stopped at six, undone by the service: its answer, and the
    import afterwards."""
    files = tmp_path / "service"
    files.mkdir()
    text = "n\n" + "".join(f"{n}\n" for n in range(10))
    load(database, tmp_path, "t.csv", text, "--limit", "6")
    execute(
        database,
        "UPDATE snapshots_imports SET request = ?, input = 't.csv', request_key = 'k'",
        ImportRequest(file="t.csv").to_json(),
    )
    prepare()
    with served(database, files) as client:
        answer = client.ask("DELETE", "/v1/imports/1?rows=undo")
        return answer, client.get("/v1/imports/1").json


def test_undo_takes_its_rows(database, tmp_path):
    answer, ended = undone(database, tmp_path, lambda: None)
    assert (answer.status, ended["state"], ended["removed"]) == (200, "undone", 6)
    # Its account stays.
    assert (ended["records"], ended["loaded"]) == (6, 6)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(0,)]


def test_undo_after_a_user_has_deleted_some(database, tmp_path):
    _, ended = undone(database, tmp_path, lambda: execute(database, "DELETE FROM t WHERE n < 3"))
    assert (ended["state"], ended["removed"], ended["loaded"]) == ("undone", 3, 6)
    assert execute(database, "SELECT COUNT(*) FROM t") == [(0,)]


@pytest.mark.parametrize(
    "strange",
    [
        # A line behind all chunks; a line before them; a header's.
        "INSERT INTO t (n, _import_id, _line) VALUES (70, 1, 900)",
        "INSERT INTO t (n, _import_id, _line) VALUES (70, 1, 0)",
        "UPDATE t SET _line = 900 WHERE n = 4",
        # More rows than records: of another import of that number, whose lines are alike.
        "INSERT INTO t (n, _import_id, _line) SELECT n, 1, _line + 0 FROM t WHERE n = 2",
    ],
)
def test_undo_removes_nothing_that_no_chunk_accounts_for(database, tmp_path, strange):

    def prepare():
        if database.startswith("mysql"):
            # Tables that are made here have each line once; a user's own may not.
            execute(database, "ALTER TABLE t DROP PRIMARY KEY")
        execute(database, strange)

    answer, ended = undone(database, tmp_path, prepare)
    assert (answer.status, answer.json["code"]) == (409, "unaccounted_rows")
    assert "nothing was removed" in answer.json["detail"].lower()
    assert (ended["state"], ended["wanted"]) == ("interrupted", None)
    left = 6 if strange.startswith("UPDATE") else 7
    assert execute(database, "SELECT COUNT(*) FROM t") == [(left,)]
    assert execute(database, "SELECT SUM(loaded) FROM snapshots_chunks") == [(6,)]
