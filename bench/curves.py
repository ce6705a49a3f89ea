"""Measures how time grows with rows, columns, rejects, files and versions of a table.

python bench/curves.py
python bench/curves.py --only rows,columns --runs 5 --keep

All is loaded into PostgreSQL. `bench/pictures.py` draws what `--keep` has kept in `curves.json`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.support.database_servers import PostgresServer  # noqa: E402

import results  # noqa: E402
from modes import input_file  # noqa: E402
from process_cost import run  # noqa: E402
from rejects import spoil  # noqa: E402
from snapshots import locations  # noqa: E402

JSON = HERE / "curves.json"
OURS, PSQL = "snapshots import", "psql \\copy"
RIDES = "id bigint, started timestamp, station text, distance numeric, price numeric, note text"


@dataclass
class Curve:
    """One picture: seconds on the clock over something that grows."""

    title: str
    axis: str
    lanes: dict[str, dict[int, float]] = field(default_factory=dict)
    """The medians, by what has grown."""


class Measured:
    """A private server, and a folder for files."""

    def __init__(self, server: PostgresServer, folder: Path, runs: int) -> None:
        self.url, self.folder, self.runs = server.url(), folder, runs

    def execute(self, statement: str) -> None:
        """Outside what is measured."""
        with closing(locations.target(self.url).connect()) as session:
            session.execute(statement)

    def ours(self, files: list[Path], *options: str, codes: tuple[int, ...] = (0,)) -> float:
        """Seconds of one import into the table `t`."""
        command = [
            "snapshots", "import", *map(str, files), "--database", self.url, "--table", "t",
            "--quiet", "--progress", "none", *options,
        ]  # fmt: skip
        return run(command, exit_codes=codes).seconds

    def psql(self, files: list[Path], columns: str) -> float:
        """Seconds of one `psql` with a `\\copy` for each file."""
        self.execute("DROP TABLE IF EXISTS p")
        self.execute(f"CREATE TABLE p ({columns})")
        script = "".join(f"\\copy p from '{file}' csv header\n" for file in files)
        return run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.url], stdin=script).seconds

    def middle(self, once: Callable[[], float]) -> float:
        """The median of the runs."""
        return round(median(once() for _ in range(self.runs)), 3)

    def afresh(self, like: Path, *options: str) -> None:
        """A ledger without imports of the files, and the table `t` with a row of one of them."""
        self.execute("DROP SCHEMA public CASCADE")
        self.execute("CREATE SCHEMA public")
        with like.open() as lines:
            few = [next(lines), next(lines)]
        first = self.folder / "first.csv"
        first.write_text("".join(few))
        self.ours([first], *options, codes=(0, 3))

    def both(self, curve: Curve, at: int, files: list[Path], columns: str) -> None:
        """Measures one step of a curve with both programs, into a table that is there."""

        def ours() -> float:
            self.afresh(files[0])
            return self.ours(files)

        curve.lanes.setdefault(OURS, {})[at] = self.middle(ours)
        psql = self.middle(lambda: self.psql(files, columns))
        curve.lanes.setdefault(PSQL, {})[at] = psql


def rows(on: Measured) -> Curve:
    """Files of six columns."""
    curve = Curve("Time by rows, 6 columns", "rows")
    for count in (1_000, 10_000, 100_000, 300_000, 1_000_000, 3_000_000):
        on.both(curve, count, [input_file(on.folder, count)], RIDES)
    return curve


def columns(on: Measured) -> Curve:
    """Files of 4,000,000 whole numbers."""
    curve = Curve("Time by columns, 4,000,000 fields in all", "columns")
    rng = random.Random(1)
    for count in (4, 16, 64, 256):
        path = on.folder / "columns.csv"
        with path.open("w") as out:
            out.write(",".join(f"c{n}" for n in range(count)) + "\n")
            for _ in range(4_000_000 // count):
                out.write(",".join(map(str, rng.choices(range(1_000_000), k=count))) + "\n")
        on.both(curve, count, [path], ", ".join(f"c{n} bigint" for n in range(count)))
    return curve


def rejects(on: Measured) -> Curve:
    """Files of 200,000 records, of which some have a wrong value."""
    curve = Curve("Time by rejects, of 200,000 records", "percent rejected")
    clean, contract = input_file(on.folder, 200_000), on.folder / "contract.json"
    run(["snapshots", "describe", str(clean), "--output", str(contract)])
    for percent, one_of in ((0, 0), (1, 100), (10, 10), (25, 4), (50, 2), (100, 1)):
        path = on.folder / "spoiled.csv"
        spoil(clean, path, one_of)
        given = ("--contract", str(contract), "--max-rejects", "100%")

        def once(path: Path = path, given: tuple[str, ...] = given) -> float:
            on.afresh(clean, *given)
            return on.ours([path], *given, codes=(0, 3))

        curve.lanes.setdefault(OURS, {})[percent] = on.middle(once)
    return curve


def files(on: Measured) -> Curve:
    """Files of 100 rows."""
    curve = Curve("Time by files, 100 rows each", "files")
    made = [input_file(on.folder, 100, f"part{number}") for number in range(1000)]
    for count in (1, 10, 100, 300, 1000):
        on.both(curve, count, made[:count], RIDES)
    return curve


def history(on: Measured) -> Curve:
    """Versions of a table of 100,000 rows. In each, every tenth row differs."""
    curve = Curve("Time of one version: 100,000 rows, a tenth of them changed", "versions before")
    path, number = on.folder / "history.csv", 0
    for before in range(41):
        lines = input_file(on.folder, 100_000).read_text().splitlines()
        for at in range(1 + before % 10, len(lines), 10):
            number += 1
            lines[at] += f" changed {number}"
        path.write_text("\n".join(lines) + "\n")
        day = f"2024-{1 + before // 28:02}-{1 + before % 28:02}"
        given = ("--mode", "history", "--primary-key", "id", "--as-of", day)
        seconds = on.ours([path], *given)
        if before % 5 == 0:
            curve.lanes.setdefault("snapshots import --mode history", {})[before] = round(
                seconds, 3
            )
    return curve


CURVES = {one.__name__: one for one in (rows, columns, rejects, files, history)}


def measure(names: list[str], runs: int) -> Iterator[tuple[str, Curve]]:
    """Each in a folder and on a server of its own."""
    for name in names:
        with PostgresServer() as server, tempfile.TemporaryDirectory() as folder:
            yield name, CURVES[name](Measured(server, Path(folder), runs))


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(CURVES), help="of " + ",".join(CURVES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="write curves.json")
    given = parser.parse_args()
    kept = json.loads(JSON.read_text()) if JSON.exists() else {}
    for name, curve in measure(given.only.split(","), given.runs):
        print(json.dumps(asdict(curve)), flush=True)
        kept[name] = {
            **asdict(curve),
            "runs": 1 if name == "history" else given.runs,
            "date": datetime.now(UTC).date().isoformat(),
            "machine": results.machine(),
        }
        if given.keep:
            JSON.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
