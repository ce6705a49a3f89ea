"""Tables with history: each version of a row has the interval in which it held."""

import json

import pytest

import snapshots
from snapshots import locations
from tests.data_makers import MADE
from tests.imports.history_tables import CONTRACT, intervals, published, written
from tests.ledger.older import execute
from tests.support.command import snapshots as command

FIRST, SECOND, THIRD = "2023-01-01", "2023-06-03", "2024-01-01"
A, B, C = (f"{one}T00:00:00.000Z" for one in (FIRST, SECOND, THIRD))


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def changes(result):
    record = result.record
    return (record.inserted, record.updated, record.unchanged, record.deleted, record.kept)


@pytest.fixture
def versions(database, tmp_path):
    """A table with two versions."""
    one = published(written(tmp_path / "1.csv", {1: "a", 2: "b", 3: "c"}), database, FIRST)
    two = published(written(tmp_path / "2.csv", {1: "a", 2: "bb", 4: "d"}), database, SECOND)
    assert (changes(one), changes(two)) == ((3, 0, 0, 0, 0), (1, 1, 1, 1, 0))
    return database


def test_every_version_of_a_row_is_kept(versions):
    assert intervals(versions) == [
        (1, "a", A, None),
        (2, "b", A, B),
        (2, "bb", B, None),
        (3, "c", A, B),
        (4, "d", B, None),
    ]
    assert execute(versions, "SELECT id, name FROM t_current ORDER BY id") == [
        (1, "a"), (2, "bb"), (4, "d"),
    ]  # fmt: skip
    numbers = execute(versions, "SELECT id, _import_id FROM t_current ORDER BY id")
    assert numbers == [(1, 1), (2, 2), (4, 2)]


def test_a_key_that_comes_back_has_two_intervals(versions, tmp_path):
    done = published(
        written(tmp_path / "3.csv", {1: "a", 2: "bb", 3: "c", 4: "d"}), versions, THIRD
    )
    assert changes(done) == (1, 0, 3, 0, 0)
    assert [one for one in intervals(versions) if one[0] == 3] == [
        (3, "c", A, B), (3, "c", C, None),
    ]  # fmt: skip


def test_of_equal_dates_the_later_publish_corrects_the_version(versions, tmp_path):
    done = published(written(tmp_path / "3.csv", {1: "x", 2: "b", 3: "c"}), versions, SECOND)
    assert changes(done) == (1, 2, 0, 1, 0)
    assert "It corrects the version of 2023-06-03." in done.hint + done.message
    assert intervals(versions) == [
        (1, "a", A, B), (1, "x", B, None), (2, "b", A, None), (3, "c", A, None),
    ]  # fmt: skip


def test_a_late_version_is_refused_or_put_in_its_place(versions, tmp_path):
    late = written(tmp_path / "late.csv", {1: "z", 2: "bb", 3: "c"})
    refused = published(late, versions, "2023-03-01")
    assert (refused.exit_code, refused.record.error_code) == (1, "older_version")
    assert "--out-of-order" in refused.hint
    before = intervals(versions)
    done = published(late, versions, "2023-03-01", out_of_order=True)
    assert changes(done) == (0, 2, 1, 0, 0)
    m = "2023-03-01T00:00:00.000Z"
    assert before != intervals(versions) == [
        (1, "a", A, m), (1, "a", B, None), (1, "z", m, B),
        (2, "b", A, m), (2, "bb", m, None), (3, "c", A, B), (4, "d", B, None),
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["append", "replace", "upsert", "mirror"])
def test_other_modes_leave_a_table_with_history_alone(versions, tmp_path, mode):
    path = written(tmp_path / "3.csv", {9: "z"})
    with pytest.raises(snapshots.SnapshotsError, match="keeps its history") as refused:
        snapshots.load(path, database=versions, table="t", mode=mode)
    assert "--mode history" in refused.value.hint


def test_a_table_of_others_gets_no_history(database, tmp_path):
    path = written(tmp_path / "1.csv", {1: "a"})
    snapshots.load(path, database=database, table="t", contract=CONTRACT)
    with pytest.raises(snapshots.SnapshotsError, match="exists and keeps no history"):
        published(path, database, FIRST)
    assert execute(database, "SELECT id, name FROM t") == [(1, "a")]


def test_a_table_without_a_key_gets_no_history(database, tmp_path):
    path = written(tmp_path / "1.csv", {1: "a"})
    with pytest.raises(snapshots.SnapshotsError, match="needs a key"):
        snapshots.load(path, database=database, table="t", mode="history")


def test_an_input_cannot_have_the_columns_of_the_interval(database, tmp_path):
    path = tmp_path / "1.csv"
    path.write_text("id,_valid_from\n1,a\n")
    with pytest.raises(snapshots.SnapshotsError, match="_valid_from"):
        snapshots.load(path, database=database, table="t", mode="history", primary_key=("id",))


def test_the_view_has_its_name_for_itself(database, tmp_path):
    path = written(tmp_path / "1.csv", {1: "a"})
    snapshots.load(path, database=database, table="t_current")
    with pytest.raises(snapshots.SnapshotsError, match="t_current"):
        published(path, database, FIRST)


def test_guards_count_the_rows_that_end(versions, tmp_path):
    few = written(tmp_path / "3.csv", {1: "a"})
    stopped = published(few, versions, THIRD, max_deletes="50%")
    assert (stopped.exit_code, stopped.record.error_code) == (4, "too_many_deletes")
    none = tmp_path / "4.csv"
    none.write_text("id,name\n")
    assert published(none, versions, THIRD).exit_code == 4
    done = published(none, versions, THIRD, allow_empty=True)
    assert (done.exit_code, changes(done)) == (0, (0, 0, 0, 3, 0))
    assert execute(versions, "SELECT COUNT(*) FROM t_current") == [(0,)]


def test_rejects_end_no_row(versions, tmp_path):
    path = tmp_path / "3.csv"
    path.write_text("id,name\n1,aa\nx,b\n")
    assert published(path, versions, THIRD).exit_code == 4
    done = published(path, versions, THIRD, max_rejects=1)
    assert (done.exit_code, changes(done)) == (3, (0, 1, 0, 0, 2))
    assert execute(versions, "SELECT id, name FROM t_current ORDER BY id") == [
        (1, "aa"), (2, "bb"), (4, "d"),
    ]  # fmt: skip


def test_columns_may_come_and_go(versions, tmp_path):
    more = tmp_path / "3.csv"
    more.write_text("id,name,age\n1,a,7\n2,bb,\n4,d,\n")
    done = snapshots.load(
        more, database=versions, table="t", mode="history", as_of=THIRD, columns_changed="add"
    )
    assert changes(done) == (0, 1, 2, 0, 0)
    assert execute(versions, "SELECT age FROM t_current WHERE id = 1") == [(7,)]
    less = tmp_path / "4.csv"
    less.write_text("id,age\n1,8\n2,\n4,\n")
    done = snapshots.load(
        less, database=versions, table="t", mode="history", as_of="2024-02-01",
        columns_changed="ignore",
    )  # fmt: skip
    assert changes(done) == (0, 1, 2, 0, 0)
    assert execute(versions, "SELECT name, age FROM t_current WHERE id = 1") == [("a", 8)]


def test_a_dry_run_writes_nothing(versions, tmp_path):
    before = intervals(versions)
    path = written(tmp_path / "3.csv", {1: "a"})
    done = published(path, versions, THIRD, dry_run=True)
    assert (done.outcome, intervals(versions)) == ("dry_run", before)
    assert "Of 3 rows of table t 0 would be updated, 1 unchanged, 2 deleted" in done.message
    stopped = published(path, versions, THIRD, dry_run=True, max_deletes=1)
    assert (stopped.exit_code, intervals(versions)) == (4, before)


def test_keys_of_several_columns_and_odd_names(database, tmp_path):
    fields = ["a key", 'b"', "select"]
    contract = {
        "fields": [{"name": one, "type": "string"} for one in fields],
        "primaryKey": fields[:2],
    }
    for date, rows in ((FIRST, ["a,bc,1", "ab,c,2"]), (SECOND, ["a,bc,1", "ab,c,3", "a,b,1"])):
        path = tmp_path / f"{date}.csv"
        path.write_text('a key,"b""",select\n' + "".join(f"{row}\n" for row in rows))
        done = snapshots.load(
            path, database=database, table='"od""d t`able"', mode="history", contract=contract
        )
        assert done.exit_code == 0, done.message
    rows = list(snapshots.rows('"od""d t`able"', as_of=FIRST, database=database))
    assert sorted((row["a key"], row['b"'], row["select"]) for row in rows) == [
        ("a", "bc", "1"), ("ab", "c", "2"),
    ]  # fmt: skip


def test_the_two_snapshot_files(database, tmp_path):
    files = [MADE / f"snapshot_{day}.csv" for day in ("20230101", "20230603")]
    for path in files:
        done = command(
            "import", path, "--database", database, "--table", "users", "--mode", "history",
            "--primary-key", "user_id", "--max-rejects", "100%", "--max-deletes", "100%",
            cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode in (0, 3), done.stderr
    found = command("diff", "1", "2", "--database", database, "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert lines
    assert {one["change"] for one in lines} <= {"added", "removed", "changed"}


def test_a_version_that_keeps_nothing_for_undo_is_refused(versions, tmp_path):
    late = written(tmp_path / "late.csv", {1: "z", 2: "b", 3: "c"})
    done = published(late, versions, "2023-03-01", out_of_order=True, keep_undo=0)
    with pytest.raises(snapshots.SnapshotsError, match="is not kept"):
        snapshots.undo(done.record.import_id, database=versions)
    newest = published(written(tmp_path / "4.csv", {1: "q"}), versions, THIRD, keep_undo=0)
    before = intervals(versions)
    assert snapshots.undo(newest.record.import_id, database=versions).restored == 3
    assert intervals(versions) != before


def test_a_table_that_somebody_has_changed_is_not_undone(versions, tmp_path):
    execute(versions, "DELETE FROM t WHERE id = 4")
    with pytest.raises(snapshots.SnapshotsError, match="does not hold what import 2 published"):
        snapshots.undo(2, database=versions)


def test_a_version_is_not_verified(versions, tmp_path):
    done = command("verify", "2", "--database", versions, cwd=tmp_path)
    assert (done.returncode, "snapshots diff" in done.stderr) == (1, True)


def test_a_table_of_a_schema(postgres_url, tmp_path):
    locations.target(postgres_url).connect().close()
    execute(postgres_url, "CREATE SCHEMA s")
    for date, rows in ((FIRST, {1: "a", 2: "b"}), (SECOND, {1: "aa", 2: "b"})):
        done = snapshots.load(
            written(tmp_path / f"{date}.csv", rows), database=postgres_url, table="s.t",
            mode="history", contract=CONTRACT, as_of=date,
        )  # fmt: skip
        assert done.exit_code == 0, done.message
    assert execute(postgres_url, "SELECT id, name FROM s.t_current ORDER BY id") == [
        (1, "aa"), (2, "b"),
    ]  # fmt: skip
    (row,) = snapshots.rows("s.t", as_of=FIRST, where=["id=1"], database=postgres_url)
    assert row["name"] == "a"
    name = postgres_url.rpartition("/")[2]
    execute(postgres_url, f"ALTER DATABASE {name} SET search_path TO s, public")
    for name in ("s.t", "t"):
        with pytest.raises(snapshots.SnapshotsError, match="keeps its history"):
            snapshots.load(tmp_path / f"{FIRST}.csv", database=postgres_url, table=name, again=True)


def test_a_folder_that_is_watched(sqlite_url, tmp_path):
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    written(incoming / "t_2023-06-03.csv", {1: "a", 2: "bb"})
    written(incoming / "t_2023-01-01.csv", {1: "a", 2: "b"})
    done = command(
        "sync", incoming, "--once", "--settle", "0.1", "--mode", "history", "--primary-key", "id",
        "--database", sqlite_url, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert intervals(sqlite_url) == [(1, "a", A, None), (2, "b", A, B), (2, "bb", B, None)]


def test_two_versions_of_a_zone_file(database, tmp_path):
    """Names, types and values, with tabs: the key has three columns."""
    zone = "name\ttype\tvalue\tttl\n@\tNS\tns1.example.\t3600\n"
    for date, records in (
        (FIRST, "www\tA\t192.0.2.1\t300\nwww\tA\t192.0.2.2\t300\n"),
        (SECOND, "www\tA\t192.0.2.1\t60\nwww\tAAAA\t2001:db8::1\t300\n"),
    ):
        path = tmp_path / f"zone_{date}.tsv"
        path.write_text(zone + records)
        done = snapshots.load(
            path, database=database, table="zone", mode="history",
            primary_key=("name", "type", "value"),
        )  # fmt: skip
        assert done.exit_code == 0, done.message
    found = [
        (one["change"], one["key"]["value"]) for one in snapshots.diff(1, 2, database=database)
    ]
    assert found == [("changed", "192.0.2.1"), ("removed", "192.0.2.2"), ("added", "2001:db8::1")]
    versions = snapshots.log("zone", "www", "A", "192.0.2.1", database=database)
    assert [one["row"]["ttl"] for one in versions] == [300, 60]
