"""Writes what was measured into docs/reliability.md, and fails where it is below a floor.

    python scripts/coverage_table.py FOLDER

The folder has python.json of coverage.py, and rust.json of llvm-cov where Rust was measured.

The floors are in pyproject.toml. Where more is measured than the table says, both are to be raised.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- coverage: written by make coverage -->\n", "<!-- end of coverage -->\n"

Share = dict[str, list[int]]
"""By folder, what was gone through and what there is."""


def python(measured: Path) -> Share:
    """Statements and branches of the package."""
    found: Share = defaultdict(lambda: [0, 0])
    for name, file in json.loads(measured.read_text())["files"].items():
        path = name.split("src/snapshots/")[-1]
        folder = f"src/snapshots/{path.split('/')[0]}/" if "/" in path else "src/snapshots/*.py"
        totals = file["summary"]
        found[folder][0] += totals["covered_lines"] + totals["covered_branches"]
        found[folder][1] += totals["num_statements"] + totals["num_branches"]
    return found


def rust(measured: Path) -> Share:
    """Lines of the kernel."""
    found: Share = defaultdict(lambda: [0, 0])
    (whole,) = json.loads(measured.read_text())["data"]
    for file in whole["files"]:
        path = file["filename"].split("native/src/")[-1]
        folder = f"native/src/{path.split('/')[0]}/" if "/" in path else "native/src/*.rs"
        found[folder][0] += file["summary"]["lines"]["covered"]
        found[folder][1] += file["summary"]["lines"]["count"]
    return found


def percent(share: Share) -> float:
    """Of all its folders."""
    covered, count = map(sum, zip(*share.values(), strict=True))
    return int(1000 * covered / count) / 10


def table(title: str, what: str, share: Share) -> str:
    """The folders, and all of them together."""
    lines = [f"| {title} | {what} | covered |", "|---|---|---|"]
    for folder, (covered, count) in sorted(share.items()):
        lines.append(f"| `{folder}` | {count:,} | {100 * covered / count:.0f} % |")
    total = sum(count for _, count in share.values())
    lines.append(f"| all of {title} | {total:,} | {percent(share):.1f} % |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """0 where nothing is below its floor."""
    folder = Path(sys.argv[1])
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    parts, low = [], 0
    for title, what, file, read, floor in (
        (
            "Python",
            "statements and branches",
            "python.json",
            python,
            settings["coverage"]["report"],
        ),
        ("Rust", "lines", "rust.json", rust, settings["kernel-coverage"]),
    ):
        if not (folder / file).exists():
            continue
        share = read(folder / file)
        parts.append(table(title, what, share))
        low += percent(share) < floor["fail_under"]
        print(f"{title}: {percent(share)} %, and the floor is {floor['fail_under']} %")
    if len(parts) == 2:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(before + BEGIN + "\n" + "\n".join(parts) + "\n" + END + after)
    print("".join(f"\n{part}" for part in parts), end="")
    return min(low, 1)


if __name__ == "__main__":
    sys.exit(main())
