"""Measures `snapshots verify` beside the load that it verifies: no less than a third as fast.

python bench/verify.py                     # 1,000,000 rows in SQLite, PostgreSQL and MariaDB
python bench/verify.py --rows 3500000 --only postgres
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import MariaServer, PostgresServer, other_database  # noqa: E402

import results  # noqa: E402
from made_rides import main as write_rides  # noqa: E402
from process_cost import Cost, run  # noqa: E402

SERVERS = {"sqlite": None, "postgres": PostgresServer, "mariadb": MariaServer}
SLOWEST = 3.0
"""Times as long as loading, at most."""


def measure(place: Path, name: str, file: Path) -> tuple[Cost, Cost]:
    """Of loading the file, and of verifying it."""
    kind = SERVERS[name]
    with kind() if kind else nullcontext() as server:
        url = other_database(server.url(), "bench") if server else f"sqlite:///{place}/bench.db"
        environment = {**os.environ, "SNAPSHOTS_STATE_DIR": str(place / "state")}
        ours = [sys.executable, "-m", "snapshots"]

        def once(*arguments: str) -> Cost:
            command = [*ours, *arguments, "--database", url, "--json"]
            return run(command, env=environment, server_pid=server.pid if server else None)

        loaded = once("import", str(file), "--table", "rides", "--progress", "none")
        return loaded, once("verify", "1")


def section(name: str, costs: tuple[Cost, Cost], rows: int, size: int) -> results.Section:
    loading, verifying = costs
    ratio = loading.seconds / verifying.seconds
    return results.Section(
        f"verify: {rows:,} rows in {name}",
        "load / s",
        [
            results.Line("load", loading, size, 1.0),
            results.Line("verify", verifying, size, ratio),
        ],
        1,
        results.our_version(),
        shlex.join(["python", "bench/verify.py", *sys.argv[1:]]),
        (f"Every value was equal. Verifying took {1 / ratio:.2f} times as long as loading.",),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", choices=list(SERVERS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "rides.csv"
        sys.argv[1:], wanted = ["--rows", str(given.rows), str(file)], sys.argv[1:]
        write_rides()
        sys.argv[1:] = wanted
        slow = []
        for name in [given.only] if given.only else SERVERS:
            costs = measure(Path(place), name, file)
            results.keep(f"verify-{name}", section(name, costs, given.rows, file.stat().st_size))
            times = costs[1].seconds / costs[0].seconds
            print(f"{name}: {times:.2f} times as long as loading", flush=True)
            if times > SLOWEST:
                slow.append(name)
        if slow:
            sys.exit(f"verify is slower than a third of loading: {', '.join(slow)}")


if __name__ == "__main__":
    main()
