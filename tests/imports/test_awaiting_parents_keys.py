"""Rows that wait for their parents, whatever the keys, the records and the input are like."""

import pytest

import snapshots
from tests.imports.rows_with_parents import account, kind, made, people, written
from tests.ledger.older import execute
from tests.support.command import snapshots as command


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


@pytest.mark.parametrize(
    ("encoding", "end"),
    [("utf-8-sig", "\n"), ("utf-16", "\r\n"), ("utf-16-le", "\r"), ("shift_jis", "\r\n")],
)
def test_the_row_is_what_the_record_says(database, tmp_path, encoding, end):
    """However it is written, and wherever in the input."""
    lineage = "_import_id bigint, _line bigint"
    made(
        database,
        f"CREATE TABLE t (id int PRIMARY KEY, pid int, name varchar(100), amount numeric(8, 2),"
        f" {lineage}, FOREIGN KEY (pid) REFERENCES t (id))",
    )
    name = "ソ 'x'" if encoding == "shift_jis" else "J\xf6rg"
    lines = ["id,pid,name,amount", f'1,2,"{name}{end}""a""",1.50', "", '3,1,"",-7', f"4,2,{name},",
             "2,,last,0", "5,9,x,1"]  # fmt: skip
    path = tmp_path / "t.csv"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    result = snapshots.load(
        path, database=database, chunk_size=30, max_rejects="100%",
        encoding=encoding, terminator="cr" if end == "\r" else "lf",
    )  # fmt: skip
    assert result.counts == snapshots.Counts(6, 4, 1, 1), result.message
    rows = execute(database, "SELECT id, pid, name, amount, _line FROM t ORDER BY id")
    rows = [(*row[:3], row[3] and float(row[3]), row[4]) for row in rows]
    assert rows == [
        (1, 2, f'{name}{end}"a"', 1.5, 2), (2, None, "last", 0.0, 7), (3, 1, "", -7.0, 5),
        (4, 2, name, None, 6),
    ]  # fmt: skip
    (reject,) = snapshots.rejects(result.record.import_id, database=database)
    assert (reject.line, reject.code) == (8, "refused_by_target")
    assert path.read_bytes()[reject.byte_offset :].startswith(reject.raw)


def test_a_record_of_any_length(database, tmp_path):
    text = "longtext" if kind(database) == "mysql" else "text"
    made(
        database,
        f"CREATE TABLE t (id int PRIMARY KEY, pid int, name {text}, _import_id bigint,"
        " _line bigint, FOREIGN KEY (pid) REFERENCES t (id))",
    )
    long = "x" * 300_000
    lines = [f"1,3,{long}1", f"2,9,{long}2", f"3,,{long}3"]
    path = written(tmp_path, lines, header="id,pid,name")
    result = snapshots.load(path, database=database, chunk_size=1000)
    assert account(database) == ({2: 1, 4: 3}, {3: "refused_by_target"})
    (reject,) = snapshots.rejects(result.record.import_id, database=database)
    assert reject.raw == lines[1].encode()[:65536]
    assert execute(database, "SELECT name FROM t ORDER BY id") == [(long + "1",), (long + "3",)]


def test_from_standard_input(database, tmp_path):
    people(database)
    done = command(
        "import", "-", "--database", database, "--table", "t", "--chunk-size", "5B",
        cwd=tmp_path, stdin=b"id,pid\n1,2\n2,\n3,4\n",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert account(database) == ({2: 1, 3: 2}, {4: "refused_by_target"})


def test_several_keys_some_of_several_columns(database, tmp_path):
    made(
        database,
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL, id int NOT NULL UNIQUE, pa int, pb int,"
        " boss int, _import_id bigint, _line bigint, PRIMARY KEY (a, b),"
        " FOREIGN KEY (pa, pb) REFERENCES t (a, b), FOREIGN KEY (boss) REFERENCES t (id))",
    )
    lines = ["1,1,1,2,2,", "2,2,2,,,3", "3,3,3,1,,", "4,4,4,1,2,", "5,5,5,1,1,4", "6,6,6,9,,7",
             "7,7,7,8,8,", "8,8,8,,,1"]  # fmt: skip
    path = written(tmp_path, lines, header="a,b,id,pa,pb,boss")
    for options in ({"chunk_size": 5}, {"again": True, "table": "t"}):
        if "again" in options:
            made(database, "DELETE FROM t" if kind(database) != "mysql" else "SET @x = 1")
            if kind(database) == "mysql":
                continue
        snapshots.load(path, database=database, max_rejects="100%", **options)
        loaded, rejects = account(database)
        assert sorted(rejects) == [5, 6]
        assert sorted(loaded) == [2, 3, 4, 7, 8, 9]


def test_a_key_into_another_table_refuses_at_once(database, tmp_path):
    made(
        database,
        "CREATE TABLE o (id int PRIMARY KEY)",
        "INSERT INTO o VALUES (1)",
        "CREATE TABLE t (id int PRIMARY KEY, oid_ int, _import_id bigint, _line bigint,"
        " FOREIGN KEY (oid_) REFERENCES o (id))",
    )
    path = written(tmp_path, ["1,1", "2,2", "3,1"], header="id,oid_")
    result = snapshots.load(path, database=database, stop_on_error=True, chunk_size=5)
    assert result.exit_code == 4
    assert account(database) == ({2: 1}, {3: "refused_by_target"})


def test_both_kinds_of_keys(database, tmp_path):
    made(
        database,
        "CREATE TABLE o (id int PRIMARY KEY)",
        "INSERT INTO o VALUES (1)",
        "CREATE TABLE t (id int PRIMARY KEY, oid_ int, pid int, _import_id bigint, _line bigint,"
        " FOREIGN KEY (oid_) REFERENCES o (id), FOREIGN KEY (pid) REFERENCES t (id))",
    )
    path = written(tmp_path, ["1,1,2", "2,2,"], header="id,oid_,pid")
    result = snapshots.load(path, database=database, chunk_size=5, stop_on_error=True)
    # The second one lacks no row of this table: it ends the import at once.
    expected = {2: "awaits_parent", 3: "refused_by_target"}
    assert (result.exit_code, account(database)) == (4, ({}, expected))
    path = written(
        tmp_path, ["1,1,3", "2,2,", "3,1,", "4,1,2", "5,2,6", "6,1,5"], header="id,oid_,pid"
    )
    snapshots.load(path, database=database, chunk_size=5, max_rejects="100%")
    loaded, rejects = account(database)
    assert loaded == {2: 1, 4: 3}
    assert rejects == dict.fromkeys((3, 5, 6, 7), "refused_by_target")


def test_a_row_that_ends_the_transaction_when_it_is_tried_again(sqlite_url, tmp_path):
    people(sqlite_url)
    made(
        sqlite_url,
        "CREATE TRIGGER tr AFTER INSERT ON t WHEN new.id IN (5, 6) AND EXISTS (SELECT 1 FROM t"
        " WHERE id = 9) BEGIN SELECT RAISE(ROLLBACK, 'not these'); END",
    )
    path = written(tmp_path, ["4,9", "5,9", "6,9", "7,6", "8,4", "9,"])
    snapshots.load(path, database=sqlite_url, chunk_size=5, max_rejects="100%")
    loaded, rejects = account(sqlite_url)
    assert loaded == {2: 4, 6: 8, 7: 9}
    assert rejects == dict.fromkeys((3, 4, 5), "refused_by_target")


def test_a_partitioned_table(postgres_url, tmp_path):
    made(
        postgres_url,
        "CREATE TABLE t (id int, pid int, _import_id bigint, _line bigint, PRIMARY KEY (id),"
        " FOREIGN KEY (pid) REFERENCES t (id)) PARTITION BY RANGE (id)",
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (3)",
        "CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (3) TO (100)",
    )
    path = written(tmp_path, ["1,5", "2,3", "3,2", "4,99", "5,1", "6,4"])
    snapshots.load(path, database=postgres_url, chunk_size=5, max_rejects="100%")
    assert account(postgres_url) == (
        {2: 1, 3: 2, 4: 3, 6: 5}, dict.fromkeys((5, 7), "refused_by_target")
    )  # fmt: skip
