"""Measures sending: the same client bare, the adapter, and `snapshots send`, side by side.

python bench/send.py                          # needs nginx; installs nothing
python bench/send.py --requests 1000000 --runs 5
python bench/send.py --memory 10000000        # one run of so many, and one of a hundredth
python bench/send.py --by-key 100000          # the same file again, of which nothing has changed
python bench/send.py --by-key 100000 --into postgres
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import MissingServer, find  # noqa: E402
from tests.support.nginx_server import Nginx  # noqa: E402

import results  # noqa: E402
from http_clients import BODY, COLUMNS  # noqa: E402
from process_cost import Cost, middle, run  # noqa: E402
from targets import MariaDB, Postgres, SQLite  # noqa: E402

AT_ONCE = 32
TITLES = {
    "bare": "our client alone, constant bodies",
    "send": "`snapshots send` of a CSV file",
    "old": "`snapshots send` of an earlier version",
    "aiohttp": "aiohttp with uvloop, constant bodies",
}


def movies(path: Path, rows: int) -> None:
    """The movie of drive.BODY again and again, with a title of its own each."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        people = ("Walken, Christopher", "Adams, Brooke", "Cronenberg, David")
        for n in range(rows):
            title = f"Dead Zone {n:07}"
            writer.writerow([1983, 104, title, "Horror", *people, 79, "No", "NicholasCage.png"])


def command(lane: str, url: str, requests: int, folder: Path, old: str) -> list[str]:
    if lane in {"bare", "aiohttp"}:
        return [
            sys.executable,
            str(HERE / "http_clients.py"),
            lane,
            url,
            str(requests),
            str(AT_ONCE),
        ]
    return [
        old if lane == "old" else "snapshots", "send", str(folder / "movies.csv"), "--to", url,
        "--concurrency", str(AT_ONCE), "--again", "--progress", "none",
        "--database", f"sqlite:///{folder}/{lane}.db",
    ]  # fmt: skip


def side_by_side(
    server: Nginx, lanes: list[str], requests: int, runs: int, old: str = ""
) -> dict[str, Cost]:
    """Every lane in turn, `runs` times; the median of each."""
    costs: dict[str, list[Cost]] = {lane: [] for lane in lanes}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        movies(folder / "movies.csv", requests)
        path = f"{HERE.parent}{os.pathsep}{HERE}"
        environment = os.environ | {"PYTHONPATH": path, "SNAPSHOTS_STATE_DIR": name}
        for _ in range(runs):
            for lane in lanes:
                cost = run(
                    command(lane, server.url(), requests, folder, old),
                    # The other one has its own modules.
                    env=environment if lane != "old" else {**environment, "PYTHONPATH": ""},
                    server_pid=server.pid,
                )
                costs[lane].append(cost)
                rate = requests / cost.seconds
                print(f"{lane}: {cost.seconds:.2f} s, {rate:,.0f}/s", file=sys.stderr, flush=True)
    return {lane: middle(each) for lane, each in costs.items()}


def memory(server: Nginx, rows: int, versions: str) -> results.Section:
    """What the command takes for a hundredth of the rows, and for all."""
    lines = []
    for requests in (rows // 100, rows):
        (cost,) = side_by_side(server, ["send"], requests, 1).values()
        title = f"`snapshots send` of {requests:,} rows, {requests / cost.seconds:,.0f}/s"
        lines.append(results.Line(title, cost, requests * len(BODY), None))
    return results.Section(
        f"HTTP: memory of {rows:,} POST requests, {AT_ONCE} at once",
        "",
        lines,
        1,
        versions,
        _command(),
    )


KEYED = {
    "pages": "all rows, 1,000 in a request",
    "first": "the same with `--key`: all rows are new",
    "unchanged": "again with `--key`: no row has changed",
    "changed": "again with `--key`: every row has changed",
}
LEDGERS = {"sqlite": SQLite, "postgres": Postgres, "mariadb": MariaDB}


def by_key(server: Nginx, rows: int, runs: int, versions: str, into: str) -> results.Section:
    """What the hashes of the keys take: where all rows are new, where none has changed, and where
    all have."""
    costs: dict[str, list[Cost]] = {lane: [] for lane in KEYED}
    with tempfile.TemporaryDirectory() as name, LEDGERS[into]() as ledger:
        movies(Path(name) / "movies.csv", rows)
        for _ in range(runs):
            ledger.renew()
            for lane, found in costs.items():
                key = [] if lane == "pages" else ["--key", "title"]
                # Other JSON is another row.
                other = ["--all-text"] if lane == "changed" else []
                given = [
                    "snapshots", "send", f"{name}/movies.csv", "--to", server.url(),
                    "--batch", "1000", "--again", "--progress", "none", *key, *other,
                    "--database", ledger.url,
                ]  # fmt: skip
                environment = ledger.environment()
                found.append(run(given, env=environment, server_pid=ledger.server_pid))
                print(f"{lane}: {found[-1].seconds:.2f} s", file=sys.stderr, flush=True)
        versions = f"{ledger.version()}, {versions}"
    middles = {lane: middle(each) for lane, each in costs.items()}
    plain = middles["pages"].client_cpu
    lines = [
        results.Line(KEYED[lane], cost, rows * len(BODY), cost.client_cpu / plain)
        for lane, cost in middles.items()
    ]
    return results.Section(
        f"HTTP: {rows:,} rows by key, with the ledger in {into}",
        "cpu / all",
        lines,
        runs,
        versions,
        _command(),
        (
            "The column of ratios compares the processor time with that of sending all rows. The"
            " server is the ledger's.",
        ),
    )


def section(
    costs: dict[str, Cost], requests: int, runs: int, versions: str, notes: list[str]
) -> results.Section:
    bare = costs["bare"].seconds
    lines = [
        results.Line(TITLES[lane], cost, requests * len(BODY), bare / cost.seconds)
        for lane, cost in costs.items()
    ]
    each = [
        f"{TITLES[lane]}: {requests / cost.seconds:,.0f} requests per second, and "
        f"{cost.client_cpu / requests * 1e6:.1f} microseconds of the client's processor for each."
        for lane, cost in costs.items()
    ]
    return results.Section(
        f"HTTP: {requests:,} POST requests, {AT_ONCE} at once, one record each",
        "bare / s",
        lines,
        runs,
        versions,
        _command(),
        (
            "The start of the process is included. The server is nginx with one worker, which "
            "answers 201 to everything.",
            *each,
            "What `send` takes beyond the bare client is the ledger, the count of what is decided, "
            "the limits, and the start of the process.",
            *notes,
        ),
    )


def _command() -> str:
    return shlex.join(["python", "bench/send.py", *sys.argv[1:]])


def nginx_version() -> str:
    done = subprocess.run([find("nginx"), "-v"], capture_output=True, text=True, check=True)
    return done.stderr.strip().rpartition(": ")[2]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures sending over HTTP.")
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", type=int, metavar="ROWS", help="only that, of so many rows")
    parser.add_argument("--by-key", type=int, metavar="ROWS", help="only that, of so many rows")
    parser.add_argument("--into", choices=LEDGERS, default="sqlite", help="the ledger's database")
    parser.add_argument("--note", action="append", default=[], help="kept with the figures")
    parser.add_argument("--old", default="", help="the command of an earlier version")
    parser.add_argument("--lanes", help="of " + ",".join(TITLES))
    chosen = parser.parse_args()
    lanes = chosen.lanes.split(",") if chosen.lanes else list(TITLES)
    if not chosen.old and "old" in lanes:
        lanes.remove("old")
    if importlib.util.find_spec("aiohttp") is None and "aiohttp" in lanes:
        print("aiohttp is not installed here: it is left out", file=sys.stderr)
        lanes.remove("aiohttp")
    try:
        with Nginx() as server:
            assert isinstance(server, Nginx)
            versions = f"{nginx_version()}, {results.our_version()}"
            if chosen.memory:
                results.keep("send-memory", memory(server, chosen.memory, versions))
            elif chosen.by_key:
                found = by_key(server, chosen.by_key, chosen.runs, versions, chosen.into)
                results.keep(f"send-by-key-{chosen.into}-{chosen.by_key}", found)
            else:
                costs = side_by_side(server, lanes, chosen.requests, chosen.runs, chosen.old)
                found = section(costs, chosen.requests, chosen.runs, versions, chosen.note)
                results.keep("send", found)
    except MissingServer as error:
        sys.exit(f"{error}; on Debian: apt-get install nginx-light")
    print(results.MARKDOWN.read_text())


if __name__ == "__main__":
    main()
