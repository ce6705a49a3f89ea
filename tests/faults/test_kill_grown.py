"""Killed anywhere while a file grows, every row of the file is in the table once."""

import gzip
import signal

import pytest

import snapshots
from tests.support.input_files import rows
from tests.support.killed_imports import Made, schema_file, start
from tests.support.processes import PATIENCE, finish, go_on, held

IN_ONE = ["before-claim", "after-claim", "mid-write", "before-commit", "after-commit"]
LONG = [*IN_ONE, "begun", "before-finish", "finishing", "before-commit:3", "after-commit:3"]


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def lines(start, end):
    return "".join(f"{n},name {n},1.5,2024-01-01 00:00:00\n" for n in range(start, end)).encode()


def add(path, data):
    with path.open("ab") as file:
        file.write(data)


class Log:
    """A file that is imported by processes of its own."""

    def __init__(self, database, folder, name="t.csv"):
        self.database = database
        self.folder = folder
        self.path = folder / name
        self.contract = schema_file(folder)

    def run(self, fault="", chunk_size="8MB"):
        made = Made(self.path)
        state = self.folder / "state"
        return start(self.database, made, self.contract, state, fault, chunk_size)

    def killed(self, fault, chunk_size="8MB"):
        process = self.run(fault, chunk_size)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL, fault

    def done(self):
        code, result, err = finish(self.run())
        assert code in (0, 5), (err, result)
        return result

    def has(self, end):
        there = rows(self.database, "SELECT id, _line FROM t ORDER BY id, _line")
        assert there == [(n, n + 1) for n in range(1, end)]


@pytest.mark.parametrize("fault", LONG)
def test_while_the_rest_is_loaded(database, tmp_path, fault):
    log = Log(database, tmp_path)
    log.path.write_bytes(b"id,name,amount,at\n" + lines(1, 500))
    log.done()
    add(log.path, lines(500, 3000))
    log.killed(fault, "4KB")
    if fault in LONG[1::2]:
        # It has grown again before anybody goes on.
        add(log.path, lines(3000, 3100))
    log.done()
    add(log.path, lines(3100 if fault in LONG[1::2] else 3000, 3200))
    log.done()
    log.has(3200)
    assert log.done()["outcome"] == "already_imported"


@pytest.mark.parametrize("fault", IN_ONE)
def test_while_a_small_rest_is_loaded(database, tmp_path, fault):
    log = Log(database, tmp_path)
    log.path.write_bytes(b"id,name,amount,at\n" + lines(1, 50))
    log.done()
    for turn in range(3):
        add(log.path, lines(50 + 10 * turn, 60 + 10 * turn))
        log.killed(fault)
        log.done()
    log.has(80)


@pytest.mark.parametrize("fault", [*LONG, "created"])
def test_while_the_beginning_is_loaded(database, tmp_path, fault):
    log = Log(database, tmp_path)
    log.path.write_bytes(b"id,name,amount,at\n" + lines(1, 2000))
    log.killed(fault, "4KB")
    add(log.path, lines(2000, 2500))
    log.killed("takes-more" if fault != "finishing" else "before-finish", "4KB")
    log.done()
    log.has(2500)
    assert log.done()["outcome"] == "already_imported"


def test_packed(database, tmp_path):
    log = Log(database, tmp_path, "t.csv.gz")
    log.path.write_bytes(gzip.compress(b"id,name,amount,at\n" + lines(1, 2000)))
    log.killed("after-commit:3", "4KB")
    log.path.write_bytes(gzip.compress(b"id,name,amount,at\n" + lines(1, 2500)))
    log.done()
    add(log.path, gzip.compress(lines(2500, 4000)))
    log.killed("before-commit:4", "4KB")
    log.done()
    log.has(4000)


def test_it_grows_while_it_is_loaded(database, tmp_path):
    """The line that is being written is not taken for a whole one."""
    log = Log(database, tmp_path)
    log.path.write_bytes(b"id,name,amount,at\n" + lines(1, 2000) + b"2000,na")
    process = log.run("after-commit:3:stop", "4KB")
    held(process)
    add(log.path, b"me 2000,1.5,2024-01-01 00:00:00\n20")
    go_on(process)
    code, result, _ = finish(process)
    assert (code, result["state"], result["loaded"]) == (1, "failed", result["records"])
    add(log.path, b"01,name 2001,1.5,2024-01-01 00:00:00\n")
    assert log.done()["import_id"] == 1
    log.has(2002)


def test_stopped_and_resumed_by_number(database, tmp_path):
    log = Log(database, tmp_path)
    log.path.write_bytes(b"id,name,amount,at\n" + lines(1, 500))
    log.done()
    add(log.path, lines(500, 3000))
    log.killed("after-commit:4", "4KB")
    add(log.path, lines(3000, 3005))
    assert snapshots.resume(2, database=database).outcome == "finished"
    log.has(3005)
