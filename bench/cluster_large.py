"""One large import on two hosts, and whether each of its rows is there once.

usage: python bench/cluster_large.py [--gigabytes 30] [--alone]

Needs root: the hosts are network namespaces. The web server repeats a block of 256 MiB, so that the
input takes no room. PostgreSQL needs as much as the input, and half of it again, in `/tmp`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cluster.chaos import Run
from tests.cluster.conftest import HOSTS, Cluster
from tests.cluster.made_file import Truth, make
from tests.cluster.network import DATABASE, FIRST, SECOND, Network, missing
from tests.cluster.servers import PostgresOnHost, sent, serve, wait_for

from snapshots._native import Hasher

BLOCK = 256


def main() -> None:
    """Prints seconds, the bytes that each host has fetched, and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=30)
    parser.add_argument("--alone", action="store_true", help="without a cluster")
    given = parser.parse_args()
    if why := missing():
        sys.exit(why)
    os.environ.pop("SNAPSHOTS_TEST_IN_MEMORY", None)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        served = Path(folder) / "served"
        served.mkdir()
        truth = make(served / "made.csv", BLOCK)
        times = max(1, round(given.gigabytes * 1e9 / truth.path.stat().st_size))
        (served / "made.csv.times").write_text(str(times))
        with Network() as network:
            for host, address in zip(("database", *HOSTS), (DATABASE, FIRST, SECOND), strict=True):
                network.add(host, address)
            with PostgresOnHost(network, "database") as postgres:
                web = serve(network, "database", served)
                wait_for(network, "one", web)
                cluster = Cluster(network, postgres, web, served)
                hosts = None if given.alone else cluster.commands()
                run = Run(cluster, truth, "large", hosts=hosts, workers=2)
                peak = _watched(run.process)
                said = run.ended(10)
                fetched = sent(network, "one")
                size = _size(truth.path, times)
                line = {
                    **said,
                    "gigabytes": round(size / 1e9, 2),
                    "megabytes_a_second": round(size / 1e6 / said["seconds"]),
                    "driver_megabytes": peak,
                    "of_the_input": round(sum(fetched.values()) / size, 3),
                    "load": os.getloadavg()[0],
                }
                print(json.dumps(line), flush=True)
                print(json.dumps(_faults(postgres.url(), said["import"], truth, times)))


def _watched(process: subprocess.Popen[str]) -> int:
    """The most MB that the driver alone has had."""
    status, most = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                most = int(line.split()[1])
        time.sleep(1)
    return round(most / 1024)


def _size(path: Path, times: int) -> int:
    with path.open("rb") as file:
        first = len(file.readline())
    return first + (path.stat().st_size - first) * times


def _faults(url: str, number: int, truth: Truth, times: int) -> list[str]:
    """What is wrong, each a sentence; an empty list is an exact import."""
    with truth.path.open("rb") as file:
        first = file.readline()
        block = file.read()
    lines = block.count(b"\n")
    hasher = Hasher()
    hasher.update(first)
    for _ in range(times):
        hasher.update(block)
    bad = sorted(line + lines * n for n in range(times) for line in truth.bad)
    seen = bytearray(2 + lines * times)
    twice = rows = ids = 0
    with psycopg.connect(url) as connection:

        def ask(text: str) -> list[tuple[Any, ...]]:
            return connection.execute(text).fetchall()

        with connection.cursor() as cursor:
            query = f"COPY (SELECT _line, id FROM large WHERE _import_id = {number}) TO STDOUT"
            with cursor.copy(query) as copy:
                rest = b""
                for piece in copy:
                    whole, _, rest = (rest + bytes(piece)).rpartition(b"\n")
                    numbers = array("q", map(int, whole.split()))
                    rows += len(numbers) // 2
                    ids += sum(numbers[1::2])
                    for line in numbers[::2]:
                        twice += seen[line]
                        seen[line] = 1
        rejects = [n for (n,) in ask("SELECT line FROM snapshots_rejects ORDER BY line")]
        ((state, records, loaded, rejected, digest),) = ask(
            "SELECT state, records, loaded, rejected, content_hash FROM snapshots_imports"
        )
        ((gaps, end),) = ask(
            "SELECT count(*) FILTER (WHERE start_offset <> before), max(end_offset) FROM ("
            "SELECT start_offset, end_offset,"
            " lag(end_offset, 1, 0::bigint) OVER (ORDER BY start_offset) AS before"
            " FROM snapshots_chunks) AS chunks"
        )
    wanted = {
        "state": (state, "finished"),
        "rows": ((rows, loaded), (truth.good * times,) * 2),
        "rows twice": (twice, 0),
        "sum of the ids": (ids, truth.ids * times),
        "records": (records, (truth.good + len(truth.bad)) * times),
        "rejects": (rejects == bad and rejected == len(bad), True),
        "hash": (digest, hasher.hexdigest()),
        "gaps between chunks": (gaps, 0),
        "end": (end, _size(truth.path, times)),
    }
    return [
        f"{name}: {found}, expected {expected}"
        for name, (found, expected) in wanted.items()
        if found != expected
    ]


if __name__ == "__main__":
    main()
