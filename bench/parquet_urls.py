"""Measures a Parquet file behind a URL into PostgreSQL: read while it comes, or copied first.

All versions run in turn, each into a new server. Needs nginx.

python bench/parquet_urls.py --versus ../older/src
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import tool_environment  # noqa: E402
from parquet import LOAD, cost_of  # noqa: E402
from process_cost import Cost, middle, run  # noqa: E402
from snapshots.defaults import CONNECTIONS  # noqa: E402
from urls import FREE, LIMITED, nginx  # noqa: E402

MB_PER_S = 50


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=6_500_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--versus", default="", help="a folder with the package of another version")
    given = parser.parse_args()
    if problem := tool_environment.install():
        raise SystemExit(f"the other tools cannot be installed: {problem}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder) / "rides.parquet"
        run([str(tool_environment.PYTHON), str(LOAD), "make", str(given.rows), str(file)])
        file.chmod(0o644)
        print(f"{given.rows:,} rows, {file.stat().st_size / 1e6:.0f} MB")
        places = {
            "from the disk": str(file),
            "by HTTP": f"http://127.0.0.1:{FREE}/{file.name}",
            f"by HTTP at {MB_PER_S} MB/s": f"http://127.0.0.1:{LIMITED}/{file.name}",
        }
        versions = {"before": given.versus, "now": ""} if given.versus else {"now": ""}
        costs: dict[tuple[str, str], list[Cost]] = {}
        with nginx(file.parent, f"{1000 * MB_PER_S // CONNECTIONS}k"):
            for _ in range(given.runs):
                for place, name in places.items():
                    for version, older in versions.items():
                        cost = cost_of("snapshots", name, given.rows, older)
                        costs.setdefault((place, version), []).append(cost)
                        print(f"{place}, {version}: {cost.seconds:.2f} s", flush=True)
    print("| | s | processor s, client | server | peak MB |\n|---|---:|---:|---:|---:|")
    for (place, version), several in costs.items():
        cost = middle(several)
        print(
            f"| {place}, {version} | {cost.seconds:.2f} | {cost.client_cpu:.2f}"
            f" | {cost.server_cpu or 0:.2f} | {cost.peak_rss / 1e6:.0f} |"
        )


if __name__ == "__main__":
    main()
