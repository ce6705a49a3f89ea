"""The service and its database are killed; nothing is lost, and nothing is there twice."""

import random
import signal
import socket
import time

from tests.support.processes import held
from tests.support.sync_process import Service, check, once, put, query, rows

KILLS = 2


def folder_in(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


def test_killed_at_random(database, tmp_path):
    folder, rng, expected = folder_in(tmp_path), random.Random(5), set()
    for kill in range(KILLS):
        for n in range(8):
            first, count = (kill * 10 + n) * 100_000, 20_000 if n == 0 else 20
            path = folder / f"f{kill}_{n}.csv"
            if n % 2:
                put(path, first, count)
            else:
                path.write_text(rows(first, count))
            expected |= set(range(first, first + count))
        with Service(database, folder, "--table", "t", "--chunk-size", "16KB") as service:
            service.wait_for(lambda: service.said("watching"))
            time.sleep(rng.uniform(0.2, 0.8))
            service.kill()
            assert service.process.returncode == -signal.SIGKILL
    code, _ = once(database, folder, "--table", "t", "--chunk-size", "16KB")
    assert code == 0
    check(database, expected)


def test_the_database_is_away_at_the_start_and_in_the_middle(own_server, tmp_path):
    folder, database = folder_in(tmp_path), own_server.url("away")
    put(folder / "a.csv", 0, 10)
    own_server.stop()
    with Service(database, folder, "--table", "t") as service:
        service.wait_for(lambda: service.said("waiting"))
        own_server.start()
        service.wait_ended("a.csv")
        own_server.kill()
        put(folder / "b.csv", 100, 10)
        seen = len(service.said("waiting"))
        service.wait_for(lambda: len(service.said("waiting")) > seen)
        own_server.start()
        service.wait_ended("b.csv")
        assert service.said("back")
        assert service.terminate() == 0
    check(database, {*range(10), *range(100, 110)})


def test_a_large_import_is_left_resumable(database, tmp_path):
    folder = folder_in(tmp_path)
    (folder / "large.csv").write_text(rows(0, 300_000))
    fault = {"SNAPSHOTS_FAULT": "after-commit:3:stop"}
    with Service(database, folder, "--table", "t", "--chunk-size", "16KB", **fault) as service:
        held(service.process)
        assert service.terminate() == 0
    assert _chunks(database) < 300_000 * 15 // 16_384, "it was not in the middle"
    code, _ = once(database, folder, "--table", "t", "--chunk-size", "16KB")
    assert code == 0
    check(database, set(range(300_000)))
    assert query(database, "SELECT COUNT(*) FROM snapshots_imports") == [(1,)]


def _chunks(database):
    from snapshots import SnapshotsError

    try:
        return query(database, "SELECT COUNT(*) FROM snapshots_chunks")[0][0]
    except SnapshotsError:
        return 0


def test_systemd_is_told(sqlite_url, tmp_path):
    folder, address = folder_in(tmp_path), str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address)
        heard.settimeout(60)
        with Service(sqlite_url, folder, NOTIFY_SOCKET=address) as service:
            assert heard.recv(1000).startswith(b"READY=1\n")
            assert service.terminate() == 0
            said = b""
            while b"STOPPING=1" not in said:
                said = heard.recv(1000)
