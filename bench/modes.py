"""Measures the modes of an import side by side: `replace` against `append` of the same file.

python bench/modes.py
python bench/modes.py --targets postgres --rows 1000000 --runs 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import MariaServer, PostgresServer  # noqa: E402

import results  # noqa: E402
from process_cost import Cost, middle, run  # noqa: E402
from snapshots import locations  # noqa: E402

LANES = {
    "append to an empty table": ("append",),
    "replace": ("replace",),
    "replace, keeping nothing for undo": ("replace", "--keep-undo", "0"),
    "replace by copying": ("replace", "--publish", "copy"),
}
"""What is measured in turn, with the options of `snapshots import`."""
HEAD = (
    "| database | lane | s | to append | processor s | to append | peak RSS MB |",
    "|---|---|---:|---:|---:|---:|---:|",
)
NOTE = (
    "The processor's time is that of client and server: other work on the machine changes it less"
    " than the time. The memory is the client's."
)


@contextmanager
def database(name: str) -> Iterator[tuple[str, int | None]]:
    """A fresh one, on a private server where there is one, whose process is given as well."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/modes.db", None
        return
    with (PostgresServer if name == "postgres" else MariaServer)() as server:
        yield server.url(), server.pid


def input_file(folder: Path, rows: int, name: str = "rides") -> Path:
    """A file of six columns. Another name gives another content."""
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write("id,started,station,distance,price,note\n")
        for n in range(rows):
            day, minute = n % 28 + 1, n % 60
            out.write(
                f"{n},2024-01-{day:02} 12:{minute:02}:00,station {n % 977},{n % 4000 / 100:.2f},"
                f"{n % 9000 / 100:.2f},note {n} of {name}\n"
            )
    return path


def measure(name: str, rows: int, runs: int, key: tuple[str, ...]) -> Iterator[str]:
    """A line of the table for each lane. `key`: the option that gives new tables a key, if any."""
    costs: dict[str, list[Cost]] = {lane: [] for lane in LANES}
    with ExitStack() as stack:
        url, pid = stack.enter_context(database(name))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = input_file(folder, rows)
        load(url, path, "full", "append", *key)
        for _ in range(runs):
            for lane, options in LANES.items():
                table = "fresh" if options == ("append",) else "full"
                if table == "fresh":
                    load(url, path, table, "append", *key, limit=True)
                    execute(url, "DELETE FROM fresh")
                costs[lane].append(load(url, path, table, *options, pid=pid))
                # What follows such a load is not measured.
                run(["snapshots", "prune", "--database", url, "--keep-undo", "0"])
                if table == "fresh":
                    execute(url, "DROP TABLE fresh")
                if name == "postgres":
                    execute(url, "VACUUM ANALYZE")
                    execute(url, "CHECKPOINT")
    append = middle(costs["append to an empty table"])
    for lane, found in costs.items():
        cost = middle(found)
        cpu, least = cpu_of(cost), cpu_of(append)
        yield (
            f"| {name} | {lane} | {cost.seconds:.2f} | {cost.seconds / append.seconds:.2f} |"
            f" {cpu:.2f} | {cpu / least:.2f} | {cost.peak_rss / 1e6:.0f} |"
        )


def cpu_of(cost: Cost) -> float:
    """Of client and server."""
    return cost.client_cpu + (cost.server_cpu or 0.0)


def load(
    url: str,
    path: Path,
    table: str,
    mode: str,
    *options: str,
    limit: bool = False,
    pid: int | None = None,
) -> Cost:
    """Loads the file, and returns what that cost."""
    few = ["--limit", "1"] if limit else []
    command = [
        "snapshots", "import", str(path), "--database", url, "--table", table, "--mode", mode,
        *options, *few, "--again", "--progress", "none", "--quiet",
    ]  # fmt: skip
    return run(command, server_pid=pid)


def execute(url: str, statement: str) -> None:
    """Outside what is measured."""
    with closing(locations.target(url).connect()) as session:
        session.execute(statement)


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--targets", default="postgres,mysql,sqlite")
    parser.add_argument("--key", action="store_true", help="the tables have a primary key")
    parser.add_argument("--keep", action="store_true", help="write the results")
    given = parser.parse_args()
    key = ("--primary-key", "id") if given.key else ()
    table = list(HEAD)
    for name in given.targets.split(","):
        for line in measure(name, given.rows, given.runs, key):
            print(line, flush=True)
            table.append(line)
    if given.keep:
        keyed = " --key" if given.key else ""
        command = f"python bench/modes.py --rows {given.rows} --runs {given.runs}{keyed} --keep"
        title = f"Replacing {given.rows:,} rows of 6 columns{', with a key' if given.key else ''}"
        versions, runs = results.our_version(), given.runs
        results.keep(
            f"modes {given.rows}{keyed}",
            results.Table(title, table, runs, versions, command, (NOTE,)),
        )


if __name__ == "__main__":
    main()
