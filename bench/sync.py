"""How fast `snapshots sync` imports many small files: one transaction each, from a cold start.

python bench/sync.py                     # 10,000 files into SQLite, PostgreSQL and MariaDB
python bench/sync.py --files 2000 --only sqlite
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.servers import MariaServer, PostgresServer, other_database

from snapshots import locations

ROWS = 10


def make(folder: Path, files: int) -> None:
    for number in range(files):
        first = number * ROWS
        rows = "".join(
            f"{n},name {n},{n}.25,2024-01-01 00:00:00\n" for n in range(first, first + ROWS)
        )
        (folder / f"part_{number:06}.csv").write_text(f"id,name,amount,at\n{rows}")


def measure(database: str, folder: Path, files: int) -> tuple[float, float]:
    """Files a second, and seconds for a second pass that finds them all known."""
    seconds = [_once(database, folder) for _ in range(2)]
    session = locations.target(database).connect(create=False)
    counted = session.execute(
        "SELECT COUNT(*), SUM(loaded) FROM snapshots_imports WHERE state = 'finished'"
    )
    rows = session.execute("SELECT COUNT(*) FROM part")
    session.close()
    assert [int(n) for n in counted[0]] == [files, files * ROWS], counted
    assert rows == [(files * ROWS,)], rows
    return files / seconds[0], seconds[1]


def _once(database: str, folder: Path) -> float:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as state:
        subprocess.run(
            [
                sys.executable, "-m", "snapshots", "sync", "--once", "--settle", "0", "--json",
                "--data-dir", str(folder), "--database", database,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SNAPSHOTS_STATE_DIR": state},
        )  # fmt: skip
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--only", choices=["sqlite", "postgres", "mariadb"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        folder.mkdir()
        make(folder, given.files)
        for name in [given.only] if given.only else ["sqlite", "postgres", "mariadb"]:
            if name == "sqlite":
                rate, again = measure(f"sqlite:///{place}/bench.db", folder, given.files)
            else:
                with (PostgresServer if name == "postgres" else MariaServer)() as server:
                    url = other_database(server.url(), "bench")
                    rate, again = measure(url, folder, given.files)
            print(f"{name}: {rate:.0f} files/s; {again:.1f} s when all are known", flush=True)


if __name__ == "__main__":
    main()
