"""Measures commands on a ledger of many imports: none of them may grow with the history.

python bench/long_history.py                     # 1,000,000 imports, in three databases
python bench/long_history.py --imports 100000 --only sqlite
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import time
from contextlib import closing, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import other_database  # noqa: E402

import results  # noqa: E402
import sync as sync_bench  # noqa: E402
from process_cost import Cost, middle, run  # noqa: E402
from snapshots import locations  # noqa: E402
from snapshots.engine.history import lookup  # noqa: E402
from snapshots.ledger.history import History, ImportFilter  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = 100
"""Of a folder that `sync` takes or knows."""
FIRST = 1000
"""Imports that are made by the program; the others are made of these by SQL."""


def fill(url: str, imports: int) -> None:
    """Doubles the history by SQL until it has so many imports, each of another input."""
    with closing(locations.target(url).connect(create=False)) as session:
        ((have,),) = session.execute("SELECT MAX(id) FROM snapshots_imports")
        have = int(str(have))
        while have < imports:
            more = min(have, imports - have)
            name = locations.target(url).dialect.name
            old = f"CONCAT('old{have}_', {{}})" if name == "mysql" else f"'old{have}_' || {{}}"
            new = {one: old.format(one) for one in ("input", "fingerprint", "content_hash")}
            if name == "mysql":  # its hashes are no longer than hashes are
                new |= {one: f"SHA2({new[one]}, 256)" for one in ("fingerprint", "content_hash")}
            columns = (
                "kind", "size", "mtime_ns", "inode", "table_name", "state", "plan", "records",
                "loaded", "started_at", "finished_at", "heartbeat_at", "fence", "chunks",
            )  # fmt: skip
            session.execute(
                f"INSERT INTO snapshots_imports (id, {', '.join((*new, *columns))})"
                f" SELECT id + {have}, {', '.join((*new.values(), *columns))}"
                f" FROM snapshots_imports WHERE id <= {more}"
            )
            session.execute(
                "INSERT INTO snapshots_chunks (import_id, start_offset, end_offset, start_line,"
                " end_line, records, loaded, fence, committed_at)"
                f" SELECT import_id + {have}, start_offset, end_offset, start_line, end_line,"
                " records, loaded, fence, committed_at"
                f" FROM snapshots_chunks WHERE import_id <= {more}"
            )
            have += more


def commands(
    url: str, known: Path, place: Path, made: Iterator[int], server: int | None
) -> dict[str, Callable[[], Cost]]:
    """What is measured, by its name."""
    env = {**os.environ, "SNAPSHOTS_STATE_DIR": str(place / "state")}

    def command(*arguments: str) -> Cost:
        full = [sys.executable, "-m", "snapshots", *arguments, "--database", url]
        return run(full, env=env, server_pid=server)

    def new(files: int) -> Path:
        folder = Path(tempfile.mkdtemp(dir=place))
        sync_bench.make(folder, next(made), files)
        return folder

    def one() -> Cost:
        return command("import", "--progress", "none", *map(str, new(1).iterdir()))

    file, other = next(known.iterdir()), next(new(1).iterdir())
    return {
        "list": lambda: command("list"),
        "list of a file that is imported": lambda: command("list", str(file)),
        "list of a file that is not": lambda: command("list", str(other)),
        "show": lambda: command("show", str(FIRST // 2)),
        "import of one file": one,
        f"sync of {FILES} known files": lambda: sync_bench.once(url, known, server),
        f"sync of {FILES} new files": lambda: sync_bench.once(url, new(FILES), server),
        "the statements of list": lambda: warm(lambda: lookup.list_imports(url, most=101)),
        "REST: GET /v1/imports?limit=50": lambda: warm(lambda: asked(url)),
    }


def asked(url: str) -> None:
    """What answers `GET /v1/imports` beside HTTP: the newest 50 imports."""
    with closing(locations.target(url).connect(create=False)) as session:
        assert len(History(locations.target(url), session).page(ImportFilter(), None, 50)) == 50


def warm(work: Callable[[], object]) -> Cost:
    """What the second time costs within this process: without its start, with a new session."""
    for _ in range(2):
        began, cpu = time.perf_counter(), time.process_time()
        work()
        seconds = time.perf_counter() - began
    return Cost(seconds, time.process_time() - cpu, None, 0)


def measure(place: Path, name: str, imports: int, runs: int) -> list[tuple[str, Cost, Cost]]:
    """Each command with the short history, and with the long one."""
    kind = sync_bench.SERVERS[name]
    with kind() if kind else nullcontext() as server:
        url = other_database(server.url(), "bench") if server else f"sqlite:///{place}/bench.db"
        pid = server.pid if server else None
        taken, known = place / name, place / f"{name}-known"
        for folder, first, files in ((taken, 0, FIRST), (known, FIRST, FILES)):
            folder.mkdir()
            sync_bench.make(folder, first, files)
            sync_bench.once(url, folder, pid)
        wanted = commands(url, known, place, count(FIRST + FILES, FILES), pid)
        found: list[list[Cost]] = []
        for long in (False, True):
            if long:
                began = time.monotonic()
                fill(url, imports)
                print(f"{name}: filled in {time.monotonic() - began:.0f} s", flush=True)
            found.append([middle(each() for _ in range(runs)) for each in wanted.values()])
        return list(zip(wanted, *found, strict=True))


def table(
    name: str, measured: list[tuple[str, Cost, Cost]], imports: int, runs: int
) -> results.Table:
    rows = [
        f"| {what} | {short.seconds:.3f} | {long.seconds:.3f} | {short.client_cpu:.3f} |"
        f" {long.client_cpu:.3f} | {_(short.server_cpu)} | {_(long.server_cpu)} |"
        for what, short, long in measured
    ]
    return results.Table(
        f"A history of {imports:,} imports: {name}",
        [
            f"| command | s after {FIRST:,} | s after {imports:,} | client CPU s after {FIRST:,} |"
            f" after {imports:,} | server CPU s after {FIRST:,} | after {imports:,} |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *rows,
        ],
        runs,
        results.our_version(),
        shlex.join(["python", "bench/long_history.py", *sys.argv[1:]]),
        ("The start of each process is included, but not for statements and REST: a session is.",),
    )


def _(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imports", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=list(sync_bench.SERVERS))
    given = parser.parse_args()
    for name in [given.only] if given.only else sync_bench.SERVERS:
        with tempfile.TemporaryDirectory() as place:
            measured = measure(Path(place), name, given.imports, given.runs)
        results.keep(f"history-{name}", table(name, measured, given.imports, given.runs))
        for what, short, long in measured:
            print(f"{name}: {what}: {short.seconds:.3f} s, {long.seconds:.3f} s", flush=True)


if __name__ == "__main__":
    main()
