"""Many rows that the table refuses become rejects by a query for each of its constraints."""

import pytest

import snapshots
from tests.verify.loaded import execute, verify

ROWS = 6_000


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def mistakes(n):
    """What is wrong with the row of a number: the refused value of each column."""
    code, parent, size = f"c{n}", n % 10, 1
    if n % 5 == 1:
        code = f"held{n % 3}"
    elif n % 5 == 2:
        code = "twice"
    elif n % 5 == 3:
        parent = 77
    elif n % 5 == 4:
        size = -1
    return code, parent, size


@pytest.mark.parametrize("mode", ["upsert", "mirror"])
def test_more_than_are_looked_for_one_by_one(database, tmp_path, mode):
    execute(
        database,
        "CREATE TABLE p (id int PRIMARY KEY)",
        f"INSERT INTO p VALUES {', '.join(f'({n})' for n in range(10))}",
        "CREATE TABLE t (id int PRIMARY KEY, code varchar(20) UNIQUE, parent int, size int,"
        " CONSTRAINT positive CHECK (size > 0), FOREIGN KEY (parent) REFERENCES p (id))",
        "INSERT INTO t VALUES (-1, 'held0', 1, 1), (-2, 'held1', 1, 1), (-3, 'held2', 1, 1)",
        "INSERT INTO t VALUES (5, 'old', 1, 1), (10, 'same', 1, 1)",
    )
    path = tmp_path / "a.csv"
    kept = "".join(f"-{n + 1},held{n},1,1\n" for n in range(3)) + "10,same,1,1\n"
    lines = {n: mistakes(n) for n in range(ROWS) if n != 10}
    rows = "".join(f"{n},{code},{parent},{size}\n" for n, (code, parent, size) in lines.items())
    path.write_text(f"id,code,parent,size\n{kept}{rows}")
    done = snapshots.load(
        path,
        database=database,
        table="t",
        mode=mode,
        max_rejects="100%",
        chunk_size=1 << 14,
        workers=1,
    )
    good = [n for n in lines if n % 5 == 0] + [2]
    assert (done.exit_code, done.counts.loaded) == (3, len(good) + 4), (done.message, done.hint)
    assert done.rejects_by_code == {"refused_by_target": len(lines) - len(good)}
    held = {number for (number,) in execute(database, "SELECT id FROM t WHERE id >= 0")}
    assert held == {*good, 10}
    assert execute(database, "SELECT code FROM t WHERE id = 5") == [("c5",)]
    found = list(snapshots.rejects(1, database=database))
    assert [one.raw.decode() for one in found] == [
        ",".join(map(str, (n, *values))) for n, values in lines.items() if n not in good
    ]
    report = verify(database, 1)
    assert report.result == "equal", report


def test_what_only_a_trigger_refuses_has_a_limit(sqlite_url, tmp_path, monkeypatch):
    """SQL cannot tell these: the message says what to do."""
    monkeypatch.setattr("snapshots.engine.publishing.by_key.merged.MOST_REFUSED", 700)
    execute(
        sqlite_url,
        "CREATE TABLE t (id int PRIMARY KEY, name text)",
        "CREATE TRIGGER no BEFORE INSERT ON t WHEN NEW.name = 'bad'"
        " BEGIN SELECT RAISE(ABORT, 'never'); END",
    )
    path = tmp_path / "a.csv"
    path.write_text("id,name\n" + "".join(f"{n},bad\n" for n in range(800)))
    done = snapshots.load(path, database=sqlite_url, table="t", mode="upsert", max_rejects="100%")
    assert done.exit_code == 1, done.message
    assert "refuses more than 700 rows, and SQL cannot tell which ones" in done.message
    assert "looked for one by one" in done.hint
