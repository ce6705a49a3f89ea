"""Measures imports of which every record, or half of them, is rejected, beside a clean file.

python bench/rejects.py
python bench/rejects.py --targets postgres --runs 5 --versus ../older/.venv/bin/snapshots
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402
from modes import database, input_file  # noqa: E402
from process_cost import Cost, middle, run  # noqa: E402
from snapshots import locations  # noqa: E402

REJECTED = {"none": 0, "half": 2, "all": 1}
"""Of which share of the records a value has the wrong type: one of so many."""
HEAD = (
    "| database | program | rejected | s | to none | processor s | to none | peak RSS MB |",
    "|---|---|---|---:|---:|---:|---:|---:|",
)
NOTE = "The processor's time is that of client and server. The memory is the client's."


def spoil(clean: Path, path: Path, one_of: int) -> None:
    """Writes the same file, in which one of so many records has no number where one belongs."""
    with clean.open() as lines, path.open("w") as out:
        out.write(next(lines))
        for number, line in enumerate(lines):
            bad = one_of and number % one_of == 0
            out.write(f"x{line}" if bad else line)


def measure(name: str, programs: list[str], rows: int, runs: int) -> list[str]:
    """The lines of the table: programs and shares in turn, each into a fresh database."""
    costs: dict[tuple[str, str], list[Cost]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clean = input_file(folder, rows)
        contract = folder / "rides.json"
        for share, one_of in REJECTED.items():
            spoil(clean, folder / f"{share}.csv", one_of)
        run([programs[-1], "describe", str(clean), "--output", str(contract)])
        for _ in range(runs):
            for share, one_of in REJECTED.items():
                for program in programs:
                    with database(name) as (url, pid):
                        command = [
                            program, "import", str(folder / f"{share}.csv"), "--database", url,
                            "--contract", str(contract), "--max-rejects", "100%", "--quiet",
                        ]  # fmt: skip
                        codes = (3,) if one_of else (0,)
                        cost = run(command, server_pid=pid, exit_codes=codes)
                        check(url, rows, one_of)
                    costs.setdefault((program, share), []).append(cost)
    lines = []
    for program in programs:
        none = middle(costs[program, "none"])
        for share in REJECTED:
            cost = middle(costs[program, share])
            title = "this" if program == programs[-1] else "before"
            lines.append(
                f"| {name} | {title} | {share} | {cost.seconds:.2f}"
                f" | {cost.seconds / none.seconds:.2f} | {cpu(cost):.2f}"
                f" | {cpu(cost) / cpu(none):.2f} | {cost.peak_rss / 1e6:.0f} |"
            )
    return lines


def cpu(cost: Cost) -> float:
    """Seconds of both sides."""
    return cost.client_cpu + (cost.server_cpu or 0)


def check(url: str, rows: int, one_of: int) -> None:
    """That the ledger accounts for every record, and keeps each reject."""
    rejected = rows // one_of if one_of else 0
    with closing(locations.target(url).connect(create=False)) as session:
        counts = session.execute("SELECT loaded, rejected FROM snapshots_imports")
        kept = session.execute("SELECT COUNT(*) FROM snapshots_rejects")
    assert counts == [(rows - rejected, rejected)], counts
    assert kept == [(rejected,)], kept


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--targets", default="postgres,mysql,sqlite")
    parser.add_argument("--versus", help="the command of another version, to be measured in turn")
    parser.add_argument("--keep", action="store_true", help="write the results")
    given = parser.parse_args()
    programs = [*([given.versus] if given.versus else []), "snapshots"]
    table = list(HEAD)
    for name in given.targets.split(","):
        for line in measure(name, programs, given.rows, given.runs):
            print(line, flush=True)
            table.append(line)
    if given.keep:
        command = shlex.join(["python", "bench/rejects.py", *sys.argv[1:]])
        title = f"Many rejects: {given.rows:,} records"
        results.keep(
            "rejects",
            results.Table(title, table, given.runs, results.our_version(), command, (NOTE,)),
        )


if __name__ == "__main__":
    main()
