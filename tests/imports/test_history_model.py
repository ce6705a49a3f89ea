"""Random versions of a table with history against a plain model, on all targets: with dates that
repeat or come late, keys that vanish and come back, and undone publishes."""

import random

import pytest

import snapshots
from tests.imports.history_tables import DATES, intervals, published, written

STEPS = 12


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def expected(versions):
    """The intervals of each row, by plain Python: from the content of each date."""
    found = []
    dates = sorted(versions)
    for key in sorted({key for content in versions.values() for key in content}):
        begun = None
        for at, date in enumerate(dates):
            now = versions[date].get(key)
            before = versions[dates[at - 1]].get(key) if at else None
            if begun is not None and now != before:
                found.append((key, before, begun, date))
                begun = None
            if now is not None and begun is None:
                begun = date
        if begun is not None:
            found.append((key, versions[dates[-1]][key], begun, None))
    return sorted(found, key=str)


def content(rng, last):
    """Another version: most rows are those of the last one."""
    rows = {key: value for key, value in last.items() if rng.random() > 0.2}
    for _ in range(rng.choice([0, 1, 4])):
        rows[rng.randrange(12)] = rng.choice(["a", "A", "b", "", " b"])
    return rows or {1: "a"}


@pytest.mark.parametrize("seed", range(6))
def test_the_table_is_what_the_model_says(database, tmp_path, seed):
    rng = random.Random(seed)
    versions, last, done = {}, {}, []
    for step in range(STEPS):
        date = rng.choice(DATES)
        if rng.random() < 0.5 and versions:
            date = max([*versions, date])
        last = content(rng, rng.choice([last, *versions.values()]))
        late = bool(versions) and date < max(versions)
        path = written(tmp_path / f"{step}.csv", last)
        if late and rng.random() < 0.3:
            refused = published(path, database, date)
            assert (refused.exit_code, refused.record.error_code) == (1, "older_version")
        before = dict(versions.get(date) or _held(versions, date))
        result = published(path, database, date, out_of_order=True)
        assert result.exit_code == 0, (seed, step, result.message)
        versions[date] = dict(last)
        done.append((step, date, last))
        assert intervals(database) == expected(versions), (seed, done)
        record = result.record
        same = sum(before.get(key) == value for key, value in last.items())
        assert (record.unchanged, record.deleted, record.kept) == (
            same,
            len(before.keys() - last.keys()),
            0,
        ), (seed, done)
        assert record.inserted == len(last.keys() - before.keys())
        assert record.inserted + record.updated + record.unchanged == record.loaded == len(last)
    for date in DATES:
        rows = snapshots.rows("t", as_of=date, database=database)
        assert {one["id"]: one["name"] for one in rows} == _held(versions, date)


def _held(versions, date):
    """What the table was at a time."""
    earlier = [one for one in versions if one <= date]
    return versions[max(earlier)] if earlier else {}


@pytest.mark.parametrize("seed", range(4))
def test_undone_publishes_leave_no_trace(database, tmp_path, seed):
    rng = random.Random(100 + seed)
    last, states = {}, []
    for step in range(8):
        date = rng.choice(DATES)
        last = content(rng, last)
        path = written(tmp_path / f"{step}.csv", last)
        before = intervals(database) if states else []
        done = published(path, database, date, out_of_order=True, keep_undo=9)
        number = done.record.import_id
        states.append((number, before, intervals(database)))
        if rng.random() < 0.4:
            undone = snapshots.undo(number, database=database)
            assert (undone.dry_run, intervals(database)) == (False, before), (seed, step)
            states.pop()
    while len(states) > 1:
        number, before, after = states[-1]
        assert intervals(database) == after
        would = snapshots.undo(number, database=database, dry_run=True)
        assert intervals(database) == after
        earlier = states[-2][0]
        with pytest.raises(snapshots.SnapshotsError, match="later version"):
            snapshots.undo(earlier, database=database)
        done = snapshots.undo(number, database=database)
        assert (done.removed, done.restored) == (would.removed, would.restored)
        assert intervals(database) == before, (seed, states)
        states.pop()
