"""kill -9 at every step of a replay, in any order of corrections: nothing is lost, nothing is
twice, and in the end the table holds what the corrected file would have given."""

import os
import random
import signal

import pytest

import snapshots
from tests.repair.files import balanced, edited, entry, exported, held, sound, written
from tests.support import snapshots_process
from tests.support.processes import PATIENCE
from tests.verify.loaded import execute

ROWS = 2400
STEPS = [
    "replay-begun",
    "replay-loaded",
    "replay-settled",
    "replay-before-commit",
    "replay-committed",
]
CONTRACT = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "name", "type": "string"},
        {"name": "day", "type": "date"},
    ],
    "primaryKey": ["id"],
}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def process(database, state, *arguments, fault=""):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SNAPSHOTS_")}
    fault = {"SNAPSHOTS_FAULT": fault} if fault else {}
    return snapshots_process.run(
        [*arguments, "--database", database],
        env={**clean, "SNAPSHOTS_STATE_DIR": str(state), **fault},
        timeout=PATIENCE,
    )


def broken(number, chance):
    """A record as the input has it, and as it is meant."""
    good = [str(number), f"name {number}", f"2024-01-{number % 28 + 1:02}"]
    kind = chance.randrange(6)
    if kind == 0:
        return f"{good[0]},{good[1]},{good[2].replace('-', '/')}", good
    if kind == 1:
        return f"x{good[0]},{good[1]},{good[2]}", good
    if kind == 2:
        return f"{good[0]},{good[1]}", good
    if kind == 3:
        return f'{good[0]},"{good[1]}"x,{good[2]}', good
    return ",".join(good), None


def files(folder, chance, rows=ROWS):
    """A file with broken records, the corrected one, and the corrections by line."""
    records, corrected, wanted = [], [], {}
    for number in range(rows):
        text, good = broken(number, chance)
        records.append(text)
        corrected.append(text if good is None else ",".join(good))
        if good is not None:
            wanted[number + 2] = good
    paths = folder / "dirty.csv", folder / "clean.csv"
    for path, lines in zip(paths, (records, corrected), strict=True):
        path.write_text("id,name,day\n" + "".join(f"{line}\n" for line in lines))
    return *paths, wanted


def loaded(database, path, **options):
    given = {"contract": CONTRACT, "max_rejects": 10_000, "table": "t", "chunk_size": 8000}
    result = snapshots.load(path, database=database, **given | options)
    assert result.outcome == "finished"
    return result.record


def corrections(rows, wanted):
    changes = {
        line: {"id": good[0], "name": good[1], "day": good[2], "_record": ""}
        for line, good in wanted.items()
    }
    return edited(rows, changes)


@pytest.mark.parametrize("step", STEPS)
def test_killed_and_given_again(database, tmp_path, step):
    chance = random.Random(STEPS.index(step))
    dirty, clean, wanted = files(tmp_path, chance)
    loaded(database, dirty)
    header, *rows = corrections(exported(database, tmp_path), wanted)
    chance.shuffle(rows)
    path = written(tmp_path, [header, *rows])
    for time in ("1", "2"):
        before = entry(database)
        killed = process(
            database, tmp_path / "state", "replay", "1", str(path), fault=f"{step}:{time}"
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        balanced(database)
        taken = entry(database).loaded - before.loaded
        committed = time == "2" or step == "replay-committed"
        assert taken in ((1000, len(wanted) - 1000) if committed else (0,))
    done = process(database, tmp_path / "state", "replay", "1", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    balanced(database)
    one = entry(database)
    assert (one.records, one.loaded, one.rejected, one.open) == (ROWS, ROWS, 0, 0)
    assert one.corrected == len(wanted)
    # Each once in the history.
    found = execute(database, "SELECT COUNT(*), COUNT(DISTINCT line) FROM snapshots_corrections")
    assert found == [(len(wanted), len(wanted))]
    sound(database)
    as_corrected(database, tmp_path, clean)


def as_corrected(database, folder, clean):
    """The table has the rows that the corrected file gives."""
    del folder
    loaded(database, clean, table="clean")
    columns = "id, name, day, _line"
    assert held(database, columns) == held(database, columns, "clean")


@pytest.mark.parametrize("seed", range(3))
def test_any_order_with_kills_between(database, tmp_path, seed):
    """Some corrections are wrong at first, some come without a file of all, each run may die."""
    chance = random.Random(seed)
    dirty, clean, wanted = files(tmp_path, chance, 300)
    loaded(database, dirty)
    state = tmp_path / "state"
    while wanted:
        rows = exported(database, tmp_path)
        assert {int(row[0]) for row in rows[1:]} == set(wanted)
        part = dict(chance.sample(sorted(wanted.items()), chance.randint(1, len(wanted))))
        given = {
            line: [good[0], good[1], "never"] if chance.random() < 0.2 else good
            for line, good in part.items()
        }
        header, *rows = corrections(rows, given)
        rows = [row for row in rows if int(row[0]) in part or chance.random() < 0.5]
        chance.shuffle(rows)
        path = written(tmp_path, [header, *rows], delimiter=chance.choice(",;\t"))
        if chance.random() < 0.5:
            fault = f"{chance.choice(STEPS)}:1"
            process(database, state, "replay", "1", str(path), fault=fault)
            balanced(database)
        done = process(database, state, "replay", "1", str(path))
        balanced(database)
        for line, good in given.items():
            if good == wanted[line]:
                del wanted[line]
        assert done.returncode == (3 if wanted else 0), done.stdout + done.stderr
        assert entry(database).open == len(wanted)
        sound(database)
    as_corrected(database, tmp_path, clean)


@pytest.mark.parametrize("mode", ["upsert", "history"])
@pytest.mark.parametrize("step", ["replay-loaded", "replay-before-commit", "replay-committed"])
def test_killed_where_rows_are_found_by_key(database, tmp_path, mode, step):
    before = tmp_path / "before.csv"
    before.write_text("id,name,day\n" + "".join(f"{n},old,2024-01-01\n" for n in range(9000, 9100)))
    loaded(database, before, mode=mode, as_of="2024-01-01")
    rows = sorted(execute(database, "SELECT * FROM t"), key=str)
    dirty, _, wanted = files(tmp_path, random.Random(7))
    with dirty.open("a") as file:
        file.write("9001,new,2024-01-02\n")
    number = loaded(database, dirty, mode=mode, as_of="2024-02-01").import_id
    fixed = written(tmp_path, corrections(exported(database, tmp_path, number), wanted))
    state = tmp_path / "state"
    killed = process(database, state, "replay", str(number), str(fixed), fault=f"{step}:1")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    balanced(database)
    done = process(database, state, "replay", str(number), str(fixed))
    assert done.returncode == 0, done.stdout + done.stderr
    balanced(database)
    one = entry(database, number)
    assert (one.loaded, one.inserted, one.updated) == (ROWS + 1, ROWS, 1)
    if mode == "upsert":
        assert sound(database, number).equal == ROWS + 1
    done = process(database, state, "undo", str(number))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(execute(database, "SELECT * FROM t"), key=str) == rows
