"""Sends a project's rows: `python core/main.py [PROJECT]`, or `start(project)` from Python."""

from __future__ import annotations

import sys
from pathlib import Path

try:
    import snapshots
except ModuleNotFoundError as missing:
    sys.exit(f"The package {missing.name} is not installed: pip install . in its repository.")


def start(project: str | Path | None = None) -> bool:
    """Runs the project in a folder, by default the current one; whether every row was delivered."""
    whole = True
    for name, result in snapshots.run(project or Path.cwd()).items():
        if isinstance(result, snapshots.SnapshotsError):
            print(f"{name}: {result}")
            whole = False
            continue
        counts = result.counts
        print(
            f"{name}: {counts.loaded} of {counts.records} rows delivered,"
            f" {counts.rejected} rejected. {result.message}".rstrip()
        )
        whole = whole and result.exit_code == 0
    return whole


if __name__ == "__main__":
    try:
        sys.exit(not start(*sys.argv[1:2]))
    except snapshots.SnapshotsError as error:
        sys.exit(f"{error} {error.hint}")
    except KeyboardInterrupt:
        print("Stopped. Started again, it sends what its queries give then.", file=sys.stderr)
        sys.exit(130)
