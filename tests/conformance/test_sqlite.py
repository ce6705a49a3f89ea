"""What only SQLite has."""

import os
import subprocess
import sys

import pytest

import snapshots
from snapshots import locations
from snapshots.errors import CannotConnect, ContractError, RefusedRows, TargetError
from snapshots.model import TableName, Type
from tests.conformance.rows import column, contract, load, table
from tests.support.input_files import rows

T = TableName("t")


@pytest.fixture
def target(sqlite_url):
    return locations.target(sqlite_url)


TYPES = {
    "INTEGER": Type("integer"),
    "int": Type("integer"),
    "UNSIGNED BIG INT": Type("integer"),
    "TINYINT": Type("integer"),
    "VARCHAR(20)": Type("text"),
    "NATIVE CHARACTER(70)": Type("text"),
    "CLOB": Type("text"),
    "TEXT": Type("text"),
    "DOUBLE PRECISION": Type("float"),
    "FLOAT": Type("float"),
    "NUMERIC": Type("float"),
    "DECIMAL(10,5)": Type("float"),
    "BOOLEAN": Type("boolean"),
    "DATE": Type("date"),
    "DATETIME": Type("timestamp"),
    "TIMESTAMP WITH TIME ZONE": Type("timestamptz"),
    "DECIMAL_TEXT": Type("decimal"),
    "JSON": Type("json"),
    "BLOB": None,
    "": None,
}


def test_existing_types(target, session):
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(TYPES))
    session.execute(f"CREATE TABLE t ({columns})")
    found = [c.type for c in target.inspect(session, T).columns]
    assert found == list(TYPES.values())


@pytest.mark.parametrize("kind", ["STRING", "GEOMETRY", "VARNUM"])
def test_types_that_would_turn_text_into_numbers_are_refused(target, session, kind):
    session.execute(f"CREATE TABLE t (a {kind})")
    with pytest.raises(ContractError, match="007"):
        target.inspect(session, T)


def test_strict_tables(target, session):
    session.execute("CREATE TABLE t (a INT, b TEXT, c REAL, d ANY, e BLOB) STRICT")
    made = contract(column("a", "integer"), column("b"), column("c", "float"), column("d"))
    load(target, session, T, made, [["1", "007", "3", "1.50"]])
    assert session.execute("SELECT a, b, c, d FROM t") == [(1, "007", 3.0, "1.50")]
    bad = contract(column("a"), column("b"))
    with pytest.raises(RefusedRows):
        load(target, session, T, bad, [["x", "y"]])


@pytest.mark.parametrize("clause", ["IGNORE", "REPLACE"])
def test_a_table_that_would_swallow_conflicts_refuses_them(target, session, clause):
    session.execute(f"CREATE TABLE t (a INTEGER, b TEXT UNIQUE ON CONFLICT {clause})")
    made = contract(column("a", "integer"), column("b"))
    with session.transaction():
        load(target, session, T, made, [["1", "x"]])
        with pytest.raises(RefusedRows), session.savepoint():
            load(target, session, T, made, [["2", "x"]])
    assert session.execute("SELECT a FROM t") == [(1,)]


def test_a_new_file_has_a_write_ahead_log_and_an_old_one_is_left_alone(tmp_path):
    new = locations.target(f"sqlite:///{tmp_path}/new.db").connect()
    assert new.execute("PRAGMA journal_mode") == [("wal",)]
    assert new.execute("PRAGMA synchronous") == [(1,)]
    new.close()
    old = tmp_path / "old.db"
    _elsewhere(old, "CREATE TABLE t (a)")
    session = locations.target(f"sqlite:///{old}").connect()
    assert session.execute("PRAGMA journal_mode") == [("delete",)]
    assert session.execute("PRAGMA synchronous") == [(2,)]
    session.close()


def test_relative_paths_are_displayed_in_full(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    target = locations.target("a b%3F.db")
    monkeypatch.chdir("/")
    target.connect().close()
    assert (tmp_path / "a b%3F.db").exists()
    again = locations.target(target.display())
    assert again == target


def test_a_folder_that_is_missing_or_is_the_file(tmp_path):
    with pytest.raises(CannotConnect) as error:
        locations.target(f"sqlite:///{tmp_path}/none/a.db").connect()
    assert "mkdir" in error.value.hint
    with pytest.raises(CannotConnect, match="folder"):
        locations.target(f"sqlite:///{tmp_path}").connect()


def test_a_file_that_is_no_database(tmp_path):
    file = tmp_path / "a.db"
    file.write_text("a,b\n1,2\n" * 1000)
    with pytest.raises(CannotConnect, match="not a SQLite database") as error:
        locations.target(str(file)).connect()
    assert error.value.hint
    assert file.read_text().startswith("a,b\n")


def test_a_damaged_file(target, session):
    table(target, session, contract(column("a")))
    session.executemany("INSERT INTO t VALUES (?)", [("x" * 1000,)] * 100)
    session.execute("PRAGMA journal_mode = DELETE")
    session.close()
    with target.path.open("r+b") as file:
        file.seek(16 * 1024)  # the second page: the first has the schema
        file.write(os.urandom(40_000))
    again = target.connect()
    with pytest.raises(TargetError, match="damaged") as error:
        again.execute("SELECT COUNT(a), MAX(a) FROM t")
    assert error.value.hint
    again.close()


def test_a_file_that_is_locked_may_be_tried_again(target, session, monkeypatch):
    monkeypatch.setattr("snapshots.targets.sqlite.session._BUSY_MILLISECONDS", 100)
    table(target, session, contract(column("a")))
    other = target.connect()
    with session.transaction():
        session.execute("INSERT INTO t VALUES ('x')")
        with pytest.raises(TargetError, match="locked") as error, other.transaction():
            pass
    assert error.value.retryable
    assert error.value.hint
    other.close()


DEFERRED = "DEFERRABLE INITIALLY\n DEFERRED"
CHILDREN = {
    "plain": f"CREATE TABLE t (a INTEGER, b TEXT REFERENCES p {DEFERRED})",
    "numbered": f"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT REFERENCES p {DEFERRED})",
    "without rowid": f"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT REFERENCES p (b) {DEFERRED})"
    " WITHOUT ROWID",
    "shadowed": f"CREATE TABLE T (a INTEGER, rowid, b, FOREIGN KEY (b) REFERENCES p {DEFERRED})",
}


@pytest.mark.parametrize("case", CHILDREN)
def test_deferred_foreign_keys_refuse_within_the_load(target, session, case):
    session.execute("CREATE TABLE p (b TEXT NOT NULL COLLATE NOCASE PRIMARY KEY)")
    session.execute("INSERT INTO p VALUES ('good')")
    session.execute(CHILDREN[case])
    session.execute("PRAGMA foreign_keys = OFF")
    session.execute("INSERT INTO t (a, b) VALUES (100, 'left by others')")
    session.execute("PRAGMA foreign_keys = ON")
    made = contract(column("a", "integer"), column("b"))
    with session.transaction():
        assert load(target, session, T, made, [["101", "GOOD"], ["102", None]]) == 2
        for bad in ("103", "5"):  # at the end of the table, or before it
            with pytest.raises(RefusedRows, match="FOREIGN KEY"), session.savepoint():
                load(target, session, T, made, [[bad, "missing"]])
        assert load(target, session, T, made, [["7", "good"]]) == 1
    stored = session.execute("SELECT a FROM t ORDER BY a")
    assert stored == [(7,), (100,), (101,), (102,)]


@pytest.mark.parametrize("parent", ["CREATE TABLE p (b TEXT)", "CREATE TABLE other (b TEXT)"])
def test_a_deferred_key_with_no_parent_key_is_the_tables_fault(target, session, parent):
    session.execute(parent)
    session.execute(CHILDREN["plain"])
    made = contract(column("a", "integer"), column("b"))
    with pytest.raises(TargetError) as error, session.transaction():
        load(target, session, T, made, [["1", "x"]])
    assert not isinstance(error.value, RefusedRows)


def test_a_row_may_come_before_its_deferred_parent(target, session):
    session.execute(
        "CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER, UNIQUE (a, b),"
        f" FOREIGN KEY (b, c) REFERENCES t (a, b) {DEFERRED})"
    )
    made = contract(*(column(name, "integer") for name in "abc"))
    with session.transaction():
        assert load(target, session, T, made, [["1", "2", "3"], ["2", "3", None]]) == 2
        with pytest.raises(RefusedRows), session.savepoint():
            load(target, session, T, made, [["4", "2", "4"]])
    assert session.execute("SELECT COUNT(*) FROM t") == [(2,)]


@pytest.mark.skipif(os.getuid() == 0 and sys.platform == "darwin", reason="root writes anything")
def test_a_read_only_database(target, session):
    table(target, session, contract(column("a")))
    session.execute("PRAGMA query_only = 1")
    with pytest.raises(TargetError, match="cannot be written") as error:
        session.execute("INSERT INTO t VALUES ('x')")
    assert error.value.hint


def test_a_full_disk(target, session):
    t = table(target, session, contract(column("a"), column("b")))
    session.execute("PRAGMA max_page_count = 20")
    made = contract(column("a"), column("b"))

    def fill():
        with session.transaction():
            load(target, session, t, made, [["x" * 5000, "y"]] * 1000)

    with pytest.raises(TargetError, match="disk is full") as error:
        fill()
    assert not isinstance(error.value, RefusedRows)
    assert error.value.retryable
    assert session.execute("SELECT COUNT(*) FROM t") == [(0,)]


def test_a_transaction_that_sqlite_has_ended_cannot_pass_for_committed(target, session):
    table(target, session, contract(column("a", unique=True)))

    def swallow():
        with session.transaction():
            session.execute("INSERT INTO t VALUES ('x')")
            with pytest.raises(TargetError):
                session.execute("INSERT OR ROLLBACK INTO t VALUES ('x')")

    with pytest.raises(TargetError, match="rolled"):
        swallow()
    assert session.execute("SELECT COUNT(*) FROM t") == [(0,)]


def _elsewhere(path, sql):
    """With Python's own SQLite, which must never meet ours in one process."""
    code = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute({sql!r}); c.commit()"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("kind", ["NUMERIC", "DECIMAL(20,2)", "NUMBER", "MONEY", "currency"])
@pytest.mark.parametrize(
    "text",
    ["9007199254740993", "-9223372036854775808", "9223372036854775807", "12345678901234567", "007"],
)
def test_integers_of_64_bits_stay_what_they_are(tmp_path, sqlite_url, kind, text):
    _make(sqlite_url, kind)
    (tmp_path / "t.csv").write_text(f"a,b\n{text},x\n1.5,y\n")
    snapshots.load(tmp_path / "t.csv", database=sqlite_url, table="t", lineage=False)
    assert rows(sqlite_url, "SELECT a FROM t") == [(int(text),), (1.5,)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("NUMERIC", "9223372036854775808"),
        ("NUMERIC", "-9223372036854775809"),
        ("NUMERIC", "123456789012345678.5"),
        ("MONEY", "9007199254740993.01"),
        ("REAL", "9007199254740993"),
        ("DOUBLE", "9007199254740993"),
    ],
)
def test_what_neither_a_double_nor_64_bits_hold_is_refused(tmp_path, sqlite_url, kind, text):
    _make(sqlite_url, kind)
    (tmp_path / "t.csv").write_text(f"a,b\n{text},x\n1.5,y\n")
    result = snapshots.load(
        tmp_path / "t.csv", database=sqlite_url, table="t", lineage=False, max_rejects="100%"
    )
    assert (result.counts.loaded, result.rejects_by_code) == (1, {"loses_precision": 1})


def _make(database, kind):
    session = locations.target(database).connect(create=True)
    try:
        session.execute(f"CREATE TABLE t (a {kind}, b TEXT)")
    finally:
        session.close()
