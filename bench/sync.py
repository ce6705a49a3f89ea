"""Measures `snapshots sync` on many small files, one transaction each, from a cold start.

python bench/sync.py                     # 10,000 files into SQLite, PostgreSQL and MariaDB
python bench/sync.py --files 2000 --only sqlite
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import MariaServer, PostgresServer, other_database  # noqa: E402

import results  # noqa: E402
from process_cost import Cost, run  # noqa: E402
from snapshots import locations  # noqa: E402

if TYPE_CHECKING:
    from snapshots.ports import ResultRows

ROWS = 10
TIMES = 20
"""How often the history is repeated for the third lane."""
URGENT = (
    " Client and server ran with real-time priority (`chrt`), beside other work."
    if os.sched_getscheduler(0) != os.SCHED_OTHER
    else ""
)
SERVERS = {"sqlite": None, "postgres": PostgresServer, "mariadb": MariaServer}
LANES = ("into a new database", "all are known", "as many more, after {before:,} imports")


def make(folder: Path, first: int, files: int) -> None:
    for number in range(first, first + files):
        start = number * ROWS
        rows = "".join(
            f"{n},name {n},{n}.25,2024-01-01 00:00:00\n" for n in range(start, start + ROWS)
        )
        (folder / f"part_{number:06}.csv").write_text(f"id,name,amount,at\n{rows}")


def measure(place: Path, name: str, files: int) -> list[Cost]:
    """A pass over new files, one that finds them all known, and one more with a long history."""
    kind = SERVERS[name]
    with kind() if kind else nullcontext() as server:
        url = other_database(server.url(), "bench") if server else f"sqlite:///{place}/bench.db"
        pid = server.pid if server else None
        folder = place / name
        folder.mkdir()
        make(folder, 0, files)
        costs = [once(url, folder, pid) for _ in range(2)]
        check(url, files)
        repeat_history(url, files)
        for path in folder.iterdir():
            path.unlink()
        make(folder, files, files)
        costs.append(once(url, folder, pid))
        check(url, files * 2, files * TIMES)
        return costs


def once(database: str, folder: Path, server: int | None) -> Cost:
    with tempfile.TemporaryDirectory() as state:
        return run(
            [
                sys.executable, "-m", "snapshots", "sync", "--once", "--settle", "0", "--json",
                "--data-dir", str(folder), "--database", database,
            ],
            env={**os.environ, "SNAPSHOTS_STATE_DIR": state},
            server_pid=server,
        )  # fmt: skip


def repeat_history(database: str, files: int) -> None:
    """Other imports, of other files, as if they had been long ago."""
    for number in range(1, TIMES + 1):
        name = f"REPLACE(input, 'part_', 'old{number}_')"
        query(
            database,
            "INSERT INTO snapshots_imports (id, kind, input, size, mtime_ns, inode, fingerprint,"
            " content_hash, table_name, state, plan, records, loaded, started_at, finished_at,"
            f" heartbeat_at, fence) SELECT id + {number * files}, kind, {name}, size, mtime_ns,"
            f" inode, {name}, {name}, table_name, state, plan, records, loaded, started_at,"
            f" finished_at, heartbeat_at, fence FROM snapshots_imports WHERE id <= {files}",
        )
        query(
            database,
            "INSERT INTO snapshots_chunks (import_id, start_offset, end_offset, start_line,"
            f" end_line, records, loaded, fence) SELECT import_id + {number * files},"
            " start_offset, end_offset, start_line, end_line, records, loaded, fence"
            f" FROM snapshots_chunks WHERE import_id <= {files}",
        )


def check(database: str, files: int, before: int = 0) -> None:
    """That every row is there, and that the ledger says so."""
    counted = query(
        database, "SELECT COUNT(*), SUM(loaded) FROM snapshots_imports WHERE state = 'finished'"
    )
    assert [int(str(n)) for n in counted[0]] == [files + before, (files + before) * ROWS], counted
    rows = query(database, "SELECT COUNT(*) FROM part")
    assert rows == [(files * ROWS,)], rows


def query(database: str, sql: str) -> ResultRows:
    with closing(locations.target(database).connect(create=False)) as session:
        return session.execute(sql)


def section(name: str, costs: list[Cost], files: int, versions: str) -> results.Section:
    size = sum(len(f"{n},name {n},{n}.25,2024-01-01 00:00:00\n") for n in range(files * ROWS))
    titles = [lane.format(before=files * (TIMES + 1)) for lane in LANES]
    rates = "; ".join(
        f"{title} {files / cost.seconds:,.0f}" for title, cost in zip(titles, costs, strict=True)
    )
    return results.Section(
        f"sync: {files:,} files of {ROWS} rows into {name}",
        "first / s",
        [
            results.Line(title, cost, size, costs[0].seconds / cost.seconds)
            for title, cost in zip(titles, costs, strict=True)
        ],
        1,
        versions,
        shlex.join(["python", "bench/sync.py", *sys.argv[1:]]),
        (f"Files per second, start of the process included: {rates}.{URGENT}",),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--only", choices=list(SERVERS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for name in [given.only] if given.only else SERVERS:
            costs = measure(Path(place), name, given.files)
            results.keep(f"sync-{name}", section(name, costs, given.files, results.our_version()))
            rates = ", ".join(f"{given.files / cost.seconds:,.0f}" for cost in costs)
            print(f"{name}: {rates} files/s", flush=True)


if __name__ == "__main__":
    main()
