"""Measures `snapshots import` side by side with what a user would load the same file with.

make bench                                   # everything but the full month and other tools
make bench ARGS='--targets postgres --runs 5'
make bench ARGS='--full --others'
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import made_rides  # noqa: E402
import other_tools  # noqa: E402
import results  # noqa: E402
from process_cost import Cost, middle  # noqa: E402
from targets import TARGETS, Lane, Target  # noqa: E402

DATA = HERE / "data"
ROWS = {"postgres": 3_500_000, "postgres18": 3_500_000, "mysql": 1_000_000, "sqlite": 1_000_000}
DIRTY = 0.01


def input_file(rows: int, *, dirty: float = 0.0, quoted: bool = False) -> Path:
    """The look-alike file, made once and kept."""
    DATA.mkdir(exist_ok=True)
    variant = f"-dirty{dirty:g}" * bool(dirty) + "-quoted" * quoted
    path = DATA / f"rides-{rows}{variant}.csv"
    if not path.exists():
        say(f"writing {path.name}")
        part = path.with_suffix(".part")
        made_rides.write(str(part), rows=rows, dirty=dirty, quoted=quoted)
        part.rename(path)
    return path


def side_by_side(target: Target, rows: int, runs: int) -> tuple[list[results.Line], str]:
    """The reference and ours on clean, dirty and quoted input, in turn, `runs` times.

    Also a sentence: what dirty records cost.
    """
    clean, quoted = input_file(rows), input_file(rows, quoted=True)
    dirty = input_file(rows, dirty=DIRTY)
    spoilt = made_rides.dirty_rows(rows, DIRTY)
    lanes = {
        "reference": Lane(target.reference, clean, ours=False, loaded=rows),
        "ours": Lane("snapshots", clean, ours=True, loaded=rows),
        "dirty": Lane(
            f"snapshots, {DIRTY:.0%} dirty",
            dirty,
            ours=True,
            loaded=rows - spoilt,
            options=("--encoding", "utf-8"),
        ),
        "quoted reference": Lane(f"{target.reference}, quoted", quoted, ours=False, loaded=rows),
        "quoted": Lane("snapshots, quoted", quoted, ours=True, loaded=rows),
    }
    if target.exact_reference:
        lanes["exact"] = Lane(target.exact_reference, clean, ours=False, loaded=rows, exact=True)
    against = {"ours": "reference", "dirty": "reference", "quoted": "quoted reference"}
    costs: dict[str, list[Cost]] = {key: [] for key in lanes}
    for _ in range(runs):
        sums: dict[Path, str] = {}
        for key, lane in lanes.items():
            cost, checksum = target.run(lane)
            if sums.setdefault(lane.file, checksum) != checksum:
                sys.exit(f"{lane.title} loaded {checksum}, the reference {sums[lane.file]}")
            costs[key].append(cost)
            say(f"{target.name}: {lane.title}: {cost.seconds:.2f} s")
    medians = {key: middle(each) for key, each in costs.items()}
    dearer = medians["dirty"].seconds / medians["ours"].seconds - 1
    lines = [
        results.Line(
            lane.title,
            medians[key],
            lane.file.stat().st_size,
            medians[against[key]].seconds / medians[key].seconds if key in against else None,
        )
        for key, lane in lanes.items()
    ]
    said = f"{DIRTY:.0%} of dirty records changes the time by {dearer:+.0%}."
    if "exact" in medians:
        faster = medians["exact"].seconds / medians["ours"].seconds
        said += (
            " The short reference stores empty times as 0000-00-00; against the one that stores"
            f" NULL, as we do, the ratio is {faster:.2f}."
        )
    return lines, said


def memory(target: Target, rows: list[int]) -> list[results.Line]:
    """One run for each number of rows; the ratio is of the memory, against the first."""
    lines: list[results.Line] = []
    for count in rows:
        file = input_file(count)
        cost, _ = target.run(Lane("", file, ours=True, loaded=count))
        say(f"{target.name}: {count:,} rows: {cost.peak_rss / 1e6:.0f} MB")
        first = lines[0].cost.peak_rss if lines else cost.peak_rss
        ratio = cost.peak_rss / first
        lines.append(results.Line(f"{count:,} rows", cost, file.stat().st_size, ratio))
    return lines


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures snapshots beside other tools.")
    names = parser.add_argument
    names("--targets", default=",".join(TARGETS), help="of " + ",".join(TARGETS))
    names("--rows", type=int, help="instead of 3.5 M (PostgreSQL) and 1 M (others)")
    names("--runs", type=int, default=3)
    names("--full", type=int, nargs="?", const=made_rides.FULL_ROWS, help="memory at so many rows")
    names("--others", action="store_true", help="also the tools of requirements/bench.in")
    chosen = parser.parse_args()
    chosen.targets = [name for name in chosen.targets.split(",") if name]
    if unknown := set(chosen.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return chosen


def main() -> None:
    chosen = options()
    command = shlex.join(["python", "bench/imports.py", *sys.argv[1:]])
    for name in chosen.targets:
        rows = chosen.rows or ROWS[name]
        with TARGETS[name]() as target:
            versions = f"{target.version()}, {results.our_version()}"
            lines, note = side_by_side(target, rows, chosen.runs)
            title = f"{target.name}: {rows:,} rows of 24 columns"
            section = results.Section(
                title, "reference / s", lines, chosen.runs, versions, command, (note,)
            )
            results.keep(name, section)
            if name == "postgres" and chosen.full:
                lines = memory(target, [rows, chosen.full])
                title = "Memory does not grow with the input (postgres)"
                results.keep(
                    "memory", results.Section(title, "RSS / first", lines, 1, versions, command)
                )
    if chosen.others:
        rows = chosen.rows or ROWS["mysql"]
        other_tools.measure(input_file(rows), rows, chosen.runs, command)
    say(results.MARKDOWN.read_text())


if __name__ == "__main__":
    main()
