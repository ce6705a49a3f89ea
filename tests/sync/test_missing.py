"""Files that were imported, and whose table somebody has dropped or emptied since."""

import os

import pytest

import snapshots
from tests.imports.test_ledgers_tables import execute
from tests.support.command import snapshots as command
from tests.support.sync_process import Service, once, query, rows


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def touch(path):
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def of(said, *kinds):
    return [one for one in said if one["event"] in kinds]


def test_a_table_that_is_dropped_is_not_filled_again(database, folder):
    for n in range(3):
        (folder / f"a{n}.csv").write_text(rows(10 * n, 3))
    (folder / "u.csv").write_text(rows(90, 2))
    options = ("--table", "t")
    assert once(database, folder, *options)[0] == 0
    assert of(once(database, folder, *options)[1], "missing", "ended", "refused") == []
    execute(database, "DROP TABLE t")
    for _ in range(2):
        code, said = once(database, folder, *options, "--after-import", "delete")
        assert (code, of(said, "ended", "settled", "refused")) == (0, [])
        told = of(said, "missing")
        assert sorted(one["path"].rpartition("/")[2] for one in told) == [
            "a0.csv", "a1.csv", "a2.csv", "u.csv",
        ]  # fmt: skip
        assert {(one["table"], one["what"]) for one in told} == {("t", "table")}
    assert len(list(folder.iterdir())) == 4, "what is nowhere else is not deleted"
    touch(folder / "a1.csv")
    code, said = once(database, folder, *options)
    (ended,) = of(said, "ended")
    assert (code, ended["outcome"], ended["path"].endswith("a1.csv")) == (0, "finished", True)
    assert "which is gone: loading it again" in ended["message"]
    check_ids(database, {10, 11, 12})


def check_ids(database, expected):
    assert {number for (number,) in query(database, "SELECT id FROM t")} == expected


def test_it_is_said_once_while_the_service_runs(database, folder):
    (folder / "a.csv").write_text(rows(0, 3))
    once(database, folder, "--table", "t")
    execute(database, "DELETE FROM t")
    with Service(database, folder, "--table", "t", "--poll", "0.2") as service:
        service.wait_for(lambda: service.said("missing"))
        (folder / "b.csv").write_text(rows(10, 3))
        service.wait_ended("b.csv")
        (folder / "a.csv").chmod(0o640)
        (folder / "c.csv").write_text(rows(20, 3))
        service.wait_ended("c.csv")
        (told,) = service.said("missing")
        assert (told["import_id"], told["table"], told["what"]) == (1, "t", "rows")
        # Another look at the same file by the same process would find rows in the table.
        touch(folder / "a.csv")
        service.wait_ended("a.csv")
        assert service.terminate() == 0
        outcomes = [one["outcome"] for one in service.said("ended") if "a.csv" in one["path"]]
    assert outcomes == ["already_imported"]
    check_ids(database, {*range(10, 13), *range(20, 23)})


def test_a_copy_is_no_reason_to_fill_it_again(database, folder):
    (folder / "a.csv").write_text(rows(0, 3))
    (folder / "copy.csv").write_text(rows(0, 3))
    once(database, folder, "--table", "t")
    execute(database, "DROP TABLE t")
    code, said = once(database, folder, "--table", "t")
    assert code in {0, 5}
    loaded = "a.csv" if of(said, "missing")[0]["path"].endswith("/a.csv") else "copy.csv"
    (refused,) = of(said, "refused")
    assert refused["error"]["code"] == "already_imported"
    assert "into table t, which is gone" in refused["error"]["message"]
    assert refused["hint"] == "To load the file again, touch it."
    assert of(once(database, folder, "--table", "t")[1], "refused", "ended") == []
    other = folder / ("copy.csv" if loaded == "a.csv" else "a.csv")
    touch(other)
    _, said = once(database, folder, "--table", "t")
    assert [one["outcome"] for one in of(said, "ended")] == ["finished"]
    check_ids(database, {0, 1, 2})


def test_what_was_begun_waits_for_a_touch_as_well(database, folder):
    (folder / "a.csv").write_text(rows(0, 300))
    snapshots.load(folder / "a.csv", database=database, table="t", limit=50, chunk_size=500)
    execute(database, "DROP TABLE t")
    code, said = once(database, folder, "--table", "t")
    (refused,) = of(said, "refused")
    assert (code, "began to load this input into table t" in refused["error"]["message"]) == (
        1,
        True,
    )
    assert of(once(database, folder, "--table", "t")[1], "refused", "ended") == []
    touch(folder / "a.csv")
    code, said = once(database, folder, "--table", "t")
    assert (code, [one["outcome"] for one in of(said, "ended")]) == (0, ["finished"])
    check_ids(database, set(range(300)))


def test_a_file_without_rows_misses_none(database, folder):
    (folder / "a.csv").write_text(rows(0, 1))
    once(database, folder, "--table", "t")
    (folder / "none.csv").write_text("id,name\n")
    once(database, folder, "--table", "t")
    execute(database, "DELETE FROM t")
    _, said = once(database, folder, "--table", "t")
    assert [one["path"].rpartition("/")[2] for one in of(said, "missing")] == ["a.csv"]


def test_people_and_logs_are_told(sqlite_url, folder):
    (folder / "a.csv").write_text(rows(0, 3))
    once(sqlite_url, folder, "--table", "t")

    def run(*options):
        return command(
            "sync", "--once", "--data-dir", "in", "--settle", "0.1", "--table", "t",
            "--database", sqlite_url, *options, cwd=folder.parent,
        ).stderr  # fmt: skip

    execute(sqlite_url, "DELETE FROM t")
    said = run()
    assert "a.csv: imported before (import 1), but table t is empty now: nothing done\n" in said
    assert "a.csv --again\n" in said
    assert '"event": "rows_missing"' in run("--log-format", "json").replace('":"', '": "')
    execute(sqlite_url, "DROP TABLE t")
    assert "but table t is gone: nothing done\n  to load the file again, touch it\n" in run()
    assert '"event": "table_missing"' in run("--log-format", "json").replace('":"', '": "')


def test_a_recognised_copy_is_not_deleted_while_the_table_is_empty(database, folder):
    (folder / "a.csv").write_text(rows(0, 3))
    options = ("--table", "t", "--after-import", "delete")
    once(database, folder, *options)
    assert list(folder.iterdir()) == []
    (folder / "b.csv").write_text(rows(0, 3))
    execute(database, "DELETE FROM t")
    (ended,) = of(once(database, folder, *options)[1], "ended")
    assert (ended["outcome"], ended["emptied"], ended["then"]) == ("already_imported", True, "kept")
    execute(database, "INSERT INTO t (id, name, _import_id, _line) VALUES (1, 'x', 9, 9)")
    (ended,) = of(once(database, folder, *options)[1], "ended")
    assert ended["then"] == "deleted"
