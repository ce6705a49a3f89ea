"""Modes by key: a record finds its row by a key. Rows are updated, inserted, kept or deleted."""

import pytest

import snapshots
from snapshots.errors import ContractError
from tests.support.command import snapshots as command
from tests.verify.loaded import execute, verify


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def written(path, text):
    path.write_text(text)
    return path


def load(path, database, mode, **options):
    return snapshots.load(path, database=database, table="t", mode=mode, **options)


def changes(result):
    record = result.record
    return (record.inserted, record.updated, record.unchanged, record.deleted, record.kept)


def held(database, columns="id, name, _import_id"):
    return execute(database, f"SELECT {columns} FROM t ORDER BY 1")


FIRST = "id,name\n1,a\n2,b\n3,c\n"
SECOND = "id,name\n1,a\n2,bb\n4,d\n"


def test_upsert_keeps_what_the_file_lacks(database, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), database, "upsert", primary_key=("id",))
    done = load(written(tmp_path / "b.csv", SECOND), database, "upsert")
    assert changes(done) == (1, 1, 1, 0, 1), (done.message, done.hint)
    assert held(database) == [(1, "a", 1), (2, "bb", 2), (3, "c", 1), (4, "d", 2)]


def test_mirror_deletes_what_the_file_lacks(database, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), database, "mirror", primary_key=("id",))
    done = load(written(tmp_path / "b.csv", SECOND), database, "mirror")
    assert changes(done) == (1, 1, 1, 1, 0), (done.message, done.hint)
    assert held(database) == [(1, "a", 1), (2, "bb", 2), (4, "d", 2)]


def test_without_a_key_it_is_refused(database, tmp_path):
    first = written(tmp_path / "a.csv", FIRST)
    with pytest.raises(ContractError, match="needs a key"):
        load(first, database, "upsert")
    load(first, database, "append")
    with pytest.raises(ContractError, match="needs a key") as refused:
        load(first, database, "mirror", again=True)
    assert "--primary-key" in refused.value.hint
    done = load(written(tmp_path / "b.csv", SECOND), database, "mirror", primary_key=("id",))
    assert changes(done) == (1, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("choice", "loaded", "codes"),
    [("reject", "x", {"duplicate_key": 2}), ("first", "x", {}), ("last", "z", {})],
)
def test_one_record_of_a_key_is_loaded(database, tmp_path, choice, loaded, codes):
    path = written(tmp_path / "a.csv", "id,name\n1,x\n2,b\n1,y\n1,z\n")
    done = load(
        path, database, "upsert", primary_key=("id",), duplicates=choice, max_rejects="100%"
    )
    assert (done.counts.records, done.counts.loaded) == (4, 2), (done.message, done.hint)
    assert done.rejects_by_code == codes
    assert done.skipped_by_code == ({} if codes else {"duplicate_key": 2})
    assert held(database, "id, name") == [(1, loaded), (2, "b")]
    if codes:
        assert command("verify", "1", "--database", database, cwd=tmp_path).returncode == 0
        found = list(snapshots.rejects(1, database=database))
        assert [(one.line, one.raw, one.reason) for one in found] == [
            (4, b"1,y", "Line 2 has the same key."),
            (5, b"1,z", "Line 2 has the same key."),
        ]


def database_kind(database):
    return database.partition(":")[0]


def test_values_that_are_equal_but_stored_otherwise_are_changed(database, tmp_path):
    """1.0 and 1.00, or A and a under a collation that ignores case: updated, not unchanged."""
    made = {
        "sqlite": "CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY, name TEXT COLLATE NOCASE)",
        "postgresql": "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2',"
        " deterministic = false)|"
        " CREATE TABLE t (id text COLLATE ci PRIMARY KEY, name text COLLATE ci)",
        "mysql": "CREATE TABLE t (id varchar(9) COLLATE utf8mb4_general_ci PRIMARY KEY,"
        " name varchar(9) COLLATE utf8mb4_general_ci)",
    }
    execute(database, *made[database_kind(database)].split("|"))
    load(written(tmp_path / "a.csv", "id,name\na,x\nb,y\nc,z\n"), database, "upsert")
    path = written(tmp_path / "b.csv", "id,name\na,X\nB,y\nc,z\nC,zz\n")
    done = load(path, database, "mirror", duplicates="first")
    assert changes(done) == (0, 2, 1, 0, 0), (done.message, done.hint)
    assert done.skipped_by_code == {"duplicate_key": 1}
    assert held(database, "id, name") == [("a", "X"), ("B", "y"), ("c", "z")]


def test_types_without_an_equality_are_compared_as_stored(postgres_url, tmp_path):
    execute(
        postgres_url,
        "CREATE TABLE t (id int PRIMARY KEY, j json, p point, x xml, n numeric, f float8,"
        " i interval, c char(5), b bytea, a int[], _import_id bigint, _line bigint)",
    )
    head = "id,j,p,x,n,f,i,c,b,a\n"
    first = '1,"{""a"":1}","(1,2)",<a/>,1.0,0,1 mon,ab,\\x01,"{1,2}"\n'
    load(written(tmp_path / "a.csv", head + first), postgres_url, "upsert")
    done = load(written(tmp_path / "b.csv", head + first), postgres_url, "upsert", again=True)
    assert changes(done) == (0, 0, 1, 0, 0), (done.message, done.hint)
    for number, (old, new) in enumerate(
        [('{""a"":1}', '{""a"": 1}'), ("(1,2)", "(1,3)"), ("<a/>", "<b/>"), (",1.0,", ",1.00,"),
         (",0,", ",-0,"), ("1 mon", "30 days"), (",ab,", ",ac,"), ("x01", "x02"), ("1,2}", "1,3}")]
    ):  # fmt: skip
        path = written(tmp_path / f"c{number}.csv", head + first.replace(old, new, 1))
        done = load(path, postgres_url, "upsert")
        assert changes(done) == (0, 1, 0, 0, 0), (old, new, done.message)
        load(written(tmp_path / "d.csv", head + first), postgres_url, "upsert", again=True)


def test_columns_that_the_file_lacks_keep_their_values(database, tmp_path):
    execute(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, name varchar(9), more varchar(9) DEFAULT 'new')",
    )
    execute(database, "INSERT INTO t VALUES (1, 'a', 'old'), (2, 'b', NULL)")
    path = written(tmp_path / "a.csv", "id,name\n1,aa\n2,b\n3,c\n")
    done = load(path, database, "mirror")
    assert changes(done) == (1, 1, 1, 0, 0), (done.message, done.hint)
    assert held(database, "id, name, more") == [
        (1, "aa", "old"),
        (2, "b", None),
        (3, "c", "new"),
    ]


def test_unique_values_change_places(database, tmp_path):
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, place int UNIQUE, more int)")
    execute(database, "INSERT INTO t VALUES (1, 10, 7), (2, 20, 8), (3, 30, 9)")
    path = written(tmp_path / "a.csv", "id,place\n1,20\n2,10\n3,30\n4,40\n")
    done = load(path, database, "upsert", columns_changed="ignore")
    assert changes(done) == (1, 2, 1, 0, 0), (done.message, done.hint)
    assert held(database, "id, place, more") == [
        (1, 20, 7), (2, 10, 8), (3, 30, 9), (4, 40, None)
    ]  # fmt: skip


def test_where_a_foreign_key_would_notice_they_are_rejects(database, tmp_path):
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, place int UNIQUE)")
    execute(database, "CREATE TABLE c (of int, FOREIGN KEY (of) REFERENCES t (id))")
    execute(database, "INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)")
    path = written(tmp_path / "a.csv", "id,place\n1,20\n2,10\n3,31\n")
    done = load(path, database, "upsert", max_rejects="100%")
    assert (done.exit_code, done.rejects_by_code) == (3, {"refused_by_target": 2})
    assert held(database, "id, place") == [(1, 10), (2, 20), (3, 31)]
    # A chain is no exchange: each row waits for the one before it.
    path = written(tmp_path / "b.csv", "id,place\n1,20\n2,31\n3,32\n")
    done = load(path, database, "upsert")
    assert (done.exit_code, changes(done)) == (0, (0, 3, 0, 0, 0)), (done.message, done.hint)


@pytest.mark.parametrize("mode", ["mirror", "replace"])
def test_rows_that_others_refer_to(database, tmp_path, mode):
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, name varchar(9))")
    execute(
        database,
        "CREATE TABLE c (of int, FOREIGN KEY (of) REFERENCES t (id) ON DELETE CASCADE)",
    )
    execute(database, "CREATE TABLE d (of int, FOREIGN KEY (of) REFERENCES t (id))")
    execute(database, "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
    execute(database, "INSERT INTO c VALUES (1), (2), (2)")
    execute(database, "INSERT INTO d VALUES (1), (3)")
    path = written(tmp_path / "a.csv", "id,name\n1,aa\n3,c\n4,d\n")
    refused = load(path, database, mode)
    assert (refused.exit_code, refused.record.error_code) == (4, "would_cascade")
    assert "deletes 2 rows of table c" in refused.message
    assert "--allow-cascade" in refused.hint
    assert execute(database, "SELECT COUNT(*) FROM c") == [(3,)]
    done = snapshots.resume(refused.record.import_id, database=database, allow_cascade=True)
    assert (done.exit_code, changes(done)) == (0, (0, 1, 2, 1, 0)), (done.message, done.hint)
    assert execute(database, "SELECT of FROM c") == [(1,)]
    with pytest.raises(snapshots.SnapshotsError, match="1 row of table d refer"):
        raise_of(load(written(tmp_path / "b.csv", "id,name\n1,aa\n4,d\n"), database, mode))
    assert held(database, "id, name") == [(1, "aa"), (3, "c"), (4, "d")]


def raise_of(result):
    raise snapshots.SnapshotsError(result.message)


def test_rejects_delete_nothing(database, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), database, "mirror", primary_key=("id",))
    execute(database, "UPDATE t SET name = 'by hand' WHERE id = 3")
    contract = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "name", "type": "string", "constraints": {"pattern": "[a-z]+"}},
        ]
    }
    bad = written(tmp_path / "b.csv", "id,name\n1,a\n3,NO\n")
    done = load(bad, database, "mirror", contract=contract, max_rejects="100%")
    assert changes(done) == (0, 0, 1, 1, 1), (done.message, done.hint)
    assert held(database, "id, name") == [(1, "a"), (3, "by hand")]
    unreadable = written(tmp_path / "c.csv", "id,name\nx,a\n")
    done = load(unreadable, database, "mirror", max_rejects="100%", allow_empty=True)
    assert changes(done) == (0, 0, 0, 0, 2), (done.message, done.hint)
    assert "without a readable key: no row was deleted" in done.hint


def test_a_mirror_of_a_cut_file_is_stopped(database, tmp_path):
    rows = "".join(f"{n},x\n" for n in range(100))
    load(written(tmp_path / "a.csv", f"id,name\n{rows}"), database, "mirror", primary_key=("id",))
    cut = written(tmp_path / "b.csv", "id,name\n1,x\n500,y\n")
    done = load(cut, database, "mirror")
    assert (done.exit_code, done.record.error_code) == (4, "too_many_deletes")
    assert "lacks 99 of the 100 rows" in done.message
    done = snapshots.resume(done.record.import_id, database=database, max_deletes="100%")
    assert changes(done) == (1, 0, 1, 99, 0)
    empty = load(written(tmp_path / "c.csv", "id,name\n"), database, "mirror")
    assert (empty.exit_code, empty.record.error_code) == (4, "empty_input")


def test_a_key_that_is_declared_nowhere(database, tmp_path):
    execute(database, "CREATE TABLE t (id int, part varchar(5), name varchar(9))")
    execute(database, "INSERT INTO t VALUES (1, 'a', 'x'), (1, 'b', 'y'), (NULL, 'b', 'z')")
    path = written(tmp_path / "a.csv", "id,part,name\n1,a,xx\n1,b,y\n,c,w\n")
    with pytest.raises(ContractError, match="has 2 rows with id = 1"):
        load(path, database, "upsert", primary_key=("id",))
    with pytest.raises(ContractError, match="'nope', which the table does not have"):
        load(path, database, "upsert", primary_key=("nope",))
    done = load(path, database, "upsert", primary_key=("part", "id"), max_rejects="100%")
    assert changes(done) == (0, 1, 1, 0, 1), (done.message, done.hint)
    assert done.rejects_by_code == {"missing_value": 1}


def test_an_older_version_is_refused(database, tmp_path):
    new = written(tmp_path / "t_20240201.csv", FIRST)
    load(new, database, "mirror", primary_key=("id",))
    old = load(written(tmp_path / "t_20240101.csv", SECOND), database, "upsert")
    assert (old.exit_code, old.record.error_code) == (1, "older_version")


def test_many_duplicates(database, tmp_path):
    rows = "".join(f"{n % 8000},{n}\n" for n in range(10_000))
    path = written(tmp_path / "a.csv", f"id,name\n{rows}")
    done = load(
        path, database, "upsert", primary_key=("id",), max_rejects="100%", chunk_size=1 << 12
    )
    assert (done.counts.loaded, done.rejects_by_code) == (8000, {"duplicate_key": 2000})
    raws = {one.line: one.raw.decode() for one in snapshots.rejects(1, database=database)}
    assert raws == {n + 2: f"{n % 8000},{n}" for n in range(8000, 10_000)}
    assert execute(database, "SELECT COUNT(*) FROM t WHERE name <> id") == [(0,)]


def test_a_dry_run_counts_and_shows_the_changes(database, tmp_path):
    first, second = written(tmp_path / "a.csv", FIRST), written(tmp_path / "b.csv", SECOND)
    new = load(first, database, "mirror", primary_key=("id",), dry_run=True)
    assert "3 rows would be inserted" in new.message
    load(first, database, "mirror", primary_key=("id",))
    tried = load(second, database, "mirror", dry_run=True)
    assert (
        "Of 3 rows of table t 1 would be updated, 1 unchanged, 1 deleted and 0 kept. 1 would be"
        " inserted." in tried.message
    )
    assert tried.hint.splitlines() == [
        "Line 3: name 'b' -> 'bb'.",
        "Line 4: new: id '4', name 'd'.",
        "Deleted: id '3', name 'c'.",
    ]
    tried = load(second, database, "upsert", dry_run=True)
    assert "0 deleted and 1 kept" in tried.message
    twice = written(tmp_path / "c.csv", "id,name\n1,a\n1,x\n")
    tried = load(twice, database, "upsert", dry_run=True, duplicates="last")
    assert (tried.counts.loaded, tried.skipped_by_code) == (1, {"duplicate_key": 1})
    tried = load(twice, database, "mirror", dry_run=True)
    assert (tried.exit_code, tried.rejects_by_code) == (4, {"duplicate_key": 1})
    assert held(database, "id, name") == [(1, "a"), (2, "b"), (3, "c")]


def test_verify_finds_rows_by_key(database, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), database, "mirror", primary_key=("id",))
    load(written(tmp_path / "b.csv", SECOND), database, "mirror")
    second = verify(database, 2)
    assert (second.result, second.equal, second.superseded) == ("equal", 3, 0)
    first = verify(database, 1)
    assert (first.result, first.equal, first.superseded) == ("equal", 1, 2)
    execute(database, "UPDATE t SET name = 'hand' WHERE id = 1")
    second = verify(database, 2)
    assert (second.result, second.equal, second.changed) == ("differs", 2, 1)
    (one,) = second.differences
    assert (one.line, one.column, one.expected, one.found) == (2, "name", "a", "hand")
    execute(database, "DELETE FROM t WHERE id = 4")
    second = verify(database, 2)
    assert (second.missing, second.columns) == (1, {"name": 1})


def test_undo_gives_back_former_values(database, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), database, "mirror", primary_key=("id",))
    load(written(tmp_path / "b.csv", SECOND), database, "mirror")
    would = snapshots.undo(2, database=database, dry_run=True)
    assert (would.removed, would.restored, would.undo_kept) == (1, 2, 0)
    execute(database, "UPDATE t SET name = 'hand' WHERE id = 4")
    done = snapshots.undo(2, database=database)
    assert (done.removed, done.restored, done.undo_kept, done.exit_code) == (0, 2, 1, 3)
    (one,) = done.kept_rows
    assert (one.row["id"], one.row["name"], one.reason) == (
        "4",
        "hand",
        "It was changed after the import.",
    )
    assert held(database) == [(1, "a", 1), (2, "b", 1), (3, "c", 1), (4, "hand", 2)]
    kept = execute(database, "SELECT row_values, reason FROM snapshots_kept_rows")
    assert [("hand" in values, reason) for values, reason in kept] == [
        (True, "It was changed after the import.")
    ]


def test_undo_of_values_that_changed_places(database, tmp_path):
    execute(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, place int UNIQUE, _import_id bigint, _line bigint)",
        "INSERT INTO t (id, place) VALUES (1, 10), (2, 20), (3, 30)",
    )
    path = written(tmp_path / "a.csv", "id,place\n1,20\n2,10\n4,40\n")
    number = load(path, database, "mirror").record.import_id
    assert held(database, "id, place") == [(1, 20), (2, 10), (4, 40)]
    done = snapshots.undo(number, database=database)
    assert (done.removed, done.restored, done.undo_kept) == (1, 3, 0)
    assert held(database, "id, place, _import_id") == [
        (1, 10, None), (2, 20, None), (3, 30, None)
    ]  # fmt: skip


def test_rows_that_got_their_former_values_are_not_said_to_be_gone(sqlite_url, tmp_path):
    load(written(tmp_path / "a.csv", FIRST), sqlite_url, "mirror", primary_key=("id",))
    load(written(tmp_path / "b.csv", SECOND), sqlite_url, "mirror")
    done = command("undo", "2", "--database", sqlite_url, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "gone before" not in done.stdout
