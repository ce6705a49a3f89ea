"""Random sequences of files, undos and prunes against a plain model of the table."""

import random
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


class Published:
    """An import whose rows were published, and what the table held before."""

    def __init__(self, number, mode, rows, before, keep):
        self.number, self.mode, self.rows = number, mode, rows
        self.before = before
        self.keep = keep
        self.freed = keep == 0


class TableModel:
    """What the table holds, by plain Python: rows with the numbers of their imports."""

    def __init__(self):
        self.rows, self.published = [], []

    def load(self, number, mode, rows, keep):
        """Publishes the rows of a file."""
        own = [(number, *row) for row in rows]
        self.published.append(Published(number, mode, own, self.rows, keep))
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
            self.rows = one.before
        else:
            self.rows = [row for row in self.rows if row[0] != number]
        self.published.remove(one)
        return True

    def prune(self):
        """Frees what only older versions need."""
        versions = [one for one in self.published if one.mode == "replace"]
        keep = versions[-1].keep if versions else 0
        for one in versions[: len(versions) - keep]:
            one.freed = True


@pytest.mark.parametrize("seed", range(4))
def test_the_table_is_what_the_model_says(database, tmp_path, seed):
    rng = random.Random(f"undo {seed}")
    model = TableModel()
    for step in range(STEPS):
        what = rng.choice(["load", "load", "load", "undo", "undo", "prune"])
        if what == "load":
            load(rng, model, database, tmp_path / f"{step}.csv")
        elif what == "undo" and model.published:
            number = rng.choice(model.published[-3:]).number
            assert undone(database, number) == model.undo(number), (seed, step, number)
        elif what == "prune" and model.published:
            model.prune()
            prune(locations.target(database), unfinished=False, say=lambda _: None)
        if model.published or step:
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


def load(rng, model, database, path):
    rows = [(rng.randrange(99), f"name {n}") for n in range(rng.choice([1, 2, 5, 30]))]
    path.write_text("id,name\n" + "".join(f"{n},{name}\n" for n, name in rows))
    mode = rng.choice(["append", "atomic", "replace", "replace"])
    keep = rng.choice([0, 1, 1, 2])
    done = snapshots.load(
        path,
        database=database,
        table="t",
        mode="replace" if mode == "replace" else "append",
        atomic=mode == "atomic",
        contract=CONTRACT,
        keep_undo=keep,
        publish=rng.choice(["auto", "copy"]) if mode == "replace" else "auto",
        max_deletes="100%",
        again=True,
    )
    assert done.exit_code == 0, done.message
    model.load(done.record.import_id, mode, rows, keep)


def held(database):
    target = locations.target(database)
    with closing(target.connect()) as session:
        if target.inspect(session, target.table_name("t")) is None:
            return []
    return sorted(execute(database, "SELECT _import_id, id, name FROM t"))
