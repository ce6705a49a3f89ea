"""The memory of a cluster's driver, for an import of very many chunks.

usage: python bench/driver_memory.py [--megabytes 80] [--chunk-size 2048]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cluster.made_file import CONTRACT, make
from tests.support.database_servers import PostgresServer


def main() -> None:
    """Prints the chunks, and the most memory that the driver alone has had."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=80)
    parser.add_argument("--chunk-size", type=int, default=2048)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, PostgresServer() as server:
        made = make(Path(folder) / "made.csv", given.megabytes)
        contract = Path(folder) / "contract.json"
        contract.write_text(json.dumps(CONTRACT))
        began = time.monotonic()
        driver = subprocess.Popen(
            [sys.executable, "-m", "snapshots", "import", str(made.path), "--database",
             server.url(), "--table", "rides", "--contract", str(contract), "--cluster", "local",
             "--workers", "2", "--chunk-size", str(given.chunk_size), "--max-rejects", "50%"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        most = 0
        while driver.poll() is None:
            most = max(most, _peak(driver.pid))
            time.sleep(0.2)
        with psycopg.connect(server.url()) as connection:
            counted = connection.execute("SELECT count(*) FROM snapshots_chunks").fetchone()
        found = {
            "chunks": counted[0] if counted else 0,
            "driver_megabytes": round(most / 1024),
            "seconds": round(time.monotonic() - began),
            "exit_code": driver.returncode,
            "load": os.getloadavg()[0],
        }
        print(json.dumps(found))


def _peak(process: int) -> int:
    """The most kB that it has had so far; 0: it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
