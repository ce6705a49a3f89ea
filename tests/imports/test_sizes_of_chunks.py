"""The last chunks of an import are smaller, and nothing depends on it."""

import json

import pytest

from snapshots import locations
from tests.support.command import snapshots as command

ROWS = 120_000
BYTES = 5_000_000
"""Of the file, about: less than the usual chunk."""


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "t.csv"
    lines = (f"{n},{'x' if n % 1000 == 7 else n},{'y' * 30}\n" for n in range(ROWS))
    contract = {
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "n", "type": "integer"},
            {"name": "t"},
        ]
    }
    (tmp_path / "schema.json").write_text(json.dumps(contract))
    path.write_text("id,n,t\n" + "".join(lines))
    assert path.stat().st_size > BYTES
    return path


def run(path, database, *options, verb="import", code=3, **how):
    given = (
        [str(path), "--contract", str(path.parent / "schema.json")] if verb == "import" else ["1"]
    )
    done = command(verb, *given, "--database", database, "--json", *options, cwd=path.parent, **how)
    assert done.returncode == code, done.stderr


def query(database, sql):
    session = locations.target(database).connect(create=False)
    try:
        return session.execute(sql)
    finally:
        session.close()


def chunks(database):
    rows = query(
        database, "SELECT start_offset, end_offset FROM snapshots_chunks ORDER BY start_offset"
    )
    return [end - start for start, end in rows]


def check(path, database):
    assert sum(chunks(database)) == path.stat().st_size
    assert query(database, "SELECT COUNT(*), COUNT(DISTINCT id) FROM t") == [
        (ROWS - 120, ROWS - 120)
    ]
    assert query(database, "SELECT loaded, rejected FROM snapshots_imports") == [(ROWS - 120, 120)]
    done = command("verify", "1", "--database", database, cwd=path.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workers_share_what_is_left(database, path):
    """Where one session writes, they need not."""
    run(path, database, "--workers", "3")
    one = locations.target(database).writers == 1
    sizes = chunks(database)
    assert len(sizes) == 1 if one else max(sizes) < BYTES / 2
    check(path, database)


@pytest.mark.parametrize("options", [("--chunk-size", "8MB", "--workers", "3"), ("--workers", "1")])
def test_a_chosen_size_and_one_worker_keep_it(database, path, options):
    run(path, database, *options)
    assert len(chunks(database)) == 1
    check(path, database)


@pytest.mark.parametrize("first", ["3", "1"])
def test_a_killed_import_goes_on_with_other_sizes(database, path, first):
    """With other workers than before, its chunks have other sizes, and fit the gaps."""
    size = (
        ("--chunk-size", "1MB") if first == "1" or locations.target(database).writers == 1 else ()
    )
    run(
        path,
        database,
        "--workers",
        first,
        *size,
        code=-9,
        SNAPSHOTS_FAULT="before-commit:2",
    )
    run(path, database, "--workers", "2" if first == "3" else "3", verb="resume")
    check(path, database)
