"""Measures how long readers of a table wait while it is replaced.

Two readers poll the number and a checksum of its rows: one in READ COMMITTED, the other in
REPEATABLE READ, some looks in each transaction. Both must see the rows of before or of after.

python bench/readers.py
python bench/readers.py --targets postgres --rows 1000000
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402
from modes import database, execute, load  # noqa: E402
from snapshots import locations  # noqa: E402

WAYS = ("auto", "copy")
HEAD = (
    "| database | published by | isolation | looks | median, ms | longest, ms |"
    " longest without an import, ms |",
    "|---|---|---|---:|---:|---:|---:|",
)
LOOK = "SELECT COUNT(*), SUM(id) FROM t"
LEVELS = ("READ COMMITTED", "REPEATABLE READ")
_LOOKS = 5
"""In one transaction of REPEATABLE READ."""


class Reader(threading.Thread):
    """Looks at the table until it is told to stop, and keeps how long each look took."""

    def __init__(self, url: str, level: str) -> None:
        super().__init__(daemon=True)
        self._target, self._level = locations.target(url), level
        self.over = threading.Event()
        self.seconds: list[float] = []
        self.seen: set[tuple[int, int]] = set()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with closing(self._target.connect(create=False)) as session:
                if self._target.name == "mysql":
                    session.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {self._level}")
                while not self.over.is_set():
                    with session.transaction():
                        if self._target.name == "postgres" and self._level != LEVELS[0]:
                            session.execute(f"SET TRANSACTION ISOLATION LEVEL {self._level}")
                        for _ in range(1 if self._level == LEVELS[0] else _LOOKS):
                            self._look(session)
                    time.sleep(0.001)
        except BaseException as error:
            self.error = error

    def _look(self, session) -> None:  # type: ignore[no-untyped-def]
        begun = time.monotonic()
        ((rows, total),) = session.execute(LOOK)
        self.seconds.append(time.monotonic() - begun)
        self.seen.add((int(rows), int(total)))


def watched(url: str, work) -> list[Reader]:  # type: ignore[no-untyped-def]
    """The readers that looked on while something was done."""
    levels = LEVELS if not url.startswith("sqlite") else LEVELS[:1]
    readers = [Reader(url, level) for level in levels]
    for reader in readers:
        reader.start()
    time.sleep(0.5)
    work()
    time.sleep(0.5)
    for reader in readers:
        reader.over.set()
        reader.join()
        if reader.error is not None:
            raise reader.error
    return readers


def file_of(folder: Path, first: int, rows: int) -> Path:
    """Rows whose sum tells one version from another."""
    path = folder / f"{first}.csv"
    path.write_text("id,name\n" + "".join(f"{n},name {n}\n" for n in range(first, first + rows)))
    return path


def measure(name: str, rows: int) -> list[str]:
    """A line for each way and isolation."""
    lines = []
    with database(name) as (url, _), tempfile.TemporaryDirectory() as kept:
        versions = [file_of(Path(kept), first, rows) for first in (0, 1)]
        sums = {(rows, sum(range(first, first + rows))) for first in (0, 1)}
        load(url, versions[0], "t", "append")
        if name == "postgres":
            execute(url, "VACUUM ANALYZE")
        idle = watched(url, lambda: time.sleep(3))
        for number, way in enumerate(WAYS, start=1):
            path = versions[number % 2]
            readers = watched(
                url, lambda path=path, way=way: load(url, path, "t", "replace", "--publish", way)
            )
            for reader, alone in zip(readers, idle, strict=True):
                if not reader.seen <= sums:
                    raise SystemExit(f"{name}, {way}: a reader has seen {reader.seen - sums}")
                each = sorted(reader.seconds)
                lines.append(
                    f"| {name} | {'renaming' if way == 'auto' else 'copying'} |"
                    f" {reader._level.lower()} | {len(each):,} |"
                    f" {each[len(each) // 2] * 1000:.0f} | {each[-1] * 1000:.0f} |"
                    f" {max(alone.seconds) * 1000:.0f} |"
                )
    return lines


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--targets", default="postgres,mysql,sqlite")
    parser.add_argument("--keep", action="store_true", help="write the results")
    given = parser.parse_args()
    table = list(HEAD)
    for name in given.targets.split(","):
        for line in measure(name, given.rows):
            print(line, flush=True)
            table.append(line)
    if given.keep:
        command = f"python bench/readers.py --rows {given.rows} --keep"
        title = f"Readers of {given.rows:,} rows while they are replaced"
        results.keep("readers", results.Table(title, table, 1, results.our_version(), command))


if __name__ == "__main__":
    main()
