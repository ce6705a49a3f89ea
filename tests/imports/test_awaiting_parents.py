"""A row whose parent is in the same table, and comes behind it, is loaded; whatever else is bad."""

import itertools
import os
import random
import signal
import subprocess
import time
from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.owner import LEASE_SECONDS
from snapshots.engine.lease.takeover import session_name
from snapshots.ledger import awaiting_parents
from snapshots.telemetry.event_totals import EventTotals
from tests.cli.run import snapshots as command
from tests.faults.harness import wait_for
from tests.ledger.older import execute
from tests.support import snapshots_process


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def kind(database):
    return locations.target(database).name


def made(database, *statements):
    session = locations.target(database).connect()
    for statement in statements:
        session.execute(statement)
    session.close()


def people(database, deferred=False):
    """A table whose rows refer to rows of it."""
    lineage = "_import_id bigint, _line bigint"
    later = " DEFERRABLE INITIALLY DEFERRED" if deferred else ""
    if kind(database) == "mysql":
        made(
            database,
            f"CREATE TABLE t (id int PRIMARY KEY, pid int, {lineage},"
            " CONSTRAINT of_t FOREIGN KEY (pid) REFERENCES t (id))",
        )
    else:
        made(
            database, f"CREATE TABLE t (id int PRIMARY KEY, pid int REFERENCES t{later}, {lineage})"
        )


def written(folder, lines, header="id,pid"):
    path = folder / "t.csv"
    path.write_text("".join(f"{line}\n" for line in (header, *lines)))
    return path


def account(database):
    """The table's rows by `_line`, the rejects by line, and proof that the ledger says the same."""
    ((number,),) = execute(database, "SELECT MAX(id) FROM snapshots_imports")
    rows = dict(execute(database, "SELECT _line, id FROM t WHERE _import_id = ?", number))
    rejects = dict(
        execute(database, "SELECT line, code FROM snapshots_rejects WHERE import_id = ?", number)
    )
    chunks = execute(
        database,
        "SELECT start_line, end_line, records, loaded, rejected, skipped FROM snapshots_chunks"
        " WHERE import_id = ?",
        number,
    )
    assert chunks
    for first, end, records, loaded, rejected, skipped in chunks:
        assert records == loaded + rejected + skipped
        assert loaded == sum(first <= line < end for line in rows)
        assert rejected == sum(first <= line < end for line in rejects)
    return rows, rejects


def test_a_good_row_is_not_refused_because_another_is_bad(database, tmp_path):
    people(database)
    path = written(tmp_path, ["1,2", "2,", "3,99"])
    result = snapshots.load(path, database=database)
    assert (result.outcome, result.exit_code) == ("finished", 3)
    assert account(database) == ({2: 1, 3: 2}, {4: "refused_by_target"})
    (reject,) = snapshots.rejects(result.record.import_id, database=database)
    assert "99" in reject.reason or kind(database) != "postgres"
    assert reject.raw == b"3,99"


def test_rows_that_refer_to_each_other(database, tmp_path):
    if kind(database) == "mysql":
        pytest.skip("InnoDB takes no row before its parent")
    people(database, deferred=True)
    result = snapshots.load(written(tmp_path, ["1,2", "2,1", "3,9"]), database=database)
    assert result.counts == snapshots.Counts(3, 2, 1, 0)
    assert account(database) == ({2: 1, 3: 2}, {4: "refused_by_target"})


def parts_of(rows, *, at_once):
    """The ids that can be in a table: the most of them, or those that come one after the other."""
    sound = {id_: pid for id_, pid in rows if id_ % 10 != 7}
    known = set(sound) if at_once else set()
    while True:
        now = {id_ for id_, pid in sound.items() if pid in (None, id_) or pid in known}
        if now == known:
            return known
        known = now


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("deferred", [False, True])
def test_any_order_of_any_rows(database, tmp_path, seed, deferred):
    """Chains, trees and cycles, in chunks of some records each, with parents that are missing and
    parents that are refused for another reason."""
    name = kind(database)
    if name == "mysql" and deferred:
        pytest.skip("InnoDB defers no key")
    people(database, deferred)
    made(database, f"DROP TABLE t{'' if name == 'sqlite' else ' CASCADE'}")
    key = "FOREIGN KEY (pid) REFERENCES t (id)" + " DEFERRABLE INITIALLY DEFERRED" * deferred
    made(
        database,
        "CREATE TABLE t (id int PRIMARY KEY, pid int, _import_id bigint, _line bigint,"
        f" CHECK (id % 10 <> 7), {key})",
    )
    rng = random.Random(seed)
    ids = rng.sample(range(1000), 250)
    rows = []
    for number, id_ in enumerate(ids):
        roll = rng.random()
        if roll < 0.08:
            parent = None
        elif roll < 0.12:
            parent = rng.choice(ids)
        elif roll < 0.14:
            parent = rng.randrange(1000)
        elif roll < 0.16:
            parent = id_
        else:
            parent = (
                ids[(number + rng.randint(1, 40)) % len(ids)]
                if roll > 0.5
                else rng.choice(ids[:number] or ids)
            )
        rows.append((id_, parent))
    path = written(tmp_path, [f"{a},{'' if b is None else b}" for a, b in rows])
    small = {"chunk_size": 300} if seed % 2 else {}
    result = snapshots.load(path, database=database, max_rejects="100%", **small)
    at_once = name == "postgres" or deferred
    expected = parts_of(rows, at_once=at_once)
    loaded, rejects = account(database)
    assert set(loaded.values()) == expected
    lines = {line: id_ for line, (id_, _) in enumerate(rows, 2)}
    assert loaded == {line: id_ for line, id_ in lines.items() if id_ in expected}
    assert rejects == {
        line: "refused_by_target" for line, id_ in lines.items() if id_ not in expected
    }
    assert result.counts == snapshots.Counts(250, len(loaded), len(rejects), 0)
    assert result.rejects_by_code == {"refused_by_target": len(rejects)}


@pytest.mark.parametrize("bad", [False, True])
def test_a_chain_from_its_end(database, tmp_path, bad):
    people(database)
    last = "1," + ("0" if bad else "")
    path = written(tmp_path, [*(f"{n},{n - 1}" for n in range(600, 1, -1)), last])
    result = snapshots.load(path, database=database, chunk_size=1000, max_rejects="100%")
    loaded, rejects = account(database)
    assert (len(loaded), len(rejects)) == ((0, 600) if bad else (600, 0))
    assert result.exit_code == (3 if bad else 0)


STEPS = [
    "retry-begun:1",
    "retry-loaded:1",
    "retry-moved:1",
    "retry-committed:2",
    "retry-committed:4",
    "retry-given-up:1",
    "finishing:1",
]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_each_is_loaded_once(database, tmp_path, step):
    people(database)
    lines = [f"{n},{n + 1 if n % 50 else 201}" for n in range(1, 201)]
    path = written(tmp_path, [*lines, "201,", "202,999", "203,202", "201,"])
    arguments = ("import", path, "--database", database, "--chunk-size", "500B", "--table", "t",
                 "--max-rejects", "3")  # fmt: skip
    killed = command(*arguments, cwd=tmp_path, SNAPSHOTS_FAULT=step)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ((number,),) = execute(database, "SELECT MAX(id) FROM snapshots_imports")
    account(database)
    done = command("resume", number, "--database", database, "--max-rejects", "3", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "204 records = 201 loaded + 3 rejected + 0 skipped" in done.stdout
    loaded, rejects = account(database)
    assert loaded == {n + 1: n for n in range(1, 202)}
    assert rejects == dict.fromkeys((203, 204, 205), "refused_by_target")
    again = command(*arguments, cwd=tmp_path)
    assert again.returncode == 5


def test_what_waits_does_not_count_until_it_was_tried_again(database, tmp_path):
    people(database)
    path = written(tmp_path, [*(f"{n},5000" for n in range(1, 2001)), "5000,"])
    result = snapshots.load(path, database=database, max_rejects=0, chunk_size=2000)
    assert (result.outcome, result.counts.loaded) == ("finished", 2001)


@pytest.mark.parametrize("stops", [{"max_rejects": 3}, {"stop_on_error": True}])
def test_what_is_refused_in_the_end_counts(database, tmp_path, stops):
    people(database)
    path = written(
        tmp_path, [*(f"{n},{n + 1}" for n in range(1, 51)), *(f"{n},0" for n in range(60, 64))]
    )
    result = snapshots.load(path, database=database, chunk_size=100, **stops)
    assert (result.outcome, result.exit_code) == ("failed", 4), result.message
    loaded, rejects = account(database)
    # 50 refers to 51, which is not there, and 49 to 50...
    assert (len(loaded), len(rejects)) == (0, 54)
    assert set(rejects.values()) == {"refused_by_target"}
    number = result.record.import_id
    done = command("resume", number, "--database", database, "--max-rejects", "100%", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert account(database) == (loaded, rejects)


def test_stop_on_error_does_not_stop_at_a_child_before_its_parent(database, tmp_path):
    people(database)
    path = written(tmp_path, ["1,3", "2,1", "3,", "4,3"])
    result = snapshots.load(path, database=database, chunk_size=5, stop_on_error=True)
    assert (result.outcome, result.counts.loaded) == ("finished", 4)


def test_until_the_end_of_the_input_it_stands_as_rejected(database, tmp_path):
    people(database)
    path = written(tmp_path, ["1,4", "2,", "3,2", "4,"])
    options = ("--database", database, "--table", "t", "--chunk-size", "5B")
    first = command("import", path, *options, "--limit", "2", "--max-rejects", "0", cwd=tmp_path)
    assert first.returncode == 3, first.stderr
    assert account(database) == ({3: 2}, {2: "awaits_parent"})
    assert "1  awaits_parent" in first.stdout
    ((number,),) = execute(database, "SELECT MAX(id) FROM snapshots_imports")
    done = command("resume", number, "--database", database, "--max-rejects", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert account(database) == ({2: 1, 3: 2, 4: 3, 5: 4}, {})


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


def test_a_duplicate_that_waited(database, tmp_path):
    people(database)
    path = written(tmp_path, ["1,3", "1,", "2,3", "2,3", "3,"])
    result = snapshots.load(path, database=database, chunk_size=5, max_rejects="100%")
    loaded, rejects = account(database)
    assert sorted(loaded.values()) == [1, 2, 3]
    assert set(rejects.values()) == {"refused_by_target"}
    assert result.counts.rejected == 2
    reasons = [
        r.reason.lower() for r in snapshots.rejects(result.record.import_id, database=database)
    ]
    assert all("unique" in reason or "duplicate" in reason for reason in reasons)


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


def test_in_windows(database, tmp_path, monkeypatch):
    """Not all that waits is tried at once."""
    monkeypatch.setattr(awaiting_parents, "MOST_RECORDS", 7)
    people(database)
    rng = random.Random(3)
    ids = rng.sample(range(1, 400), 200)
    lines = [
        f"{id_},{'' if n == 150 else ids[rng.randint(n + 1, 150)] if n < 150 else 0}"
        for n, id_ in enumerate(ids)
    ]
    path = written(tmp_path, lines)
    snapshots.load(path, database=database, chunk_size=200, max_rejects="100%")
    loaded, rejects = account(database)
    assert (len(loaded), len(rejects)) == (151, 49)


def test_a_small_file_into_a_table_that_is_there(database, tmp_path):
    people(database)
    snapshots.load(written(tmp_path, ["1,"]), database=database)
    path = written(tmp_path, ["2,3", "3,1", "4,4", "5,6"])
    result = snapshots.load(path, database=database)
    assert result.counts == snapshots.Counts(4, 3, 1, 0)
    assert account(database) == ({2: 2, 3: 3, 4: 4}, {5: "refused_by_target"})


def paused(path, database, folder, step):
    """An import that has stopped itself at a step."""
    environment = {**os.environ, "SNAPSHOTS_FAULT": f"{step}:stop"}
    process = snapshots_process.start(
        ["import", path, "--database", database, "--table", "t", "--chunk-size", "500B",
         "--json", "--progress", "none", "--max-rejects", "100%"],
        env={**environment, "SNAPSHOTS_STATE_DIR": str(folder / "state")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    flags = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    wait_for(lambda: os.waitid(os.P_PID, process.pid, flags) is not None, 60)
    return process


def before_their_parents(folder):
    lines = [f"{n},{n + 1 if n % 50 else 201}" for n in range(1, 201)]
    return written(folder, [*lines, "201,", "202,999"])


def test_stopped_by_a_signal_it_goes_on_where_it_was(database, tmp_path):
    people(database)
    path = before_their_parents(tmp_path)
    process = paused(path, database, tmp_path, "retry-committed:1")
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)
    assert process.returncode == 143
    account(database)
    ((number, state),) = execute(database, "SELECT id, state FROM snapshots_imports")
    assert state == "interrupted"
    done = command("resume", number, "--database", database, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    loaded, rejects = account(database)
    assert (len(loaded), rejects) == (201, {203: "refused_by_target"})


@pytest.mark.parametrize("step", ["retry-moved:1", "retry-given-up:1"])
@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_a_connection_that_is_lost_is_made_again(request, server, tmp_path, step):
    database = request.getfixturevalue(f"{server}_url")
    people(database)
    process = paused(before_their_parents(tmp_path), database, tmp_path, step)
    with closing(LedgerSession(locations.target(database), create=False)) as books:
        (entry,) = books.ledger.entries()
        assert books.ledger.session.end_named(session_name(entry)) > 0
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    loaded, rejects = account(database)
    assert (len(loaded), rejects) == (201, {203: "refused_by_target"})


@pytest.mark.parametrize("step", ["retry-moved:1", "retry-committed:2"])
def test_an_owner_that_was_taken_over_writes_nothing(database, tmp_path, step):
    if kind(database) == "sqlite" and "moved" in step:
        pytest.skip("nobody can take the lock of a SQLite file")
    people(database)
    process = paused(before_their_parents(tmp_path), database, tmp_path, step)
    with closing(LedgerSession(locations.target(database), create=False)) as books:
        (entry,) = books.ledger.entries()
        age = lambda: books.ledger.entry(entry.import_id).heartbeat_age  # noqa: E731
        wait_for(lambda: age() > LEASE_SECONDS, 60)
    done = command("resume", entry.import_id, "--database", database, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    before = account(database)
    assert (len(before[0]), before[1]) == (201, {203: "refused_by_target"})
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "lost_lease" in out
    assert account(database) == before


@pytest.mark.parametrize("server", ["postgres", "mysql"])
def test_stopped_while_it_waits_for_a_lock(request, server, tmp_path):
    database = request.getfixturevalue(f"{server}_url")
    people(database)
    process = paused(before_their_parents(tmp_path), database, tmp_path, "retry-begun:2")
    session = locations.target(database).connect(create=False)
    with closing(session), session.transaction():
        session.execute("SELECT * FROM snapshots_rejects FOR UPDATE")
        process.send_signal(signal.SIGCONT)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 143
    ((number,),) = execute(database, "SELECT id FROM snapshots_imports")
    done = command("resume", number, "--database", database, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert len(account(database)[0]) == 201


def test_metrics_count_what_is_decided(database, tmp_path):
    people(database)
    heard = []
    added = EventTotals(locations.TargetSearch(database))

    def listener(event):
        added(event)
        heard.append(added.sums())

    path = written(tmp_path, [*(f"{n},{n + 1}" for n in range(1, 20)), "20,", "21,0"])
    snapshots.load(path, database=database, chunk_size=20, listener=listener)
    for before, after in itertools.pairwise(heard):
        assert before.counts.rejected <= after.counts.rejected
        assert before.counts.loaded <= after.counts.loaded
        assert after.counts.balanced
        assert sum(after.rejects_by_code.values()) == after.counts.rejected
    assert heard[-1].counts == snapshots.Counts(21, 20, 1, 0)
    assert heard[-1].rejects_by_code == {"refused_by_target": 1}
