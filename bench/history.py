"""Measures many versions of a large table with history: size, and how long questions take.

    python bench/history.py --versions 200 --rows 1000000 [--database URL]

Each version changes 0.1 % of the rows. The view of the current rows and `--as-of` are read by a COUNT
and a SUM over all rows, so that nothing is sent.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import snapshots
from snapshots import locations
from snapshots.targets.sql.validity import held_at

CHANGED = 0.001
SIZES = {
    "postgres": "SELECT pg_total_relation_size('t')",
    "mysql": "SELECT SUM(data_length + index_length) FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name = 't'",
    "sqlite": "SELECT (page_count - freelist_count) * page_size"
    " FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", help="Default: a SQLite file that is removed.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(wanted, Path(folder))


def measure(wanted: argparse.Namespace, folder: Path) -> None:
    database = wanted.database or f"sqlite:///{folder}/history.db"
    values = [f"{n},name {n},{n % 97}\n" for n in range(wanted.rows)]
    rng, first = random.Random(1), datetime(2020, 1, 1, tzinfo=UTC)
    seconds: list[float] = []
    size = 0
    for number in range(wanted.versions):
        for _ in range(int(wanted.rows * CHANGED) if number else 0):
            n = rng.randrange(wanted.rows)
            values[n] = f"{n},name {n},{rng.randrange(1000)}\n"
        path = folder / "t.csv"
        with path.open("w") as file:
            file.write("id,name,miles\n")
            file.writelines(values)
        begun = time.perf_counter()
        done = snapshots.load(
            path,
            database=database,
            table="t",
            mode="history",
            primary_key=("id",),
            as_of=(first + timedelta(days=number)).isoformat(),
        )
        seconds.append(time.perf_counter() - begun)
        assert done.exit_code == 0, done.message
        if number == 0:
            size = stored(database)
    print(f"{wanted.versions} versions of {wanted.rows:,} rows, {database.partition(':')[0]}")
    later = sorted(seconds[1:]) or seconds
    print(f"import: first {seconds[0]:.1f} s, later {later[len(later) // 2]:.1f} s (median)")
    print(f"size: first {size / 1e6:.0f} MB, all {stored(database) / 1e6:.0f} MB")
    middle = (first + timedelta(days=wanted.versions // 2)).isoformat()[:19] + ".000Z"
    dialect = locations.target(database).dialect
    condition, params = held_at(dialect, middle)
    for what, sql, values_ in (
        ("current view, all rows", "SELECT COUNT(*), SUM(miles) FROM t_current", ()),
        ("current view, one row", "SELECT * FROM t_current WHERE id = 4711", ()),
        ("as of, all rows", f"SELECT COUNT(*), SUM(miles) FROM t WHERE {condition}", params),
        ("as of, one row", f"SELECT * FROM t WHERE id = 4711 AND {condition}", params),
        ("the table, all versions", "SELECT COUNT(*), SUM(miles) FROM t", ()),
    ):
        print(f"{what}: {1000 * quickest(database, sql, values_):.1f} ms")
    begun = time.perf_counter()
    changes = sum(1 for _ in snapshots.diff(1, wanted.versions, database=database))
    print(f"diff of the first and the last: {changes:,} rows, {time.perf_counter() - begun:.1f} s")


def stored(database: str) -> int:
    target = locations.target(database)
    with closing(target.connect(create=False)) as session:
        if target.name == "mysql":
            session.execute("ANALYZE TABLE t")
        return int(str(session.execute(SIZES[target.name])[0][0]))


def quickest(database: str, sql: str, params: tuple[object, ...]) -> float:
    """The best of five, on a warm session."""
    with closing(locations.target(database).connect(create=False)) as session:
        found = []
        for _ in range(5):
            begun = time.perf_counter()
            session.execute(sql, params)  # type: ignore[arg-type]
            found.append(time.perf_counter() - begun)
        return min(found)


if __name__ == "__main__":
    main()
