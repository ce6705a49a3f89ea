"""The options that say how much is loaded or sent, how fast, and when to stop."""

from __future__ import annotations

from snapshots.cli.option import declared, together
from snapshots.engine.plan.options import Options

rejects = together(
    declared(Options, "max_rejects", "--max-rejects", metavar="N|P%"),
    declared(Options, "stop_on_error", "--stop-on-error"),
)
limits = together(rejects, declared(Options, "limit", "--limit", metavar="N"))
workers = declared(Options, "workers", "--workers", metavar="N")
loading = together(limits, workers, declared(Options, "connections", "--connections", metavar="N"))
dry_run = declared(Options, "dry_run", "--dry-run")
again = declared(Options, "again", "--again")
grown = declared(Options, "grown", "--grown")
