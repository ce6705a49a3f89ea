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
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import other_database  # noqa: E402

import results  # noqa: E402
import sync as sync_bench  # noqa: E402
from process_cost import Cost, run  # noqa: E402
from snapshots import locations  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

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


def measure(place: Path, name: str, imports: int, runs: int) -> list[tuple[str, Cost, Cost]]:
    """Each command with the short history, and with the long one."""
    kind = sync_bench.SERVERS[name]
    with kind() if kind else nullcontext() as server:
        url = other_database(server.url(), "bench") if server else f"sqlite:///{place}/bench.db"
        pid = server.pid if server else None
        state = {**os.environ, "SNAPSHOTS_STATE_DIR": str(place / "state")}
        taken = place / name
        taken.mkdir()
        sync_bench.make(taken, 0, FIRST)
        sync_bench.once(url, taken, pid)
        known = place / f"{name}-known"
        known.mkdir()
        sync_bench.make(known, FIRST, FILES)
        sync_bench.once(url, known, pid)
        made = iter(range(FIRST + FILES, 10**6, FILES))
        found: list[list[Cost]] = []
        for long in (False, True):
            if long:
                began = time.monotonic()
                fill(url, imports)
                print(f"{name}: filled in {time.monotonic() - began:.0f} s", flush=True)
            found.append(
                [
                    middle([each(url, state, known, place, made, pid) for _ in range(runs)])
                    for each in COMMANDS.values()
                ]
            )
        return list(zip(COMMANDS, *found, strict=True))


def middle(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.seconds)[len(costs) // 2]
