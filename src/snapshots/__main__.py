"""`python -m snapshots`."""

from snapshots.cli.main import run

run()
