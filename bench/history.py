"""Measures a large table with history: its size, and how long imports and questions take.

    python bench/history.py --versions 1000 --rows 1000000 [--database URL]

The first version is imported. SQL then gives each row a former version. So the table is what 1,000
versions make of it, each with 0.1 % of the rows changed. One more is imported. The current rows and
those as of a date are read by a COUNT and a SUM, so that nothing is sent.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import closing
from pathlib import Path

import snapshots
from snapshots import locations
from snapshots.targets.sql.validity import held_at

FIRST, LAST, MIDDLE = "2020-01-01", "2030-01-01", "2021-06-01T00:00:00.000Z"
SIZES = {
    "postgres": "SELECT pg_total_relation_size('t')",
    "mysql": "SELECT SUM(data_length + index_length) FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name = 't'",
    "sqlite": "SELECT (page_count - freelist_count) * page_size"
    " FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()",
}
LATER = {
    "postgres": "_valid_from + make_interval(days => 1 + CAST(id % {0} AS int))",
    "mysql": "_valid_from + INTERVAL (1 + id % {0}) DAY",
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', _valid_from, (1 + id % {0}) || ' days')",
}
"""When the current version of a row begins: one in so many rows changes at each version."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", help="Default: a SQLite file that is removed.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = wanted.database or f"sqlite:///{folder}/history.db"
        measure(database, Path(folder) / "t.csv", wanted.rows, wanted.versions)


def measure(database: str, path: Path, rows: int, versions: int) -> None:
    print(f"{versions:,} versions of {rows:,} rows, {locations.target(database).name}")
    first = imported(database, path, rows, 0, FIRST)
    size = stored(database)
    make_versions(database, versions)
    made = stored(database)
    later = imported(database, path, rows, versions, LAST)
    print(f"import: first {first:.1f} s, a later one {later:.1f} s")
    print(f"size: one version {size / 1e6:.0f} MB, all {made / 1e6:.0f} MB")
    condition, params = held_at(locations.target(database).dialect, MIDDLE)
    for what, sql, values in (
        ("the table, all versions", "SELECT COUNT(*), SUM(miles) FROM t", ()),
        ("current view, all rows", "SELECT COUNT(*), SUM(miles) FROM t_current", ()),
        ("current view, one row", "SELECT * FROM t_current WHERE id = 4711", ()),
        ("as of, all rows", f"SELECT COUNT(*), SUM(miles) FROM t WHERE {condition}", params),
        ("as of, one row", f"SELECT * FROM t WHERE id = 4711 AND ({condition})", params),
    ):
        print(f"{what}: {1000 * quickest(database, sql, values):.1f} ms")
    begun = time.perf_counter()
    changes = sum(1 for _ in snapshots.diff("2029-01-01", LAST, table="t", database=database))
    print(f"diff of the last two: {changes:,} rows, {time.perf_counter() - begun:.1f} s")


def imported(database: str, path: Path, rows: int, versions: int, date: str) -> float:
    """Imports a version in which one in so many rows has changed; returns the seconds."""
    with path.open("w") as file:
        file.write("id,name,miles\n")
        for n in range(rows):
            changed = versions and n % versions == 0
            file.write(f"{n},name {n},{n % 97 + (1000 if changed else 0)}\n")
    begun = time.perf_counter()
    done = snapshots.load(
        path,
        database=database,
        table="t",
        mode="history",
        primary_key=("id",),
        as_of=date,
    )
    assert done.exit_code == 0, done.message
    return time.perf_counter() - begun


def make_versions(database: str, versions: int) -> None:
    target = locations.target(database)
    later = LATER[target.name].format(versions)
    names = "id, name, miles, _import_id, _line"
    with closing(target.connect(create=False)) as session, session.transaction():
        session.execute("CREATE TEMPORARY TABLE former AS SELECT * FROM t")
        session.execute(f"UPDATE t SET _valid_from = {later}")
        session.execute(
            f"INSERT INTO t ({names}, _valid_from, _valid_to)"
            f" SELECT id, name, miles + 500, _import_id, _line, _valid_from, {later} FROM former"
        )
    with closing(target.connect(create=False)) as session:
        session.execute({"postgres": "VACUUM FULL ANALYZE t", "mysql": "OPTIMIZE TABLE t"}.get(
            target.name, "VACUUM"
        ))  # fmt: skip


def stored(database: str) -> int:
    target = locations.target(database)
    with closing(target.connect(create=False)) as session:
        if target.name == "mysql":
            session.execute("ANALYZE TABLE t")
        return int(str(session.execute(SIZES[target.name])[0][0]))


def quickest(database: str, sql: str, params: tuple[object, ...]) -> float:
    """The best of five, on a warm session."""
    target = locations.target(database)
    with closing(target.connect(create=False)) as session:
        found = []
        for _ in range(5):
            begun = time.perf_counter()
            with session.transaction():
                if target.dialect.for_joins:
                    session.execute(target.dialect.for_joins)
                session.execute(sql, params)  # type: ignore[arg-type]
            found.append(time.perf_counter() - begun)
        return min(found)


if __name__ == "__main__":
    main()
