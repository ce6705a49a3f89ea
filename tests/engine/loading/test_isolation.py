"""Rows that end the transaction they are in: each of them alone is rejected, whatever else is in
its chunk, and all others are loaded, once."""

import threading

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.loading import isolation
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.sync_process import once, query

NEGATIVE = "WHEN new.n < 0 BEGIN SELECT RAISE(ROLLBACK, 'no negatives'); END"

SETUPS = {
    "before": (
        "CREATE TABLE t (id INTEGER, n INTEGER)",
        f"CREATE TRIGGER tr BEFORE INSERT ON t {NEGATIVE}",
    ),
    "after": (
        "CREATE TABLE t (id INTEGER, n INTEGER)",
        f"CREATE TRIGGER tr AFTER INSERT ON t {NEGATIVE}",
    ),
    "in an expression": (
        "CREATE TABLE t (id INTEGER, n INTEGER)",
        "CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT CASE"
        " WHEN new.n < 0 THEN RAISE(ROLLBACK, 'no negatives') END; END",
    ),
    "of another table that the trigger writes to": (
        "CREATE TABLE t (id INTEGER, n INTEGER)",
        "CREATE TABLE log (n INTEGER)",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.n); END",
        f"CREATE TRIGGER tl BEFORE INSERT ON log {NEGATIVE}",
    ),
    "of a row that a key takes along": (
        "CREATE TABLE t (id INTEGER, n INTEGER)",
        "CREATE TABLE p (i INTEGER PRIMARY KEY)",
        "CREATE TABLE c (i INTEGER REFERENCES p ON DELETE CASCADE)",
        "INSERT INTO p VALUES (-1), (-3)",
        "INSERT INTO c SELECT i FROM p",
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM p WHERE i = new.n; END",
        "CREATE TRIGGER tc BEFORE DELETE ON c BEGIN SELECT RAISE(ROLLBACK, 'no negatives'); END",
    ),
}


def prepared(database, *statements):
    session = locations.target(database).connect()
    for statement in statements:
        session.execute(statement)
    session.close()


def account(database, import_id=1):
    """The table's rows, the rejects, and the sums of the ledger, which are those of both."""
    rows = query(database, "SELECT * FROM t ORDER BY 1, 2")
    rejects = query(
        database,
        "SELECT line, code, reason FROM snapshots_rejects"
        f" WHERE import_id = {import_id} ORDER BY line",
    )
    sums = query(
        database,
        f"SELECT SUM(loaded), SUM(rejected) FROM snapshots_chunks WHERE import_id = {import_id}",
    )
    assert sums == [(len(rows), len(rejects))]
    return rows, rejects


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def written(folder, lines, header="id,n", name="t.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes("".join(f"{line}\n" for line in (header, *lines)).encode(encoding))
    return path


@pytest.mark.parametrize("case", SETUPS)
@pytest.mark.parametrize("lines", [["1,5", "2,-1", "3,7"], ["1,-3", "2,6"], ["1,6", "2,-1"]])
def test_the_culprit_alone_is_rejected(sqlite_url, tmp_path, case, lines):
    prepared(sqlite_url, *SETUPS[case])
    path = written(tmp_path, lines)
    good = [tuple(map(int, line.split(","))) for line in lines if "-" not in line]
    bad = [
        (n, "refused_by_target", "No negatives.") for n, line in enumerate(lines, 2) if "-" in line
    ]
    result = snapshots.load(path, database=sqlite_url)
    assert (result.outcome, result.exit_code) == ("finished", 3)
    assert account(sqlite_url) == (good, bad)
    assert query(sqlite_url, "SELECT COUNT(*) FROM snapshots_chunks") == [(1,)]
    again = snapshots.load(path, database=sqlite_url)
    assert again.outcome == "already_imported"
    assert account(sqlite_url) == (good, bad)


def test_sync_adds_nothing_again(sqlite_url, tmp_path):
    prepared(sqlite_url, *SETUPS["before"])
    folder = tmp_path / "data"
    folder.mkdir()
    written(folder, ["1,5", "2,-1", "3,7", "4,8"])
    for _ in range(3):
        once(sqlite_url, folder, "--table", "t")
        rows, rejects = account(sqlite_url)
        assert rows == [(1, 5), (3, 7), (4, 8)]
        assert [line for line, *_ in rejects] == [3]
    assert query(sqlite_url, "SELECT COUNT(*) FROM snapshots_imports") == [(1,)]


def test_by_command_line_and_undone_again(sqlite_url, tmp_path):
    prepared(
        sqlite_url, "CREATE TABLE t (id INTEGER, n INTEGER, _import_id INTEGER, _line INTEGER)"
    )
    prepared(sqlite_url, SETUPS["before"][1])
    written(tmp_path, ["1,5", "2,-1", "3,7"])
    done = command("import", "t.csv", "--database", sqlite_url, "--json", cwd=tmp_path)
    assert done.returncode == 3
    (result,) = objects(done)
    assert (result["loaded"], result["rejected"]) == (2, 1)
    number = result["import_id"]
    said = command("rejects", number, "--database", sqlite_url, "--json", cwd=tmp_path)
    (reject,) = objects(said)
    assert (reject["line"], reject["reason"], reject["raw"]) == (3, "No negatives.", "2,-1")
    assert query(sqlite_url, "SELECT id, _line FROM t ORDER BY id") == [(1, 2), (3, 4)]


def test_among_all_other_kinds_of_rejects(sqlite_url, tmp_path):
    """Rejects of the kernel, refused keys, blank lines and rows that end it, at both ends too."""
    prepared(
        sqlite_url,
        "CREATE TABLE t (id INTEGER UNIQUE, n INTEGER)",
        SETUPS["before"][1],
    )
    lines, good, bad = [], [], {}
    for n in range(300):
        line = n + 2
        if n % 7 == 0 or n == 299:
            lines.append(f"{n},-1")
            bad[line] = "No negatives."
        elif n % 11 == 0:
            lines.append(f"x{n},1")
            bad[line] = None
        elif n % 13 == 0:
            lines.append("1,1")
            bad[line] = "UNIQUE constraint failed: t.id."
        elif n % 17 == 0:
            lines.append("")
        else:
            lines.append(f"{n},{n}")
            good.append((n, n))
    result = snapshots.load(written(tmp_path, lines), database=sqlite_url, max_rejects="100%")
    assert result.outcome == "finished"
    rows, rejects = account(sqlite_url)
    assert rows == good
    assert [line for line, *_ in rejects] == sorted(bad)
    for line, code, reason in rejects:
        if bad[line] is None:
            assert code == "not_an_integer"
        else:
            assert (code, reason) == ("refused_by_target", bad[line])


def test_what_depends_on_rows_of_the_same_chunk(sqlite_url, tmp_path):
    """Each row is judged behind those that are loaded before it, and only those."""
    prepared(
        sqlite_url,
        "CREATE TABLE t (id INTEGER, parent INTEGER)",
        "CREATE TRIGGER tr BEFORE INSERT ON t BEGIN"
        " SELECT RAISE(ROLLBACK, 'twice') WHERE EXISTS (SELECT 1 FROM t WHERE id = new.id);"
        " SELECT RAISE(ROLLBACK, 'no parent') WHERE new.parent IS NOT NULL"
        "  AND NOT EXISTS (SELECT 1 FROM t WHERE id = new.parent); END",
    )
    lines = ["1,", "2,1", "2,1", "3,9", "4,3", "5,2", "1,", "6,5", "7,4", "8,1"]
    path = written(tmp_path, lines, header="id,parent")
    result = snapshots.load(path, database=sqlite_url, max_rejects="100%")
    assert result.outcome == "finished"
    rows, rejects = account(sqlite_url)
    assert rows == [(1, None), (2, 1), (5, 2), (6, 5), (8, 1)]
    assert [(line, reason) for line, _, reason in rejects] == [
        (4, "Twice."), (5, "No parent."), (6, "No parent."), (8, "Twice."), (10, "No parent."),
    ]  # fmt: skip


def many(count):
    """Half of them end the transaction."""
    lines = [f"{n},{-n if n % 2 else n}" for n in range(count)]
    good = [(n, n) for n in range(0, count, 2)]
    return lines, good, list(range(3, count + 2, 2))


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_half_of_all_rows_end_it(sqlite_url, tmp_path, journal):
    """In a time that grows with their number alone: here half a second of a processor."""
    prepared(sqlite_url, f"PRAGMA journal_mode = {journal}", *SETUPS["before"])
    lines, good, bad = many(2000)
    result = snapshots.load(written(tmp_path, lines), database=sqlite_url, max_rejects="100%")
    assert result.outcome == "finished"
    rows, rejects = account(sqlite_url)
    assert rows == good
    assert [line for line, *_ in rejects] == bad
    ((chunks,),) = query(sqlite_url, "SELECT COUNT(*) FROM snapshots_chunks")
    assert chunks == -(-len(bad) // isolation.MOST_ENDED)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_offsets_and_bytes_of_a_chunk_that_was_cut(sqlite_url, tmp_path, encoding):
    prepared(sqlite_url, "CREATE TABLE t (id INTEGER, n INTEGER, x TEXT)", SETUPS["before"][1])
    lines = [f"{line},é{n}" for n, line in enumerate(many(200)[0])]
    path = written(tmp_path, lines, header="id,n,x", encoding=encoding)
    result = snapshots.load(path, database=sqlite_url, max_rejects="100%", encoding=encoding)
    assert (result.outcome, result.counts.rejected) == ("finished", 100)
    data = path.read_bytes()
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    rejects = query(
        sqlite_url, "SELECT line, byte_offset, raw FROM snapshots_rejects ORDER BY line"
    )
    assert len(rejects) == 100
    for line, offset, raw in rejects:
        assert raw.decode(codec) == lines[line - 2]
        assert data[offset : offset + len(raw)] == raw


def test_only_few_bytes_are_loaded_again(sqlite_url, tmp_path, monkeypatch):
    """Few rows that end it, far apart, in a chunk that is long."""
    monkeypatch.setattr(isolation, "MOST_AGAIN", 50_000)
    prepared(sqlite_url, *SETUPS["before"])
    lines = [f"{n},{-n if n % 1000 == 7 else n}" for n in range(8000)]
    result = snapshots.load(written(tmp_path, lines), database=sqlite_url)
    assert result.outcome == "finished"
    rows, rejects = account(sqlite_url)
    assert rows == [(n, n) for n in range(8000) if n % 1000 != 7]
    assert [line for line, *_ in rejects] == [n + 2 for n in range(7, 8000, 1000)]
    ((chunks,),) = query(sqlite_url, "SELECT COUNT(*) FROM snapshots_chunks")
    assert 1 < chunks < 8


def test_a_budget_stops_it_and_it_goes_on(sqlite_url, tmp_path):
    prepared(sqlite_url, *SETUPS["before"])
    lines, good, bad = many(500)
    path = written(tmp_path, lines)
    first = snapshots.load(path, database=sqlite_url, max_rejects=40)
    assert (first.outcome, first.exit_code) == ("failed", 4)
    rows, rejects = account(sqlite_url)
    assert [line for line, *_ in rejects] == bad[: len(rejects)]
    assert len(rejects) == 41
    done = snapshots.resume(1, database=sqlite_url, max_rejects="100%")
    assert done.outcome == "finished"
    rows, rejects = account(sqlite_url)
    assert rows == good
    assert [line for line, *_ in rejects] == bad


def test_the_first_reject_and_a_limit_stop_it(sqlite_url, tmp_path):
    prepared(sqlite_url, *SETUPS["before"])
    path = written(tmp_path, many(500)[0])
    stopped = snapshots.load(path, database=sqlite_url, stop_on_error=True)
    assert (stopped.outcome, stopped.exit_code) == ("failed", 4)
    assert account(sqlite_url) == ([(0, 0)], [(3, "refused_by_target", "No negatives.")])
    limited = snapshots.load(path, database=sqlite_url, limit=100, again=True, max_rejects="100%")
    assert (limited.outcome, limited.counts.records) == ("limited", 100)
    assert (limited.counts.loaded, limited.counts.rejected) == (50, 50)


@pytest.mark.parametrize(
    "fault", ["after-claim:40", "mid-write:900", "before-commit:2", "after-commit:3"]
)
def test_killed_between_its_tries(sqlite_url, tmp_path, fault):
    prepared(sqlite_url, *SETUPS["before"])
    lines, good, bad = many(400)
    path = written(tmp_path, lines)
    options = ("--database", sqlite_url, "--max-rejects", "100%", "--json")
    killed = command("import", path, *options, cwd=tmp_path, SNAPSHOTS_FAULT=fault)
    assert killed.returncode == -9
    done = command("import", path, *options, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    rows, rejects = account(sqlite_url)
    assert rows == good
    assert [line for line, *_ in rejects] == bad
    assert command("import", path, *options, cwd=tmp_path).returncode == 5
    assert account(sqlite_url) == (rows, rejects)


@pytest.mark.parametrize("name", ["chunks", "rejects", "imports"])
def test_a_trigger_on_the_ledger_ends_the_import_and_nothing_stays(sqlite_url, tmp_path, name):
    prepared(sqlite_url, "CREATE TABLE t (id INTEGER UNIQUE, n INTEGER)")
    snapshots.load(written(tmp_path, ["100,1"], name="first.csv"), database=sqlite_url, table="t")
    event = "UPDATE" if name == "imports" else "INSERT"
    prepared(
        sqlite_url,
        f"CREATE TRIGGER tl BEFORE {event} ON snapshots_{name}"
        " BEGIN SELECT RAISE(ROLLBACK, 'not here'); END",
    )
    path = written(tmp_path, ["1,5", "1,6", "3,7"])
    for _ in range(2):
        done = command("import", path, "--database", sqlite_url, "--table", "t", cwd=tmp_path)
        assert done.returncode == 1
        assert "Not here." in done.stderr
        assert query(sqlite_url, "SELECT id FROM t") == [(100,)]
    prepared(sqlite_url, "DROP TRIGGER tl")
    done = command("import", path, "--database", sqlite_url, "--table", "t", cwd=tmp_path)
    assert done.returncode == 3
    assert query(sqlite_url, "SELECT id FROM t ORDER BY id") == [(1,), (3,), (100,)]


def test_a_time_out_is_tried_again_and_no_reject(impatient_url, tmp_path):
    """Another holds a key for longer than the server waits, and then gives it back."""
    prepared(impatient_url, "CREATE TABLE t (id integer PRIMARY KEY, n integer)")
    prepared(impatient_url, "INSERT INTO t VALUES (1, 0), (3, 0)")
    path = written(tmp_path, ["0,5", "1,5", "2,5", "3,5"])
    other = locations.target(impatient_url).connect()
    running = threading.Thread(
        target=snapshots.load, args=(path,), kwargs={"database": impatient_url, "table": "t"}
    )
    with other.transaction():
        other.execute("DELETE FROM t WHERE id = 3")
        running.start()
        running.join(4)
        assert running.is_alive()
    running.join(60)
    other.close()
    rows = query(impatient_url, "SELECT * FROM t ORDER BY id")
    assert rows == [(0, 5), (1, 0), (2, 5), (3, 5)]
    assert query(impatient_url, "SELECT line FROM snapshots_rejects") == [(3,)]
    assert query(impatient_url, "SELECT loaded, rejected FROM snapshots_chunks") == [(3, 1)]


TRIGGERS = {
    "postgres": (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF new.n < 0 THEN {}; END IF; RETURN new; END $$",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    ),
    "mysql": (
        "CREATE PROCEDURE ends() COMMIT",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW IF new.n < 0 THEN {}; END IF",
    ),
}


@pytest.mark.parametrize(
    ("database", "body"),
    [("postgres", "COMMIT"), ("postgres", "ROLLBACK"), ("mysql", "CALL ends()")],
    indirect=["database"],
)
def test_on_servers_too(database, body, tmp_path):
    name = locations.target(database).name
    prepared(
        database,
        "CREATE TABLE t (id integer, n integer)",
        *(text.replace("{}", body) for text in TRIGGERS[name]),
    )
    path = written(tmp_path, ["1,5", "2,-1", "3,7"])
    assert snapshots.load(path, database=database).outcome == "finished"
    rows, rejects = account(database)
    assert rows == [(1, 5), (3, 7)]
    assert [(line, code) for line, code, _ in rejects] == [(3, "refused_by_target")]
    assert snapshots.load(path, database=database).outcome == "already_imported"
