"""Replacing the rows of a table: readers see those of before or those of after, and the account
says what became of both."""

from datetime import UTC, datetime

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.plan.version_date import date_of
from snapshots.errors import UsageError
from tests.ledger.older import execute
from tests.support.command import snapshots as command


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def written(path, text):
    path.write_text(text)
    return path


@pytest.fixture
def first(tmp_path):
    return written(tmp_path / "t_20230101.csv", "id,name\n1,a\n2,b\n3,c\n")


@pytest.fixture
def second(tmp_path):
    return written(tmp_path / "t_20230603.csv", "id,name\n1,a\n2,bb\n4,d\n5,e\n")


def replace(path, database, **options):
    return snapshots.load(path, database=database, table="t", mode="replace", **options)


def held(database, columns="id, name", table="t"):
    return execute(database, f"SELECT {columns} FROM {table} ORDER BY 1")


def changes(result):
    record = result.record
    return (record.inserted, record.updated, record.unchanged, record.deleted, record.kept)


def stages(database):
    target = locations.target(database)
    session = target.connect(create=False)
    try:
        return [one.name for one in target.tables(session) if "snapshots_stage" in one.name]
    finally:
        session.close()


def nothing_left(database):
    marks = execute(database, "SELECT id FROM snapshots_imports WHERE stage IS NOT NULL")
    assert (stages(database), marks) == ([], [])


def test_the_rows_of_a_file_replace_those_of_the_one_before(database, first, second):
    made = replace(first, database)
    assert (made.outcome, changes(made)) == ("finished", (3, 0, 0, 0, 0))
    done = replace(second, database)
    assert (done.outcome, done.exit_code, changes(done)) == ("finished", 0, (4, 0, 0, 3, 0))
    assert done.record.mode == "replace"
    assert held(database) == [(1, "a"), (2, "bb"), (4, "d"), (5, "e")]
    assert held(database, "_line, _import_id") == [(n, 2) for n in (2, 3, 4, 5)]
    nothing_left(database)
    again = replace(first, database)
    assert (again.outcome, again.exit_code) == ("already_imported", 5)
    older = replace(first, database, again=True)
    assert (older.exit_code, older.record.state) == (1, "failed")
    assert "has a newer version, of 2023-06-03, from import 2" in older.message
    assert held(database) == [(1, "a"), (2, "bb"), (4, "d"), (5, "e")]
    nothing_left(database)
    done = replace(first, database, as_of="2023-06-04")
    assert (changes(done), done.record.as_of) == ((3, 0, 0, 4, 0), "2023-06-04T00:00:00.000Z")
    assert held(database) == [(1, "a"), (2, "b"), (3, "c")]
    nothing_left(database)


def test_files_of_one_command_go_by_their_dates(sqlite_url, first, second, tmp_path):
    done = command(
        "import", second.name, first.name, "--database", sqlite_url, "--table", "t",
        "--mode", "replace", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [one.as_of[:10] for one in snapshots.history(sqlite_url)] == ["2023-01-01", "2023-06-03"]
    assert held(sqlite_url) == [(1, "a"), (2, "bb"), (4, "d"), (5, "e")]


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("a_20230101.csv", "2023-01-01"),
        ("2022-12-31/a_2023-01-02.csv.gz", "2023-01-02"),
        ("from_2023_01_02_to_2023_01_09.csv", "2023-01-09"),
        ("a_20230230.csv", None),
        ("a_18991231.csv", None),
        ("a_123202301019.csv", None),
        ("a_2023-0101.csv", None),
        ("a.csv", None),
    ],
)
def test_the_date_of_a_name(name, date):
    found = date_of(name, None)
    assert (found and found[:10]) == date


def test_a_date_to_come_is_refused():
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert date_of("a_20260302.csv", None, now) == "2026-03-02T00:00:00.000Z"
    with pytest.raises(UsageError, match="is in the future"):
        date_of("a_20260303.csv", None, now)
    assert date_of("a_20260303.csv", "2026-02-01T01:00+02:00") == "2026-01-31T23:00:00.000Z"
    with pytest.raises(UsageError, match="neither a date nor a time"):
        date_of("a.csv", "yesterday")


def test_a_table_without_lineage_is_replaced(database, first, second):
    replace(first, database, lineage=False)
    assert changes(replace(second, database)) == (4, 0, 0, 3, 0)
    assert held(database, "*") == [(1, "a"), (2, "bb"), (4, "d"), (5, "e")]


def test_an_atomic_append_of_many_chunks_is_published_at_its_end(database, tmp_path, first):
    snapshots.load(first, database=database, table="t")
    many = written(tmp_path / "m.csv", "id,name\n" + "".join(f"{n},x\n" for n in range(10, 2000)))
    done = snapshots.load(many, database=database, table="t", atomic=True, chunk_size=2000)
    assert (done.outcome, changes(done)) == ("finished", (1990, 0, 0, 0, 0))
    assert (
        len(execute(database, "SELECT start_offset FROM snapshots_chunks WHERE import_id = 2")) > 4
    )
    assert execute(database, "SELECT COUNT(*) FROM t") == [(1993,)]
    nothing_left(database)


def test_one_reject_publishes_nothing_unless_it_is_allowed(database, tmp_path, first):
    replace(first, database)
    bad = written(tmp_path / "bad.csv", "id,name\n7,x\neight,y\n")
    failed = replace(bad, database)
    assert (failed.exit_code, failed.record.state) == (4, "failed")
    assert held(database) == [(1, "a"), (2, "b"), (3, "c")]
    done = snapshots.resume(2, database=database, max_rejects=1)
    assert (done.outcome, done.exit_code, changes(done)) == ("finished", 3, (1, 0, 0, 0, 3))
    assert "no key: no row was deleted" in done.hint
    assert held(database) == [(1, "a"), (2, "b"), (3, "c"), (7, "x")]
    nothing_left(database)


def test_with_a_key_rejects_keep_only_rows_that_the_file_lacks(database, tmp_path, first):
    replace(first, database, primary_key=("id",))
    bad = written(tmp_path / "bad.csv", "id,name\n2,new\neight,y\n9,z\n")
    done = replace(bad, database, max_rejects="50%")
    assert (done.exit_code, changes(done)) == (3, (2, 0, 0, 1, 2))
    assert held(database) == [(1, "a"), (2, "new"), (3, "c"), (9, "z")]


def test_a_share_of_rejects_is_judged_over_the_whole_file(database, tmp_path, first):
    replace(first, database)
    lines = ["bad,x\n"] * 300 + [f"{n},x\n" for n in range(2700)]
    early = written(tmp_path / "early.csv", "id,name\n" + "".join(lines))
    assert replace(early, database, max_rejects="9%", chunk_size=1000).exit_code == 4
    done = replace(early, database, max_rejects="10%", again=True, chunk_size=1000)
    assert (done.outcome, done.counts.rejected) == ("finished", 300)


def test_an_empty_file_and_a_much_smaller_one_are_not_published(database, tmp_path, first):
    replace(first, database)
    empty = written(tmp_path / "empty.csv", "id,name\n")
    refused = replace(empty, database)
    assert (refused.exit_code, refused.record.state) == (4, "failed")
    assert "--allow-empty" in refused.hint
    small = written(tmp_path / "small.csv", "id,name\n9,z\n")
    refused = replace(small, database)
    assert (refused.exit_code, refused.record.state) == (4, "failed")
    assert held(database) == [(1, "a"), (2, "b"), (3, "c")]
    codes = execute(database, "SELECT error_code FROM snapshots_imports WHERE id > 1 ORDER BY id")
    assert codes == [("empty_input",), ("too_many_deletes",)]
    assert snapshots.resume(3, database=database, max_deletes=1).exit_code == 4
    done = snapshots.resume(3, database=database, max_deletes=2)
    assert (done.exit_code, changes(done)) == (0, (1, 0, 0, 3, 0))
    # It was begun before the one that is published now, and has no other date.
    older = snapshots.resume(2, database=database, allow_empty=True)
    assert (older.exit_code, held(database)) == (1, [(9, "z")])
    done = replace(empty, database, again=True, allow_empty=True)
    assert (done.exit_code, changes(done), held(database)) == (0, (0, 0, 0, 1, 0), [])
    nothing_left(database)


def test_rows_that_the_table_refuses_are_rejects_before_anything_is_published(
    database, tmp_path, first
):
    replace(first, database, primary_key=("id",))
    twice = written(
        tmp_path / "twice.csv",
        "id,name\n" + "".join(f"{n},x\n" for n in range(100)) + "\n50,again\n\n7,again\n100,x\n",
    )
    failed = replace(twice, database, chunk_size=100, publish="copy")
    assert (failed.exit_code, failed.rejects_by_code) == (4, {"refused_by_target": 2})
    assert held(database) == [(1, "a"), (2, "b"), (3, "c")]
    raws = {one.line: one.raw for one in snapshots.rejects(2, database=database)}
    found = twice.read_bytes().split(b"\n")
    assert {line: found[line - 1] for line in raws} == raws
    assert sorted(raw.partition(b",")[0] for raw in raws.values()) == [b"50", b"7"]
    for one in snapshots.rejects(2, database=database):
        assert twice.read_bytes()[one.byte_offset :].startswith(one.raw)
    done = snapshots.resume(2, database=database, max_rejects=2)
    assert (done.outcome, done.counts.loaded, done.counts.rejected) == ("finished", 101, 2)
    # Rows with the keys of the table's were all in the file.
    assert changes(done) == (101, 0, 0, 3, 0)
    nothing_left(database)


def test_an_append_that_the_table_refuses_in_part(database, tmp_path, first):
    snapshots.load(first, database=database, table="t", primary_key=("id",))
    more = "".join(f"{n},x\n" for n in range(3, 500))
    path = written(tmp_path / "more.csv", f"id,name\n{more}")
    done = snapshots.load(path, database=database, table="t", atomic=True, chunk_size=1000)
    assert (done.outcome, done.exit_code) == ("finished", 3)
    assert (done.counts.loaded, done.counts.rejected) == (496, 1)
    assert changes(done) == (496, 0, 0, 0, 0)
    (reject,) = snapshots.rejects(2, database=database)
    assert (reject.line, reject.raw, reject.code) == (2, b"3,x", "refused_by_target")
    nothing_left(database)


def test_a_table_that_others_refer_to_is_not_replaced_without_a_key(database, first, second):
    replace(first, database, primary_key=("id",))
    execute(database, "CREATE TABLE u (id bigint, name varchar(9), UNIQUE (id))")
    execute(database, "CREATE TABLE child (of bigint, FOREIGN KEY (of) REFERENCES u (id))")
    with pytest.raises(snapshots.SnapshotsError, match="child refer to its rows"):
        snapshots.load(second, database=database, table="u", mode="replace")
    assert stages(database) == []


def test_a_table_that_others_refer_to_is_replaced_by_key(database, first, second):
    replace(first, database, primary_key=("id",))
    execute(database, "CREATE TABLE child (of bigint, FOREIGN KEY (of) REFERENCES t (id))")
    execute(database, "INSERT INTO child VALUES (1)")
    assert changes(replace(second, database)) == (2, 1, 1, 1, 0)
    assert held(database) == [(1, "a"), (2, "bb"), (4, "d"), (5, "e")]


def test_rows_that_refer_to_each_other_are_replaced(database, tmp_path):
    made = {
        "sqlite": "CREATE TABLE t (id integer PRIMARY KEY, boss integer REFERENCES t (id))",
        "postgresql": "CREATE TABLE t (id bigint PRIMARY KEY, boss bigint REFERENCES t (id))",
        "mysql": "CREATE TABLE t (id bigint PRIMARY KEY, boss bigint,"
        " FOREIGN KEY (boss) REFERENCES t (id))",
    }
    session = locations.target(database).connect()
    session.execute(made[database.partition(":")[0]])
    session.close()
    one = written(tmp_path / "one.csv", "id,boss\n1,2\n2,3\n3,\n4,1\n")
    two = written(tmp_path / "two.csv", "id,boss\n8,7\n7,\n6,5\n5,8\n3,9\n")
    assert changes(replace(one, database)) == (4, 0, 0, 0, 0)
    done = replace(two, database, max_rejects=1)
    assert (done.counts.loaded, done.counts.rejected) == (4, 1)
    assert [row[0] for row in held(database, "id, boss")][-4:] == [5, 6, 7, 8]


def test_a_dry_run_shows_the_first_rows_by_key(database, first, second):
    replace(first, database, primary_key=("id",))
    tried = replace(second, database, dry_run=True)
    assert "By id, 1 would be others, 1 the same, 2 new and 1 deleted." in tried.message
    assert tried.hint.splitlines() == [
        "Line 3: name 'b' -> 'bb'.",
        "Line 4: new: id '4', name 'd'.",
        "Line 5: new: id '5', name 'e'.",
        "Deleted: id '3', name 'c'.",
    ]


def test_a_dry_run_shows_the_first_rows_without_a_key(database, first, second):
    replace(first, database)
    tried = replace(second, database, dry_run=True)
    lines = tried.hint.splitlines()
    assert lines[:2] == ["Line 2: new: id '1', name 'a'.", "Line 3: new: id '2', name 'bb'."]
    assert sorted(lines[4:]) == [
        f"Deleted: id '{n}', name '{x}'." for n, x in ((1, "a"), (2, "b"), (3, "c"))
    ]


@pytest.mark.parametrize("mode", ["replace", "mirror", "history"])
def test_a_dry_run_says_that_a_version_is_older(database, first, second, mode):
    options = {"mode": mode, "primary_key": ("id",)}
    assert snapshots.load(second, database=database, table="t", **options).exit_code == 0
    tried = snapshots.load(first, database=database, table="t", dry_run=True, **options)
    assert tried.exit_code == 1
    assert "newer version, of 2023-06-03" in tried.message
    real = snapshots.load(first, database=database, table="t", **options)
    assert (real.exit_code, real.record.error_code) == (1, "older_version")


def test_a_dry_run_says_what_would_become_of_the_rows(database, first, second, tmp_path):
    new = replace(first, database, dry_run=True)
    assert "Of 0 rows of table t 0 would be deleted and 0 kept. 3 would be inserted." in new.message
    assert "copied into it, because it is new" in new.message
    replace(first, database)
    tried = replace(second, database, dry_run=True)
    assert (tried.exit_code, tried.outcome) == (0, "dry_run")
    assert "Of 3 rows of table t 3 would be deleted and 0 kept. 4 would" in tried.message
    assert "A new table would take its name." in tried.message
    copied = replace(second, database, dry_run=True, publish="copy")
    assert "The rows would be copied into it." in copied.message
    small = written(tmp_path / "small.csv", "id,name\n9,z\n")
    guarded = replace(small, database, dry_run=True)
    assert guarded.exit_code == 4
    assert "--max-deletes 100%" in guarded.message
    bad = written(tmp_path / "bad.csv", "id,name\n9,z\nx,y\n8,w\n")
    assert replace(bad, database, dry_run=True).exit_code == 4
    kept = replace(bad, database, dry_run=True, max_rejects=1)
    assert "0 would be deleted and 3 kept. 2 would be inserted" in kept.message
    assert kept.exit_code == 3
    assert held(database) == [(1, "a"), (2, "b"), (3, "c")]
