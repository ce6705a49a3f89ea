"""`snapshots send --key` is killed again and again: the API has what the file has in the end."""

import csv
import json
import os
import random
import subprocess

import pytest

from tests.support import snapshots_process
from tests.support.http_server import serving
from tests.support.processes import PATIENCE, wait_for
from tests.support.row_store import RowStore

POINTS = (
    "compared:1", "compared:2", "before-record:2", "after-record:1", "after-record:3",
    "before-finish:1", "finishing:1", "finished:1", "begun:2", "before-record:5",
)  # fmt: skip
SCHEMA = {"fields": [{"name": "id", "type": "integer"}, {"name": "about.name", "x-source": "name"}]}


def versions(path, rng, records):
    """Files whose rows come, change and vanish."""
    rows = {n: f"first {n}" for n in range(records)}
    while True:
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("id", "name"), *rows.items()])
        yield {n: {"id": n, "name": name} for n, name in rows.items()}
        for n in rng.sample(sorted(rows), records // 4):
            rows[n] = f"changed {rng.random()}"
        for n in rng.sample(sorted(rows), records // 10):
            del rows[n]
        newest = max(rows)
        rows |= {n: f"new {n}" for n in range(newest + 1, newest + records // 6)}


def start(folder, url, fault="", more=()):
    environment = {**os.environ, "SNAPSHOTS_STATE_DIR": str(folder / "state")}
    environment.pop("SNAPSHOTS_FAULT", None)
    if fault:
        environment["SNAPSHOTS_FAULT"] = fault
    arguments = [
        "send", folder / "a.csv", "--to", url, "--database", f"sqlite:///{folder}/s.db",
        "--contract", folder / "c.json", "--key", "id", "--deletes", "--json", "--concurrency", 4,
        "--progress", "none", *more,
    ]  # fmt: skip
    return snapshots_process.start(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def reached(api, goal, process):
    return api.total >= goal or process.poll() is not None


def send_with_kills(folder, running, rng, points, more):
    """Sends the file. The process dies at the points, or at any moment where there is none."""
    api = running.handler
    for point in points:
        process = start(folder, f"{running.url}/rows", point or "", more)
        if not point:
            goal = api.total + rng.randint(0, 200)
            wait_for(
                lambda goal=goal, process=process: api.total >= goal or process.poll() is not None
            )
            process.kill()
        process.communicate(timeout=PATIENCE)
    code = 6
    while code == 6:
        # A page of deletes of which some are gone, and whose answer was lost, stays pending once.
        process = start(folder, f"{running.url}/rows", more=more)
        out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        code = process.returncode
    # 5: the last kill came when all was done.
    assert process.returncode in (0, 5), f"{out[-1200:]} {err}"
    return json.loads(out.splitlines()[-1])


def check(api, expected):
    assert api.rows == expected
    keys = {one: keys for one, keys in api.keys().items() if one[0] != "DELETE" and len(keys) > 1}
    assert not keys, "a row was sent under two keys"


FORMS = {
    "array": ("--batch", 5),
    "ndjson": ("--batch", 50, "--body", "ndjson", "--batch-bytes", 150),
    "nested": ("--batch", 5, "--nested", "--envelope", "rows"),
    "form": ("--body", "form"),
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_kills_it_each_change_arrives_under_one_key(tmp_path, form):
    records, rng = 60, random.Random(60)
    (tmp_path / "c.json").write_text(json.dumps(SCHEMA))
    with serving(RowStore(trouble=0.05)) as running:
        for expected, at in zip(
            versions(tmp_path / "a.csv", rng, records), (0, 4, 7), strict=False
        ):
            running.handler.requests.clear()
            points = [*POINTS[at : at + 3], ""]
            send_with_kills(tmp_path, running, rng, points, FORMS[form])
            check(running.handler, expected)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("form", FORMS)
def test_fifty_kills_of_larger_files(tmp_path, form):
    rng = random.Random(50)
    (tmp_path / "c.json").write_text(json.dumps(SCHEMA))
    with serving(RowStore(trouble=0.02)) as running:
        files = versions(tmp_path / "a.csv", rng, 30_000)
        for expected, _ in zip(files, range(5), strict=False):
            running.handler.requests.clear()
            points = [*rng.sample(POINTS, 3), *[""] * 7]
            send_with_kills(tmp_path, running, rng, points, FORMS[form])
            check(running.handler, expected)
