"""Unfinished imports: stopped, over budget, with a changed input, taken by two."""

import fcntl
import signal
import struct
import subprocess
import sys
import termios
from urllib.parse import unquote, urlsplit

import pytest

import snapshots
from snapshots import locations
from tests.support.command import objects
from tests.support.command import snapshots as command
from tests.support.killed_imports import check, committed_chunks, make_file, schema_file, start
from tests.support.processes import (
    PATIENCE,
    ending_soon,
    finish,
    go_on,
    held,
    interrupted,
    wait_for,
)


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


FEW = 150
"""Chunks of hundreds that may still be committed while a signal is on its way to a busy process."""
AWAY_SECONDS = 5
"""To the end where the database is away, and is asked once more."""


def loading(database, made, contract, state, **how):
    """An import that stops itself when some chunks are committed."""
    return start(database, made, contract, state, "after-commit:3:stop", "32KB", **how)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_within_two_seconds_and_says_how_to_go_on(database, tmp_path, number):
    made = make_file(tmp_path / "t.csv", 400_000)
    contract = schema_file(tmp_path)
    process = loading(database, made, contract, tmp_path / "state")
    held(process)
    committed = committed_chunks(database)
    code, result, err = interrupted(process, number)
    assert committed_chunks(database) - committed < FEW
    assert code == 128 + number, err
    assert result["state"] == "interrupted"
    assert 0 < result["loaded"] < len(made.good)
    assert "snapshots resume 1" in result["hint"]
    listed = command("list", made.path, "--database", database, cwd=tmp_path)
    assert f"{made.path}: interrupted: import 1 " in listed.stdout
    rest = command("resume", "1", "--database", database, "--json", cwd=tmp_path)
    assert rest.returncode == 3, rest.stderr
    check(database, made)


def test_a_changed_file_is_refused(database, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,name\n" + "".join(f"{n},x\n" for n in range(100)))
    first = snapshots.load(path, database=database, limit=10)
    assert first.outcome == "limited"
    path.write_text("id,name\n" + "".join(f"{n},y\n" for n in range(100)))
    with pytest.raises(snapshots.SnapshotsError, match="has changed since import 1 began"):
        snapshots.resume(1, database=database)
    assert snapshots.history(database)[0].loaded == 10


def test_a_finished_import_has_nothing_to_resume(database, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id\n1\n")
    snapshots.load(path, database=database)
    done = snapshots.resume(1, database=database)
    assert done.outcome == "already_imported"
    assert done.hint.startswith(f"To load it again: snapshots import {path}")
    assert done.hint.endswith(" --again")
    with pytest.raises(snapshots.SnapshotsError, match="has no import 7"):
        snapshots.resume(7, database=database)


def test_past_the_budget_everything_is_still_accounted_for(database, tmp_path):
    path = tmp_path / "t.csv"
    with path.open("w") as file:
        file.write("id,name\n")
        for n in range(5000):
            file.write(f"{n}\n" if n % 3 == 0 else f"{n},x\n")
    result = snapshots.load(path, database=database, chunk_size=8192)
    assert (result.outcome, result.exit_code) == ("failed", 4)
    assert result.counts.balanced
    assert 1000 <= result.counts.records < 5000
    done = snapshots.resume(1, database=database, max_rejects="100%")
    assert done.outcome == "finished"
    assert (done.counts.records, done.counts.rejected) == (5000, 1667)


def test_rows_that_the_database_refuses_are_found(database, tmp_path):
    session = locations.target(database).connect()
    try:
        session.execute("CREATE TABLE t (id integer PRIMARY KEY, n integer CHECK (n < 1000))")
        session.execute("INSERT INTO t (id, n) VALUES (500, 1)")
    finally:
        session.close()
    path = tmp_path / "t.csv"
    with path.open("w") as file:
        file.write("id,n\n")
        for n in range(2000):
            file.write(f"{n},{5000 if n in (7, 1999) else n % 1000}\n")
        file.write("42,1\n")
    result = snapshots.load(path, database=database, table="t")
    assert result.exit_code == 3, result.message
    assert result.rejects_by_code == {"refused_by_target": 4}
    rejects = list(snapshots.rejects(1, database=database))
    assert [reject.line for reject in rejects] == [9, 502, 2001, 2002]
    assert [reject.raw for reject in rejects] == [b"7,5000", b"500,500", b"1999,5000", b"42,1"]
    assert all(reject.reason for reject in rejects)
    assert result.counts.loaded == 1997


def test_two_loaders_of_one_file_make_one_import(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 200_000)
    contract = schema_file(tmp_path)
    both = [start(database, made, contract, tmp_path / "state") for _ in range(2)]
    ends = [finish(process) for process in both]
    codes = sorted(code for code, _, _ in ends)
    assert codes[0] in (1, 3), ends
    assert 3 in codes, ends
    check(database, made)


def test_a_wrong_password(tmp_path, postgres_url, mysql_url):
    path = tmp_path / "t.csv"
    path.write_text("id\n1\n")
    for url in (postgres_url, mysql_url):
        host = url.rpartition("@")[2]
        wrong = f"{url.partition('://')[0]}://somebody:canary-secret@{host}"
        done = command("import", path, "--database", wrong, cwd=tmp_path)
        assert done.returncode == 6, done.stderr
        assert "canary-secret" not in done.stdout + done.stderr


def test_no_secret_in_the_process_list_or_ledger(tmp_path, postgres_url):
    path = tmp_path / "t.csv"
    path.write_text("id\n1\n")
    done = command("import", path, "--database", postgres_url, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = urlsplit(postgres_url).password
    remembered = (tmp_path / "state" / "databases.json").read_text()
    for secret in (written, unquote(written)):
        assert secret not in done.stdout + done.stderr + remembered
    session = locations.target(postgres_url).connect()
    try:
        (row,) = session.execute("SELECT i::text FROM snapshots_imports i")
    finally:
        session.close()
    assert unquote(written) not in row[0]


def test_the_input_is_rewritten_while_it_is_loaded(database, tmp_path):
    made = make_file(tmp_path / "t.csv", 400_000)
    contract = schema_file(tmp_path)
    process = loading(database, made, contract, tmp_path / "state")
    held(process)
    with made.path.open("a") as file:
        file.write("1,late,2,2024-01-01 00:00:00\n")
    go_on(process)
    code, result, err = finish(process)
    assert code == 1, (err, result)
    assert result["state"] == "failed"
    assert "changed" in result["message"]


def test_a_cut_gzip_fails_and_accounts_for_what_was_before(database, tmp_path):
    import gzip

    text = "id,name\n" + "".join(f"{n},name {n * 7919}\n" for n in range(300_000))
    packed = gzip.compress(text.encode())
    path = tmp_path / "t.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    result = snapshots.load(path, database=database, chunk_size=65536, max_rejects="100%")
    assert (result.outcome, result.exit_code) == ("failed", 1), result
    assert result.record.state == "failed"
    assert result.counts.balanced
    assert 0 < result.counts.loaded < 300_000


def test_exit_code_of_several_inputs(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_bytes(b"PAR1")
    done = command("import", "a.csv", "b.csv", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert [o.get("outcome") for o in objects(done)] == ["finished", "failed"]


def test_a_large_file_that_was_moved_is_still_the_same(tmp_path, sqlite_url):
    """Its hash is not known before its end; what is loaded of it tells."""
    path = tmp_path / "big.csv"
    line = b"1234567,some text that fills the line,2024-01-01 00:00:00\n"
    path.write_bytes(b"id,name,at\n" + line * 1_300_000)
    assert path.stat().st_size > 64 << 20
    first = snapshots.load(path, database=sqlite_url, table="t", limit=700_000)
    assert first.record.content_hash is None
    moved = tmp_path / "moved.csv"
    moved.write_bytes(path.read_bytes())
    path.unlink()
    other = moved.read_bytes()
    at = len(line) * 200_000 + len(b"id,name,at\n")
    moved.write_bytes(other[:at] + b"9" + other[at + 1 :])
    changed = snapshots.load(moved, database=sqlite_url, table="t", limit=1)
    assert changed.record.import_id == 2, "a file changed in its middle is another one"
    moved.write_bytes(other)
    rest = snapshots.load(moved, database=sqlite_url, table="t")
    assert (rest.record.import_id, rest.counts.loaded) == (1, 1_300_000)
    assert (
        rest.record.content_hash == snapshots.load(moved, database=sqlite_url).record.content_hash
    )


def test_a_stream_goes_on_when_it_is_given_again(tmp_path, sqlite_url):
    data = b"id,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 80) for n in range(400_000))
    common = ["import", "-", "--table", "t", "--database", sqlite_url, "--json"]
    first = command(*common, "--limit", "300000", cwd=tmp_path, stdin=data)
    assert objects(first)[0]["outcome"] == "limited", first.stderr
    assert "same stream" in objects(first)[0]["hint"]
    spoilt = bytearray(data)
    spoilt[17 << 20] ^= 1
    other = command(*common, cwd=tmp_path, stdin=bytes(spoilt))
    assert other.returncode == 1
    assert "have changed since they were loaded" in other.stderr + other.stdout
    rest = command(*common, cwd=tmp_path, stdin=data)
    (result,) = objects(rest)
    assert (result["import_id"], result["loaded"], result["state"]) == (1, 400_000, "finished")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_the_database_is_away(own_server, tmp_path, number):
    """The ledger cannot be told; the exit code is the signal's all the same."""
    database = own_server.url("db")
    made = make_file(tmp_path / "t.csv", 400_000)
    contract = schema_file(tmp_path)
    state = tmp_path / "state"
    process = loading(database, made, contract, state, progress="plain")
    held(process)
    own_server.kill()
    go_on(process)
    while "retrying for up to" not in process.stderr.readline():
        assert process.poll() is None
    code, result, err = interrupted(process, number, AWAY_SECONDS)
    assert code == 128 + number, err
    assert result["error"]["code"] == "stopped"
    assert "snapshots resume 1" in result["error"]["hint"]
    own_server.start()
    rest = command("resume", "1", "--database", database, "--json", cwd=tmp_path)
    assert rest.returncode == 3, rest.stderr
    check(database, made)


def unread(pipe):
    """Bytes that were written into it, and that nobody has read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def test_ctrl_c_before_anything_is_loaded(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "snapshots", "import", "-", "--table", "t"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(b"id,name\n1,Ann\n")
    process.stdin.flush()
    wait_for(lambda: not unread(process.stdin))
    with ending_soon(process):
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert b"Traceback" not in process.stderr.read()
    process.stdin.close()
    process.stderr.close()
