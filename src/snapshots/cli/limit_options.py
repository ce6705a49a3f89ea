"""The options that say how much is loaded or sent, how fast, and when to stop."""

from __future__ import annotations

from snapshots.cli.option import declared, grouped, together
from snapshots.cli.option_groups import LIMITS
from snapshots.cli.option_types import MOST_IN_MEMORY, Size, size_text
from snapshots.defaults import CHUNK_SIZE
from snapshots.engine.plan.options import Options

rejects = grouped(
    LIMITS,
    declared(Options, "max_rejects", "--max-rejects", metavar="N|P%"),
    declared(Options, "stop_on_error", "--stop-on-error"),
)
limits = together(rejects, declared(Options, "limit", "--limit", group=LIMITS, metavar="N"))
workers = declared(Options, "workers", "--workers", group=LIMITS, metavar="N")
connections = declared(Options, "connections", "--connections", group=LIMITS, metavar="N")
cluster = grouped(
    LIMITS,
    declared(Options, "cluster", "--cluster", metavar="ADDRESS"),
    declared(Options, "sessions", "--sessions", metavar="N"),
)
loading = together(limits, workers, cluster, connections)
reading = together(
    declared(
        Options,
        "limit",
        "--limit",
        group=LIMITS,
        metavar="N",
        help="Read only this number of records.",
    ),
    connections,
)
chunk_size = declared(
    Options,
    "chunk_size",
    "--chunk-size",
    group=LIMITS,
    type=Size(MOST_IN_MEMORY),
    default=size_text(CHUNK_SIZE),
    metavar="SIZE",
)
dry_run = declared(Options, "dry_run", "--dry-run", group=LIMITS)
again = declared(Options, "again", "--again", group=LIMITS)
grown = declared(Options, "grown", "--grown", group=LIMITS)
