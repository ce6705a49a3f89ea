"""The whole of it: a real service, real files in every way, and kill -9 again and again.

At the end each file of the folder is imported exactly once or refused with its reason, and table,
ledger and metrics say the same.
"""

import random
import signal
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from snapshots._native import Hasher
from snapshots.engine.history.file_status import asked_files, file_status
from snapshots.engine.history.lookup import list_imports
from tests.support.database_servers import free_port
from tests.support.input_files import SHARED, data, in_the_repository
from tests.support.sync_process import Service, put, query
from tests.sync.drops import Drops
from tests.telemetry.account import agrees, samples

OPTIONS = ("--recursive", "--chunk-size", "16KB", "--after-import", "keep")


@pytest.fixture(autouse=True)
def _own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SNAPSHOTS_STATE_DIR", str(tmp_path / "state"))


def drive(database, tmp_path, kills, seed, files):
    """Drops files, and kills the service meanwhile; then lets it end its work."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = random.Random(seed)
    drops = Drops(folder, rng, files)
    for _ in range(kills):
        with Service(database, folder, *OPTIONS) as service:
            service.wait_for(lambda: service.said("watching"))
            drops.some(kills)
            time.sleep(rng.uniform(0.0, 1.0))
            service.kill()
            assert service.process.returncode == -signal.SIGKILL
    drops.slower(most=0)
    port = free_port()
    with Service(database, folder, *OPTIONS, "--metrics-port", str(port)) as service:
        put(folder / "last.csv", 0, 10)
        service.wait_ended("last.csv")
        service.wait_for(lambda: not open_questions(database, folder, drops))
        drops.change()
        service.wait_for(lambda: not open_questions(database, folder, drops))
        service.wait_for(lambda: agrees(scraped(port), database))
        assert service.terminate() == 0
    return figures(database, folder)


def open_questions(database, folder, drops):
    """Files that are neither refused as they are nor imported with as many records as they have."""
    refused = set(
        query(
            database,
            "SELECT input, size, mtime_ns FROM snapshots_imports"
            " WHERE state = 'failed' AND error <> ''",
        )
    )
    seen = {str(path): path.stat() for path in folder.rglob("*") if path.is_file()}
    others = [
        name for name, stat in seen.items() if (name, stat.st_size, stat.st_mtime_ns) not in refused
    ]
    found = []
    for status in file_status(asked_files(others), list_imports(database)):
        wanted = drops.records.get(Path(status.input))
        records = {one.records for one in status.imports if one.state == "finished"}
        if status.presence != "imported" or (wanted is not None and wanted not in records):
            found.append((status.input, status.presence, records, wanted))
    return found


def scraped(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        return samples(answer.read().decode())


def figures(database, folder):
    """Compares the tables with the ledger; what it has found."""
    imports = query(
        database,
        "SELECT i.id, i.table_name, i.state, i.content_hash, i.records, i.loaded, i.replaces,"
        " (SELECT COALESCE(SUM(c.loaded), 0) FROM snapshots_chunks c WHERE c.import_id = i.id)"
        " FROM snapshots_imports i ORDER BY i.id",
    )
    states = Counter(state for _, _, state, *_ in imports)
    open_ones = {one[3] for one in imports if one[2] not in {"finished", "failed"}}
    files = [path for path in folder.rglob("*") if path.is_file()]
    # What was replaced while no service ran cannot be gone on with.
    assert open_ones.isdisjoint(map(content, files)), states
    twice = [
        content
        for content, times in Counter(one[3] for one in imports if one[2] == "finished" and one[5])
        .items()
        if times > 1
    ]  # fmt: skip
    assert not twice, "imported twice"
    quote = "`" if database.startswith("mysql") else '"'
    loaded = {number: int(chunks) for number, *_, chunks in imports if chunks}
    there, lines = Counter(), Counter()
    for table in {one[1] for one in imports if one[7]}:
        for number, rows, distinct in query(
            database,
            f"SELECT _import_id, COUNT(*), COUNT(DISTINCT _line) FROM {quote}{table}{quote}"
            " GROUP BY _import_id",
        ):
            there[number] += rows
            lines[number] += distinct
    assert there == lines, "a line is there twice"
    assert dict(there) == loaded, "rows and account differ"
    gaps = query(
        database,
        "SELECT COUNT(*) FROM snapshots_chunks c WHERE c.start_offset > 0 AND NOT EXISTS (SELECT 1"
        " FROM snapshots_chunks b WHERE b.import_id = c.import_id AND b.end_offset ="
        " c.start_offset)",
    )
    assert gaps == [(0,)]
    return {
        "files": len(files),
        "imports": len(imports),
        **states,
        "replacing": sum(one[6] is not None for one in imports),
        "rows": sum(there.values()),
    }


def content(path):
    hasher = Hasher()
    hasher.update(path.read_bytes())
    return hasher.hexdigest()


@pytest.fixture(params=["of the repository", "shared/"])
def files(request):
    """Those of the repository; as an extra, those beside it."""
    if request.param == "shared/":
        data(request.param)
        return list(SHARED.rglob("*.csv"))
    return [data(name) for name in in_the_repository()]


def test_three_kills(sqlite_url, tmp_path, files):
    found = drive(sqlite_url, tmp_path, kills=3, seed=5, files=files)
    assert found["finished"] > 40
    assert found["replacing"] > 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_twenty_kills(database, tmp_path, files, record_property):
    found = drive(database, tmp_path, kills=20, seed=11, files=files)
    record_property("figures", str(found))
    print(f"20 kills: {found}")
    assert found["finished"] > 40
    assert found["replacing"] > 0
