"""`--files N`: several inputs of one command at once, each an import of its own."""

import json
import os
import signal
import subprocess
import threading

import pytest

import snapshots
from snapshots import locations
from snapshots.cli.progress_lines import Figures
from snapshots.engine.events import Failed, ImportResult, Opened, Progress
from snapshots.engine.plan.options import Options
from snapshots.engine.run import together
from snapshots.engine.run.input_order import sequences_of
from snapshots.model import Counts
from tests.support import snapshots_process
from tests.support.processes import PATIENCE, ending_soon, go_on, held

MODES = ["append", "replace", "upsert", "mirror", "history"]


def rows(first, count):
    return "id,name\n" + "".join(f"{n},name {n}\n" for n in range(first, first + count))


def numbers(url, table):
    session = locations.target(url).connect(create=False)
    try:
        return sorted(number for (number,) in session.execute(f"SELECT id FROM {table}"))
    finally:
        session.close()


def names(found):
    return [name.rpartition("/")[2] for name, _ in found]


def outcomes(found):
    return [getattr(one, "outcome", type(one).__name__) for _, one in found]


def command(*arguments, state, **options):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SNAPSHOTS_")}
    return snapshots_process.run(
        ["import", "--progress", "none", "--json", *arguments],
        env={**clean, "SNAPSHOTS_STATE_DIR": str(state), **options},
        timeout=PATIENCE,
    )


def said(run):
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_two_pipes_are_read_at_once_and_told_in_order(postgres_url, tmp_path):
    """One after the other, the second would never be opened: the first ends after it."""
    (tmp_path / "0.csv").write_text(rows(0, 10))
    pipes = [tmp_path / "1.csv", tmp_path / "2.csv"]
    for pipe in pipes:
        os.mkfifo(pipe)

    def write():
        for number, pipe in reversed(list(enumerate(pipes, 1))):
            pipe.write_text(rows(10 * number, 10))

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    run = command(
        str(tmp_path / "0.csv"), *map(str, pipes), "--table", "t", "--files", "2",
        "--database", postgres_url, state=tmp_path / "state",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert [one["input"].rpartition("/")[2] for one in said(run)] == ["0.csv", "1.csv", "2.csv"]
    assert numbers(postgres_url, "t") == list(range(30))
    writer.join()


@pytest.mark.parametrize("mode", MODES)
def test_all_modes_do_what_they_do_one_after_the_other(database, tmp_path, mode):
    """Three tables, each with four dated versions that change, add and remove rows."""
    folder = tmp_path / "data"
    folder.mkdir()
    for table in ("customers", "orders", "items"):
        for day in range(1, 5):
            lines = (f"{n},{table}{day if n % 2 else 1}\n" for n in range(day, day + 20))
            (folder / f"{table}_2024-01-0{day}.csv").write_text("id,name\n" + "".join(lines))
    given = {"mode": mode, "max_deletes": "100%"}
    if mode not in ("append", "replace"):
        given["primary_key"] = ("id",)
    alone = f"sqlite:///{tmp_path / 'alone.db'}"
    one_by_one = list(snapshots.load_many([folder], database=alone, **given))
    at_once = list(snapshots.load_many([folder], database=database, files=4, **given))
    assert names(at_once) == names(one_by_one)
    assert outcomes(at_once) == outcomes(one_by_one) == ["finished"] * 12
    for table in ("customers", "orders", "items"):
        assert numbers(database, table) == numbers(alone, table)


def test_what_fails_stops_no_other_and_another_one_makes_the_table(postgres_url, tmp_path):
    inputs = [tmp_path / f"{n}.csv" for n in range(6)]
    for number, path in enumerate(inputs):
        path.write_text(rows(10 * number, 10))
    inputs[0].write_text("")
    inputs[3].write_text("other,columns\n1,2\n")
    run = command(
        *map(str, inputs), "--table", "t", "--files", "3", "--database", postgres_url,
        state=tmp_path / "state",
    )  # fmt: skip
    alone = command(
        *map(str, inputs), "--table", "t", "--database", f"sqlite:///{tmp_path / 'alone.db'}",
        state=tmp_path / "state",
    )  # fmt: skip
    assert [one["outcome"] for one in said(run)] == [one["outcome"] for one in said(alone)]
    assert run.returncode == alone.returncode != 0
    assert numbers(postgres_url, "t") == [*range(10, 30), *range(40, 60)]


@pytest.fixture
def groups(monkeypatch):
    """The sizes of the groups that were committed."""
    sizes = []
    real = together.import_group

    def counting(*arguments):
        done = real(*arguments)
        sizes.append(len(done))
        return done

    monkeypatch.setattr(together, "import_group", counting)
    return sizes


def test_small_files_go_in_groups_and_the_others_alone(database, tmp_path, groups):
    """Between them: a large one, an empty one, one with a reject, and one of another form."""
    large, empty, rejected, other = 40, 41, 42, 90
    for number in range(120):
        lines = 300_000 if number == large else 10
        text = rows(1_000_000 if number == large else 10 * number, lines)
        text = {empty: "", other: "id;name\n-1;x\n"}.get(number, text)
        (tmp_path / f"{number:03}.csv").write_text(text + "x,bad\n" * (number == rejected))
    given = {"database": database, "table": "t", "files": 3, "max_rejects": "100%"}
    found = list(snapshots.load_many([tmp_path], **given))
    assert names(found) == [f"{number:03}.csv" for number in range(120)]
    wrong = {number for number, one in enumerate(outcomes(found)) if one != "finished"}
    assert wrong == {empty}
    assert found[rejected][1].counts.rejected == 1
    one_writer = locations.target(database).writers == 1
    alone = {large, empty, other}
    assert sum(groups) > (0 if one_writer else 60)
    expected = {n for k in range(120) if k not in alone for n in range(10 * k, 10 * k + 10)}
    expected |= {*range(1_000_000, 1_300_000), -1}
    assert numbers(database, "t") == sorted(expected)
    imports = [one.record.import_id for _, one in found if isinstance(one, ImportResult)]
    assert len(set(imports)) == len(imports) == 119
    assert {one.outcome for _, one in snapshots.load_many([tmp_path], **given)
            if isinstance(one, ImportResult)} == {"already_imported"}  # fmt: skip


@pytest.mark.parametrize("size", [10, 200_000])
def test_the_same_bytes_are_loaded_once(postgres_url, tmp_path, size):
    """Whether one transaction loads them, or many."""
    (tmp_path / "a.csv").write_text(rows(0, 1))
    for name in "bcdef":
        (tmp_path / f"{name}.csv").write_text(rows(1, size))
    found = list(
        snapshots.load_many(
            sorted(tmp_path.glob("*.csv")), database=postgres_url, table="t", files=4
        )
    )
    assert names(found) == ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv", "f.csv"]
    assert sorted(outcomes(found)) == ["already_imported"] * 4 + ["finished"] * 2
    assert numbers(postgres_url, "t") == list(range(size + 1))


def test_ctrl_c_interrupts_all_of_them_and_the_same_command_goes_on(postgres_url, tmp_path):
    inputs = [tmp_path / f"{n}.csv" for n in range(6)]
    for number, path in enumerate(inputs):
        path.write_text(rows(10_000 * number, 10_000))
    arguments = [
        "import", *map(str, inputs), "--table", "t", "--files", "3", "--database", postgres_url,
        "--chunk-size", "16KB", "--progress", "none", "--json",
    ]  # fmt: skip
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SNAPSHOTS_")}
    state = {**clean, "SNAPSHOTS_STATE_DIR": str(tmp_path / "state")}
    process = snapshots_process.start(
        arguments, env={**state, "SNAPSHOTS_FAULT": "after-commit:20:stop"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    held(process)
    with ending_soon(process):
        process.send_signal(signal.SIGINT)
        go_on(process)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    run = command(*arguments[1:-3], state=tmp_path / "state")
    assert run.returncode in (0, 5), run.stderr
    assert [one["input"] for one in said(run)] == [str(path) for path in inputs]
    assert numbers(postgres_url, "t") == list(range(60_000))


def test_who_stops_iterating_stops_the_rest(postgres_url, tmp_path):
    for number in range(50):
        (tmp_path / f"{number:02}.csv").write_text(rows(10 * number, 10))
    heard = []
    found = snapshots.load_many(
        [tmp_path], database=postgres_url, table="t", files=3, listener=heard.append
    )
    name, first = next(found)
    assert (name.rpartition("/")[2], first.outcome) == ("00.csv", "finished")
    found.close()
    opened = sum(isinstance(one, Opened) for one in heard)
    ended = sum(isinstance(one, ImportResult | Failed) for one in heard)
    assert opened == ended
    ids = numbers(postgres_url, "t")
    assert (
        len(ids)
        == len(set(ids))
        == 10 * sum(isinstance(one, ImportResult) and one.outcome == "finished" for one in heard)
    )
    rest = list(snapshots.load_many([tmp_path], database=postgres_url, table="t", files=3))
    assert len(rest) == 50
    assert numbers(postgres_url, "t") == list(range(500))


def test_an_error_of_the_listener_ends_all(postgres_url, tmp_path):
    for number in range(20):
        (tmp_path / f"{number:02}.csv").write_text(rows(10 * number, 10))

    class Broken(Exception):
        pass

    def listener(event):
        if isinstance(event, ImportResult) and event.given.endswith("05.csv"):
            raise Broken

    with pytest.raises(Broken):
        list(
            snapshots.load_many(
                [tmp_path], database=postgres_url, table="t", files=3, listener=listener
            )
        )
    names_of_threads = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names_of_threads if name.startswith("snapshots-input")]


@pytest.mark.parametrize("files", [0, -1])
def test_less_than_one_at_once_makes_no_sense(sqlite_url, tmp_path, files):
    (tmp_path / "a.csv").write_text(rows(0, 1))
    with pytest.raises(snapshots.SnapshotsError, match=f"Files is {files}"):
        list(snapshots.load_many([tmp_path / "a.csv"], database=sqlite_url, files=files))


def test_the_next_input_makes_the_table_that_the_first_one_did_not_make():
    (first,) = sequences_of(["a.csv", "b.csv", "c.csv"], Options(table="t"), 2)
    first.names.popleft()
    assert [list(one.names) for one in first.left()] == [["b.csv"], ["c.csv"]]
    (second,) = first.left(made_the_table=False)
    assert list(second.names) == ["b.csv"]
    second.names.popleft()
    assert [list(one.names) for one in second.left()] == [["c.csv"]]


def test_the_line_on_a_terminal_adds_up_what_runs_at_once():
    def progress(number, total):
        return Progress(number, f"{number}.csv", Counts(10, 9, 1), 50, total, 2.0 * number)

    assert Figures.of_all([progress(1, 100)]) == Figures.of(progress(1, 100))
    both = Figures.of_all([progress(1, 100), progress(2, 100)])
    assert (both.name, both.rows, both.rejected, both.bytes_done) == ("2 inputs", 18, 2, 100)
    assert both.share == 0.5
    assert Figures.of_all([progress(1, 100), progress(2, None)]).share is None
