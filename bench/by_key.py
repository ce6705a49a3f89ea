"""Measures `--mode upsert` and `mirror` beside the statements that an expert would write.

python bench/by_key.py                     # 1,000,000 rows, 10 % of them changed, into as many
python bench/by_key.py --rows 100000 --only postgres --without-dlt --runs 3
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402
from process_cost import Cost, Failed, middle, run  # noqa: E402
from targets import MariaDB, Postgres, SQLite, Target  # noqa: E402

COLUMNS = ("id", "name", "city", "amount", "quantity", "created")
OTHERS = COLUMNS[1:]
CITIES = ("Berlin", "Lagos", "Lima", "Oslo", "Perth", "Quito")
CHANGED = 10
"""One of so many rows."""
TABLE = "orders"
VANISHED = f"DELETE FROM {TABLE} WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.id = {TABLE}.id);\n"
"""What the expert's mirror does besides."""
CHECKSUM = f"SELECT count(*), sum(quantity), sum(length(name)) FROM {TABLE}"


def write(path: Path, rows: int, *, changed: bool) -> Path:
    """Orders with the keys 1 to `rows`, in an order of their own."""
    rng = random.Random(1)
    order = list(range(1, rows + 1))
    rng.shuffle(order)
    with path.open("w") as out:
        out.write(",".join(COLUMNS) + "\n")
        for number in order:
            name = f"customer {number * 7919 % rows}"
            if changed and number % CHANGED == 0:
                name += " Ltd"
            moment = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d} 10:{number % 60:02d}:00"
            amount = f"{number % 100_000 / 8 + 0.125}"
            out.write(f"{number},{name},{CITIES[number % 6]},{amount},{number % 50},{moment}\n")
    return path


class Expert:
    """What each database's own users would write."""

    made: ClassVar[str]
    first: ClassVar[str]
    """Loads a file into the empty table, as a shell's script; `{file}` stands for it."""
    second: ClassVar[str]


class PostgresExpert(Expert):
    made = (
        f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY, name text, city text,"
        " amount double precision, quantity integer, created timestamp{lineage})"
    )
    first = f"\\copy {TABLE} from '{{file}}' with (format csv, header)\n"
    second = (
        f"CREATE TEMP TABLE s (LIKE {TABLE});\n"
        "\\copy s from '{file}' with (format csv, header)\n"
        f"INSERT INTO {TABLE} AS t SELECT * FROM s ON CONFLICT (id) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in OTHERS)
        + f" WHERE ({', '.join(f't.{name}' for name in OTHERS)})"
        f" IS DISTINCT FROM ({', '.join(f'excluded.{name}' for name in OTHERS)});\n"
    )


class MariaExpert(Expert):
    made = (
        f"CREATE TABLE {TABLE} (id bigint PRIMARY KEY, name varchar(40), city varchar(20),"
        " amount double, quantity int, created datetime{lineage})"
    )
    first = (
        f"LOAD DATA LOCAL INFILE '{{file}}' INTO TABLE {TABLE} FIELDS TERMINATED BY ','"
        " IGNORE 1 LINES;\n"
    )
    second = (
        f"CREATE TEMPORARY TABLE s LIKE {TABLE};\n"
        "LOAD DATA LOCAL INFILE '{file}' INTO TABLE s FIELDS TERMINATED BY ',' IGNORE 1 LINES;\n"
        f"INSERT INTO {TABLE} SELECT * FROM s ON DUPLICATE KEY UPDATE "
        + ", ".join(f"{name} = VALUES({name})" for name in OTHERS)
        + ";\n"
    )


class SqliteExpert(Expert):
    made = (
        f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, name TEXT, city TEXT, amount REAL,"
        " quantity INTEGER, created TIMESTAMP{lineage})"
    )
    first = f".import --csv --skip 1 '{{file}}' {TABLE}\n"
    second = (
        "CREATE TEMP TABLE s (id INTEGER PRIMARY KEY, name TEXT, city TEXT, amount REAL,"
        " quantity INTEGER, created TIMESTAMP);\n"
        ".import --csv --schema temp --skip 1 '{file}' s\n"
        f"INSERT INTO {TABLE} SELECT * FROM s WHERE true ON CONFLICT (id) DO UPDATE SET "
        + ", ".join(f"{name} = excluded.{name}" for name in OTHERS)
        + f" WHERE ({', '.join(f'{TABLE}.{name}' for name in OTHERS)})"
        f" IS NOT ({', '.join(f'excluded.{name}' for name in OTHERS)});\n"
    )


@dataclass(frozen=True)
class Way:
    """One way of bringing the table up to the second file."""

    title: str
    ours: tuple[str, ...] = ()
    """The options of our command; none: the expert's statements."""
    mirrors: bool = False


def ways(reference: str) -> tuple[Way, ...]:
    """Each of the expert's before those of ours that are measured against it."""
    found = []
    for mode, statements in (("upsert", reference), ("mirror", f"{reference}, then DELETE")):
        mirrors = mode == "mirror"
        found += [
            Way(statements, mirrors=mirrors),
            Way(f"`{mode}`", ("--mode", mode), mirrors),
            Way(f"`{mode} --keep-undo 0`", ("--mode", mode, "--keep-undo", "0"), mirrors),
        ]
    return tuple(found)


LANES: dict[str, tuple[type[Target], type[Expert], str]] = {
    "postgres": (Postgres, PostgresExpert, "`INSERT ... ON CONFLICT DO UPDATE`"),
    "mariadb": (MariaDB, MariaExpert, "`INSERT ... ON DUPLICATE KEY UPDATE`"),
    "sqlite": (SQLite, SqliteExpert, "`INSERT ... ON CONFLICT DO UPDATE`"),
}


def shell_of(target: Target) -> list[str]:
    """The database's own shell, which reads a script from its standard input."""
    if isinstance(target, Postgres):
        return ["psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-d", target.url]
    if isinstance(target, MariaDB):
        return target._command("bench")
    assert isinstance(target, SQLite)
    return ["sqlite3", "-batch", "-bail", str(target.file)]


def measure(
    target: Target, expert: type[Expert], first: Path, second: Path, way: Way
) -> tuple[Cost, str]:
    """Of the second file, after the first one."""
    target.renew()
    lineage = ", _import_id bigint NOT NULL, _line bigint NOT NULL" if way.ours else ""
    target.sql(expert.made.format(lineage=lineage))
    if way.ours:
        _ours(target, first, ("--mode", "append"))
        _settle(target)
        return _ours(target, second, way.ours), target.sql(CHECKSUM).strip()
    _theirs(target, expert.first.format(file=first))
    _settle(target)
    script = expert.second.format(file=second) + (VANISHED if way.mirrors else "")
    return _theirs(target, script), target.sql(CHECKSUM).strip()


def _settle(target: Target) -> None:
    if isinstance(target, Postgres):
        target.sql(f"VACUUM ANALYZE {TABLE}")
        target.sql("CHECKPOINT")
    os.sync()


def _ours(target: Target, file: Path, options: Sequence[str]) -> Cost:
    command = [
        "snapshots", "import", "--database", target.url, "--table", TABLE, "--progress", "none",
        *options, str(file),
    ]  # fmt: skip
    return run(command, env=target.environment(), server_pid=target.server_pid)


def _theirs(target: Target, script: str) -> Cost:
    command = shell_of(target)
    return run(command, env=target.environment(), stdin=script, server_pid=target.server_pid)


def dlt_merge(target: Target, first: Path, second: Path) -> Cost:
    """The same with dlt's `merge`, into a table of its own making."""
    from tool_environment import PYTHON, install

    if problem := install():
        raise Failed(problem)
    target.renew()
    command = [str(PYTHON), str(HERE / "merge_with_dlt.py"), target.url]
    run([*command, str(first)], env=target.environment(), server_pid=target.server_pid)
    return run([*command, str(second)], env=target.environment(), server_pid=target.server_pid)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", choices=LANES)
    parser.add_argument("--without-dlt", action="store_true")
    parser.add_argument("--runs", type=int, default=1, help="the median of so many is taken")
    parser.add_argument("--keep", action="store_true", help="write RESULTS.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first = write(Path(folder) / "first.csv", given.rows, changed=False)
        second = write(Path(folder) / "second.csv", given.rows, changed=True)
        size = second.stat().st_size
        for name, (kind, expert, reference) in LANES.items():
            if given.only not in (None, name):
                continue
            with kind() as target:
                lines, sums, notes = [], set(), []
                costs: dict[Way, list[Cost]] = {}
                # In turn, so that a busy moment of the machine meets all of them.
                for _ in range(given.runs):
                    for way in ways(reference):
                        cost, checksum = measure(target, expert, first, second, way)
                        sums.add(checksum)
                        costs.setdefault(way, []).append(cost)
                        print(name, way.title, cost, flush=True)
                bases: dict[bool, float] = {}
                for way, runs in costs.items():
                    cost = middle(runs)
                    base = bases.setdefault(way.mirrors, cost.seconds)
                    lines.append(results.Line(way.title, cost, size, base / cost.seconds))
                    print(name, way.title, f"{cost.seconds:.2f} s {base / cost.seconds:.2f}")
                if len(sums) > 1:
                    raise SystemExit(f"{name}: the tables differ: {sums}")
                if name == "postgres" and not given.without_dlt:
                    try:
                        cost = dlt_merge(target, first, second)
                        base = lines[0].cost.seconds
                        lines.append(results.Line("dlt `merge`", cost, size, base / cost.seconds))
                        print(name, "dlt", f"{cost.seconds:.2f} s")
                    except Failed as error:
                        notes.append(f"dlt did not work here ({str(error).splitlines()[-1]}).")
                if given.keep:
                    results.keep(
                        f"by_key_{name}",
                        results.Section(
                            f"By key: {given.rows:,} rows, 10 % changed, into as many in {name}",
                            "expert / s",
                            lines,
                            given.runs,
                            f"{target.version()}, {results.our_version()}",
                            shlex.join(["python", "bench/by_key.py", *sys.argv[1:]]),
                            tuple(notes),
                        ),
                    )


if __name__ == "__main__":
    main()
