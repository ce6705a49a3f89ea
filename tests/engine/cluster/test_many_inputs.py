"""Many inputs: each is an import of its own, whichever process has carried it out."""

import json
import subprocess
import sys

import psycopg
import pytest

import snapshots
from snapshots import locations
from snapshots.engine.cluster import placement
from tests.support.processes import PATIENCE


def test_a_thousand_inputs_are_as_many_imports(postgres_url, tmp_path):
    """Each process dies at its 150th commit, and one input is broken."""
    folder = tmp_path / "data"
    folder.mkdir()
    for n in range(1000):
        (folder / f"{n:04}.csv").write_text(f"id,name\n{2 * n},a\n{2 * n + 1},b\nx,c\n")
    (folder / "0600.csv").write_text("other,columns\n1,2\n")
    schema = tmp_path / "schema.json"
    fields = [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]
    schema.write_text(json.dumps({"fields": fields}))
    run = subprocess.run(
        [sys.executable, "-m", "snapshots", "import", folder, "--database", postgres_url,
         "--table", "t", "--json", "--contract", schema, "--cluster", "local", "--workers", "3",
         "--progress", "none", "--max-rejects", "50%"],
        capture_output=True, text=True, check=False, timeout=PATIENCE,
        env={"PATH": "/bin:/usr/bin", "SNAPSHOTS_STATE_DIR": str(tmp_path / "state"),
             "SNAPSHOTS_FAULT": "before-commit:150"},
    )  # fmt: skip
    said = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(said) == len({one["input"] for one in said}) == 1000, run.stderr
    # Of those that dead processes have imported, others say so.
    assert any(one["outcome"] == "already_imported" for one in said)
    (bad,) = [one for one in said if one["outcome"] == "failed"]
    assert bad["input"].endswith("0600.csv")
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("SELECT id, name FROM t ORDER BY id").fetchall()
        (imports,) = connection.execute(
            "SELECT count(*), count(DISTINCT input), sum(loaded), sum(rejected)"
            " FROM snapshots_imports WHERE state = 'finished'"
        ).fetchall()
    assert rows == [(n, "ab"[n % 2]) for n in range(2000) if n not in (1200, 1201)]
    assert imports == (999, 999, 1998, 999)


def versions(folder):
    """Three tables, each with four dated versions that change, add and remove rows."""
    folder.mkdir()
    for table in ("customers", "orders", "items"):
        for day in range(1, 5):
            rows = "".join(f"{n},{table}{day if n % 2 else 1}\n" for n in range(day, day + 20))
            (folder / f"{table}_2024-01-0{day}.csv").write_text(f"id,name\n{rows}")
    return folder


def rows_of(url, table):
    session = locations.target(url).connect(create=False)
    try:
        return sorted(session.execute(f"SELECT id, name FROM {table}"))
    finally:
        session.close()


@pytest.mark.parametrize("mode", ["append", "replace", "upsert", "mirror", "history"])
def test_all_modes_do_what_they_do_without_a_cluster(postgres_url, tmp_path, mode):
    folder = versions(tmp_path / "data")
    given = {"mode": mode, "max_deletes": "100%"}
    if mode not in ("append", "replace"):
        given["primary_key"] = ("id",)
    sqlite = f"sqlite:///{tmp_path / 'here.db'}"
    here = list(snapshots.load_many([folder], database=sqlite, **given))
    apart = list(
        snapshots.load_many([folder], database=postgres_url, cluster="local", workers=3, **given)
    )
    assert {one.outcome for _, one in here + apart} == {"finished"}
    assert {name for name, _ in here} == {name for name, _ in apart}
    assert len(apart) == 12
    for table in ("customers", "orders", "items"):
        assert rows_of(postgres_url, table) == rows_of(sqlite, table)
        in_time = [name for name, _ in apart if f"/{table}_" in name]
        if mode != "append":
            assert in_time == sorted(in_time)


def test_versions_of_one_table_are_loaded_one_after_the_other(postgres_url, tmp_path):
    """Each by all processes."""
    folder = versions(tmp_path / "data")
    given = {"mode": "replace", "table": "t", "cluster": "local", "workers": 2}
    files = sorted(folder.glob("items_*"), reverse=True)
    found = list(snapshots.load_many(files, database=postgres_url, **given))
    assert [one.outcome for _, one in found] == ["finished"] * 4
    assert [name for name, _ in found] == sorted(map(str, files))
    assert rows_of(postgres_url, "t")[0] == (4, "items1")


def test_a_dry_run_writes_nothing(postgres_url, tmp_path):
    folder = versions(tmp_path / "data")
    found = list(
        snapshots.load_many([folder], database=postgres_url, cluster="local", dry_run=True)
    )
    assert [(one.outcome, one.counts.records) for _, one in found] == [("dry_run", 20)] * 12
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT to_regclass('customers')").fetchone() == (None,)


def test_a_frozen_process_costs_no_input(postgres_url, tmp_path, monkeypatch):
    """Its import gives no sign of life, and another process takes it over."""
    monkeypatch.setenv("SNAPSHOTS_FAULT", "before-commit:3:stop")
    monkeypatch.setattr(placement, "TASK_SECONDS", 1.0)
    folder = tmp_path / "data"
    folder.mkdir()
    for n in range(16):
        (folder / f"{n:02}.csv").write_text(f"id,name\n{n},a\n")
    notices = []
    found = list(
        snapshots.load_many(
            [folder],
            database=postgres_url,
            cluster="local",
            workers=2,
            table="t",
            listener=notices.append,
        )
    )
    assert {one.outcome for _, one in found} <= {"finished", "already_imported"}
    assert rows_of(postgres_url, "t") == [(n, "a") for n in range(16)]
    assert any("does not end" in getattr(one, "text", "") for one in notices)


def test_an_unknown_option_is_a_type_error():
    with pytest.raises(TypeError, match=r"load_many.* has no argument 'delimeter'"):
        snapshots.load_many(["a.csv"], delimeter=";")
