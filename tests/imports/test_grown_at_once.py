"""Files that grow while several load them, and at random."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

import snapshots
from tests.support.growing_log import HEADER, add, lines, load, log, numbers, own_state

__all__ = ["log", "own_state"]


def test_several_at_once_load_the_rest_once(database, log):
    load(log, database)
    add(log, lines(4, 3000))

    def one(_):
        try:
            return load(log, database, chunk_size=1024).outcome
        except snapshots.SnapshotsError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(one, range(4)))
    assert outcomes.count("finished") == 1, outcomes
    assert numbers(database) == list(range(1, 3000))


def test_growing_while_several_load_it(database, log):
    load(log, database)

    def one(turn):
        add(log, b"%d,x\n" % (turn + 4))
        try:
            load(log, database)
        except snapshots.SnapshotsError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(3) as pool:
        codes = set(pool.map(one, range(30)))
    assert codes <= {"", "import_busy", "input_changed", "ledger", "target"}
    for _ in range(3):
        load(log, database)
    assert sorted(numbers(database)) == list(range(1, 34))


@pytest.mark.parametrize("seed", range(4))
def test_at_random(database, tmp_path, seed):
    """Growth, rotation, and stops, against a list of the lines that were ever written."""
    rng = random.Random(seed)
    path = tmp_path / "log.csv"
    path.write_bytes(HEADER)
    written = 0
    for _ in range(40):
        step = rng.random()
        if step < 0.12:
            load(path, database, max_rejects="100%")
            path.write_bytes(HEADER + b"%d,begin\n" % written)
            written += 1
        else:
            for _ in range(rng.choice([1, 3, 50])):
                text = rng.choice([b"x", b'"two\nlines"', b'"a ""b"""', b""])
                add(path, b"%d,%s\n" % (written, text))
                written += 1
        limit = rng.choice([None, None, 20])
        load(path, database, limit=limit, chunk_size=rng.choice([64, 4096]))
    while load(path, database).outcome != "already_imported":
        pass
    assert sorted(numbers(database)) == list(range(written))
