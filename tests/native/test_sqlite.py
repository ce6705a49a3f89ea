"""The SQLite connection of the kernel, beside Python's own."""

import sqlite3
import threading
import time
from contextlib import contextmanager

import pytest

from snapshots._native import Chunk, Converter, SqliteConnection, SqliteError, SqliteQuery
from snapshots.formats.kernel_json import converter_spec
from snapshots.model import Column, Contract, Type

from .values import DIALECT, chunk, converter

BUSY, NOT_FOUND, INTERRUPTED, CONSTRAINT, MISUSE, RANGE = 5, 14, 9, 19, 21, 25
FOR_EVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.db")


@pytest.fixture
def connection(path):
    connection = SqliteConnection(path)
    yield connection
    connection.close()


def failure(call, *args):
    with pytest.raises(SqliteError) as caught:
        call(*args)
    message, primary, extended = caught.value.args
    assert message
    assert extended & 0xFF == primary
    return caught.value.args


def test_values_go_there_and_back(connection, path):
    connection.script("CREATE TABLE t (a, b, c, d, e)")
    row = (None, -(2**63), 0.1, "é\x00", b"\x00\xff")
    assert connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", row) == []
    assert connection.execute("SELECT * FROM t") == [row]
    assert sqlite3.connect(path).execute("SELECT * FROM t").fetchall() == [row]


def test_text_that_is_not_utf8_comes_as_bytes(connection):
    assert connection.execute("SELECT CAST(x'ff41' AS TEXT), 'a'") == [(b"\xff\x41", "a")]


def test_one_statement_with_all_its_parameters(connection):
    assert failure(connection.execute, "SELECT ?", ())[1] == RANGE
    failure(connection.execute, "SELECT 1; SELECT 2")
    with pytest.raises(OverflowError):
        connection.execute("SELECT ?", (2**63,))
    with pytest.raises(TypeError, match="object"):
        connection.execute("SELECT ?", (object(),))


def test_many_rows(connection):
    connection.script("CREATE TABLE t (a INTEGER, b TEXT); BEGIN")
    rows = ((n, str(n)) for n in range(2500))
    assert connection.executemany("INSERT INTO t VALUES (?, ?)", rows) == 2500
    assert connection.execute("SELECT count(*), sum(a), max(length(b)) FROM t") == [
        (2500, sum(range(2500)), 4)
    ]
    assert connection.executemany("DELETE FROM t WHERE a < ?", [(10,), (20,)]) == 20
    assert connection.execute("SELECT changes()") == [(10,)]


def test_an_iterator_that_fails_says_so(connection):
    def rows():
        yield (1,)
        raise ZeroDivisionError

    connection.execute("CREATE TABLE t (a)")
    with pytest.raises(ZeroDivisionError):
        connection.executemany("INSERT INTO t VALUES (?)", rows())


def test_transactions(connection):
    connection.script("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)")
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert not connection.in_transaction
    assert connection.execute("SELECT * FROM t") == []


def test_errors_have_both_codes(connection):
    connection.script("CREATE TABLE t (a UNIQUE NOT NULL); INSERT INTO t VALUES (1)")
    insert = "INSERT INTO t VALUES (?)"
    assert failure(connection.execute, insert, (1,))[1:] == (CONSTRAINT, 2067)
    assert failure(connection.execute, insert, (None,))[1:] == (CONSTRAINT, 1299)
    assert "nowhere" in failure(connection.execute, "SELECT * FROM nowhere")[0]
    assert failure(SqliteConnection, "/nowhere/a.db")[1] == NOT_FOUND


def test_read_only(path, connection):
    connection.script("CREATE TABLE t (a)")
    reader = SqliteConnection(path, read_only=True)
    assert reader.execute("SELECT * FROM t") == []
    assert failure(reader.execute, "INSERT INTO t VALUES (1)")[1] == 8
    assert failure(SqliteConnection, path + "x", 0, True)[1] == NOT_FOUND


def test_a_name_is_a_name_and_no_uri(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SqliteConnection("file:a.db?mode=memory").script("CREATE TABLE t (a)")
    assert (tmp_path / "file:a.db?mode=memory").stat().st_size > 0


def test_defaults_are_those_of_sqlite(connection):
    assert connection.execute("PRAGMA foreign_keys") == [(0,)]


def test_closing_rolls_back_and_is_final(path, connection):
    connection.script("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)")
    connection.close()
    connection.close()
    assert failure(connection.execute, "SELECT 1")[1] == MISUSE
    assert sqlite3.connect(path).execute("SELECT * FROM t").fetchall() == []


@contextmanager
def interrupting(connection):
    """Again and again: a statement that has not begun yet cannot be interrupted."""
    over = threading.Event()

    def interrupt():
        while not over.wait(0.1):
            connection.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    yield
    over.set()
    thread.join()


def test_interrupting_a_statement(connection):
    with interrupting(connection):
        assert failure(connection.execute, FOR_EVER)[1] == INTERRUPTED
    assert connection.execute("SELECT 1") == [(1,)]


def test_waiting_for_a_lock(path, connection):
    connection.script("BEGIN IMMEDIATE")
    other = SqliteConnection(path, busy_timeout_ms=300)
    begin = time.monotonic()
    assert failure(other.script, "BEGIN IMMEDIATE")[1] == BUSY
    assert 0.3 <= time.monotonic() - begin < 0.3 * BUSY
    threading.Timer(0.1, connection.script, ("COMMIT",)).start()
    patient = SqliteConnection(path, busy_timeout_ms=60_000)
    patient.script("BEGIN IMMEDIATE; COMMIT")


def test_interrupting_a_wait_for_a_lock(path, connection):
    connection.script("BEGIN IMMEDIATE")
    other = SqliteConnection(path, busy_timeout_ms=30_000)
    begin = time.monotonic()
    with interrupting(other):
        assert failure(other.script, "BEGIN IMMEDIATE")[1] == INTERRUPTED
    assert time.monotonic() - begin < 25


def test_other_threads_run_while_a_statement_does(connection):
    """It lasts until another has been at work, and would last for ever if none could be."""
    with interrupting(connection):
        assert failure(connection.execute, FOR_EVER)[1] == INTERRUPTED


def block(kind, texts, **column):
    block = converter(kind, "sqlite", **column).convert(chunk(texts), 0, 1, 1 << 30)
    assert block.rejected == 0
    return block


@pytest.mark.parametrize(
    ("kind", "texts", "values"),
    [
        ("integer", ["1", "-9223372036854775808"], [1, -(2**63)]),
        ("float", ["0.1", "-0.0", "1e300"], [0.1, -0.0, 1e300]),
        ("decimal", ["1.50", "12345678901234567890.5"], ["1.50", "12345678901234567890.5"]),
        ("boolean", ["true", "False"], [1, 0]),
        ("text", ["a", "é, \"b\"", ""], ["a", "é, \"b\"", ""]),
        ("timestamp", ["2024-01-01T00:21:47"], ["2024-01-01 00:21:47"]),
        ("timestamptz", ["2024-01-01 00:21:47+01"], ["2023-12-31 23:21:47Z"]),
    ],
)  # fmt: skip
def test_inserting_a_block(connection, kind, texts, values):
    connection.script("CREATE TABLE t (c, import_id, line)")
    count = connection.insert("INSERT INTO t VALUES (?, ?, ?)", block(kind, texts))
    assert count == len(texts)
    rows = connection.execute("SELECT * FROM t")
    assert rows == [(value, 1, line) for line, value in enumerate(values, 1)]
    assert [str(row[0]) for row in rows] == [str(value) for value in values]


def test_null_is_null(connection):
    connection.script("CREATE TABLE t (a, b, c)")
    columns = tuple(Column(name, name, Type("text")) for name in "abc")
    spec = converter_spec(DIALECT, Contract(columns), ["a", "b", "c"], "sqlite", None)
    rows = Converter(spec).convert(Chunk.of(b'1,,x\n,"",x\n'), 0, 1, 100)
    assert connection.insert("INSERT INTO t VALUES (?, ?, ?)", rows) == 2
    assert connection.execute("SELECT * FROM t") == [("1", None, "x"), (None, "", "x")]


def test_a_row_that_is_refused(connection):
    connection.script("CREATE TABLE t (c UNIQUE, import_id, line); BEGIN")
    insert = "INSERT INTO t VALUES (?, ?, ?)"
    assert failure(connection.insert, insert, block("integer", "121"))[1:] == (CONSTRAINT, 2067)
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert connection.insert(insert, block("integer", "12")) == 2


ENDS = """
    CREATE TABLE t (c, import_id, line);
    CREATE TRIGGER ends {} INSERT ON t WHEN new.c = 3
    BEGIN SELECT RAISE(ROLLBACK, 'no 3 here'); END;
    INSERT INTO t VALUES (0, 0, 0);
    BEGIN;
    INSERT INTO t VALUES (1, 1, 1);
"""


@pytest.mark.parametrize("when", ["BEFORE", "AFTER"])
def test_no_row_follows_one_that_ends_the_transaction(connection, when):
    connection.script(ENDS.format(when))
    insert = "INSERT OR ABORT INTO t VALUES (?, ?, ?)"
    assert failure(connection.insert, insert, block("integer", "12345"))[0] == "no 3 here"
    assert connection.taken == 2
    assert not connection.in_transaction
    assert connection.execute("SELECT c FROM t") == [(0,)]
    connection.insert(insert, block("integer", "1245"))
    assert connection.taken == 4


def test_no_statement_of_many_follows_one_that_ends_the_transaction(connection):
    connection.script(ENDS.format("BEFORE"))
    rows = [(n % 2000, 1, n) for n in range(4, 5000)]
    failure(connection.executemany, "INSERT INTO t VALUES (?, ?, ?)", rows)
    assert not connection.in_transaction
    assert connection.execute("SELECT c FROM t") == [(0,)]
    connection.script("CREATE TABLE u (c UNIQUE); BEGIN; INSERT INTO u VALUES (7)")
    failure(connection.executemany, "INSERT OR ROLLBACK INTO u VALUES (?)", [(6,), (7,), (8,)])
    assert connection.execute("SELECT c FROM u") == []


def test_what_was_taken_before_a_row_that_is_refused(connection):
    connection.script("CREATE TABLE t (c UNIQUE, import_id, line)")
    failure(connection.insert, "INSERT INTO t VALUES (?, ?, ?)", block("integer", "1232"))
    assert connection.taken == 3


def test_a_row_that_a_trigger_drops_is_not_counted(connection):
    connection.script("""
        CREATE TABLE t (c, import_id, line);
        CREATE TRIGGER drops BEFORE INSERT ON t WHEN new.c = 2
        BEGIN SELECT RAISE(IGNORE); END;
    """)
    assert connection.insert("INSERT INTO t VALUES (?, ?, ?)", block("integer", "123")) == 2


def test_a_statement_of_another_width(connection):
    connection.script("CREATE TABLE t (c, import_id, line)")
    args = ("INSERT INTO t VALUES (?, ?, 1)", block("integer", "1"))
    assert failure(connection.insert, *args)[1] == RANGE


def test_a_block_of_another_encoding(connection):
    connection.script("CREATE TABLE t (c, import_id, line)")
    for encoding in ("text", "postgres"):
        other = converter("integer", encoding).convert(chunk("1"), 0, 1, 100)
        with pytest.raises(ValueError, match="encoding"):
            connection.insert("INSERT INTO t VALUES (?, ?, ?)", other)


def test_interrupting_an_insert(connection):
    connection.script("CREATE TABLE t (c, import_id, line); BEGIN")
    many = block("integer", map(str, range(300_000)))
    timer = threading.Timer(0.02, connection.interrupt)
    timer.start()
    args = ("INSERT INTO t VALUES (?, ?, ?)", many)
    assert failure(connection.insert, *args)[1] == INTERRUPTED
    if connection.in_transaction:
        # Where SQLite was the first to notice, it has rolled back already.
        connection.script("ROLLBACK")
    connection.script("BEGIN")
    assert connection.insert(*args) == 300_000


COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT i FROM n"


def test_a_query_gives_its_rows_a_few_at_a_time(tmp_path):
    path = str(tmp_path / "a.db")
    SqliteConnection(path).close()
    query = SqliteQuery(path, COUNTING, (1000,), 1000)
    pages = list(iter(query.fetch, []))
    assert [row for page in pages for row in page] == [(n,) for n in range(1, 1001)]
    assert max(map(len, pages)) <= 256
    assert query.fetch() == [], "it has ended"
    query.close()
    query.close()


def test_a_batch_ends_early_if_its_rows_are_long(tmp_path):
    path = str(tmp_path / "a.db")
    SqliteConnection(path).close()
    sql = f"SELECT printf('%.*c', 600000, 'x') FROM ({COUNTING})"
    query = SqliteQuery(path, sql, (20,), 1000)
    assert {len(page) for page in iter(query.fetch, [])} == {2}


def test_a_query_without_an_end_can_be_closed(tmp_path):
    path = str(tmp_path / "a.db")
    SqliteConnection(path).close()
    query = SqliteQuery(path, COUNTING, (-1,), 1000)
    assert len(query.fetch()) == 256
    query.close()
    assert query.fetch() == []


def test_a_query_tells_what_is_wrong_with_it(tmp_path):
    path = str(tmp_path / "a.db")
    SqliteConnection(path).close()
    for sql, params in (("SELECT nothing FROM nowhere", ()), (COUNTING, ())):
        with pytest.raises(SqliteError):
            SqliteQuery(path, sql, params, 1000).fetch()
    with pytest.raises(SqliteError):
        SqliteQuery(str(tmp_path / "none.db"), "SELECT 1", (), 1000)
