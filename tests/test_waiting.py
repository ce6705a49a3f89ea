"""A row whose parent is in the same table, and comes behind it, is loaded; whatever else is bad."""

import random
import signal

import pytest

import snapshots
from snapshots import locations
from snapshots.ledger import waiting
from tests.cli.run import objects
from tests.cli.run import snapshots as command
from tests.ledger.older import execute

KEY = {"postgres": "int", "mysql": "bigint", "sqlite": "INTEGER"}


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
