"""A row whose parent is in the same table, and comes behind it, is loaded; whatever else is bad."""

import itertools
import random

import pytest

import snapshots
from snapshots import locations
from snapshots.ledger import awaiting_parents
from snapshots.telemetry.event_totals import EventTotals
from tests.imports.rows_with_parents import account, kind, made, people, written
from tests.ledger.older import execute
from tests.support.command import snapshots as command


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


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
