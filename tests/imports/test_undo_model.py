"""Random sequences of files, late files, undos and prunes against a plain model of the table, on
all targets."""

import os
import random
import zlib
from contextlib import closing

import pytest

import snapshots
from snapshots import locations
from snapshots.engine.publishing.prune import prune
from snapshots.errors import Forbids
from tests.verify.loaded import execute

STEPS = 16
CONTRACT = {"fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]}


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


NOW = "now"
"""The date of a version that has none: it is later than those of before."""


class Published:
    """An import whose rows were published, and what the table held before."""

    def __init__(self, number, mode, rows, before, keep, date):
        self.number, self.mode, self.rows = number, mode, rows
        self.before, self.date = before, date
        self.keep = keep
        self.freed = keep == 0


class TableModel:
    """What the table holds, by plain Python: rows with the numbers of their imports."""

    def __init__(self):
        self.rows, self.published, self.undone = [], [], set()

    def outcome(self, mode, rows, date):
        """The exit code of a file that is loaded."""
        if mode != "replace":
            return 0
        versions = [one for one in self.published if one.mode == "replace"]
        same = [one for one in versions if [row[1:] for row in one.rows] == rows]
        if same and (date == NOW or date in [one.date for one in same]):
            return 5
        # As text, NOW is later than each date.
        return 1 if any(one.date > date for one in versions) else 0

    def load(self, number, mode, rows, keep, date):
        """Publishes the rows of a file."""
        own = [(number, *row) for row in rows]
        self.published.append(Published(number, mode, own, self.rows, keep, date))
        self.rows = own if mode == "replace" else self.rows + own

    def undo(self, number):
        """Whether it can be undone; then it is."""
        (one,) = (one for one in self.published if one.number == number)
        if one.mode == "replace":
            newest = [other for other in self.published if other.mode == "replace"][-1]
            if newest is not one or sorted(self.rows) != sorted(one.rows):
                return False
            if one.before and one.freed:
                return False
            # An import that was undone meanwhile does not come back with them.
            self.rows = [row for row in one.before if row[0] not in self.undone]
        else:
            self.rows = [row for row in self.rows if row[0] != number]
        self.undone.add(number)
        self.published.remove(one)
        return True

    def prune(self):
        """Frees what only older versions need."""
        versions = [one for one in self.published if one.mode == "replace"]
        keep = versions[-1].keep if versions else 0
        for one in versions[: len(versions) - keep]:
            one.freed = True


KINDS = ("postgres_url", "mysql_url", "sqlite_url")


@pytest.mark.parametrize("seed", range(9))
def test_the_table_is_what_the_model_says(request, tmp_path, seed):
    follow(request.getfixturevalue(KINDS[seed % 3]), tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(9, 9 + int(os.environ.get("SNAPSHOTS_TEST_MODELS", "150"))))
def test_longer_sequences(request, tmp_path, seed):
    follow(request.getfixturevalue(KINDS[seed % 3]), tmp_path, seed, steps=60)


def follow(database, folder, seed, steps=STEPS):
    """Does as many things at random, and compares the table with the model after each."""
    rng = random.Random(f"undo {seed}")
    model = TableModel()
    pool = [
        [(rng.randrange(99), f"name {n}") for n in range(rng.choice([1, 2, 5, 30]))]
        for _ in range(5)
    ]
    loaded = False
    for step in range(steps):
        what = rng.choice(["load", "load", "load", "undo", "undo", "prune"])
        if what == "load":
            load(rng, model, database, folder, rng.choice(pool), (seed, step))
            loaded = True
        elif what == "undo" and model.published:
            number = rng.choice(model.published[-3:]).number
            assert undone(database, number) == model.undo(number), (seed, step, number)
        elif what == "prune" and loaded:
            model.prune()
            prune(locations.target(database), unfinished=False, say=lambda _: None)
        if loaded:
            assert held(database) == sorted(model.rows), (seed, step, what)
    for one in reversed(list(model.published)):
        if model.undo(one.number):
            snapshots.undo(one.number, database=database)
            assert held(database) == sorted(model.rows), (seed, one.number)


def undone(database, number):
    try:
        snapshots.undo(number, database=database)
    except Forbids:
        return False
    return True


def day_near(rng, step):
    """A date that is mostly later than those of the steps before."""
    return f"2024-01-{min(max(1, step // 3 + rng.randrange(-1, 4)), 28):02}"


def load(rng, model, database, folder, rows, told):
    text = "id,name\n" + "".join(f"{n},{name}\n" for n, name in rows)
    path = folder / f"{zlib.crc32(text.encode())}.csv"
    path.write_text(text)
    mode = rng.choice(["append", "atomic", "replace", "replace", "replace"])
    keep = rng.choice([0, 1, 1, 2])
    date = NOW if rng.random() < 0.1 else day_near(rng, told[1])
    replaces = mode == "replace"
    done = snapshots.load(
        path,
        database=database,
        table="t",
        mode="replace" if replaces else "append",
        atomic=mode == "atomic",
        as_of=date if replaces and date != NOW else None,
        contract=CONTRACT,
        keep_undo=keep,
        publish=rng.choice(["auto", "copy"]) if replaces else "auto",
        max_deletes="100%",
        again=not replaces,
    )
    assert done.exit_code == model.outcome(mode, rows, date), (told, mode, date, done.message)
    if done.exit_code == 0:
        model.load(done.record.import_id, mode, rows, keep, date)


def held(database):
    target = locations.target(database)
    with closing(target.connect()) as session:
        if target.inspect(session, target.table_name("t")) is None:
            return []
    return sorted(execute(database, "SELECT _import_id, id, name FROM t"))
