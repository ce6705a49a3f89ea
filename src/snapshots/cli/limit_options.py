"""The options that say how much is loaded or sent, how fast, and when to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.cli.option import F, declared, grouped, option, together
from snapshots.cli.option_groups import LIMITS
from snapshots.cli.option_types import MOST_IN_MEMORY, Integer, Size
from snapshots.defaults import FILES, MAX_WORKERS
from snapshots.engine.plan.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

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


def _files(help_text: str, default: int | None) -> Callable[[F], F]:
    return option(
        "--files",
        # Of the service, SNAPSHOTS_FILES names a folder.
        envvar="SNAPSHOTS_FILES_AT_ONCE",
        group=LIMITS,
        type=Integer(1, MAX_WORKERS),
        default=default,
        show_default=default is not None,
        metavar="N",
        help=help_text,
    )


files = _files("The number of files to import at once. A SQLite or DuckDB file takes one.", FILES)
files_of_sync = _files(
    "The number of small files to import at once, and of large ones. Default: 2 small ones and 1"
    " large one. A SQLite or DuckDB file takes 1 of each.",
    None,
)
chunk_size = declared(
    Options,
    "chunk_size",
    "--chunk-size",
    group=LIMITS,
    type=Size(MOST_IN_MEMORY),
    metavar="SIZE",
)
dry_run = declared(Options, "dry_run", "--dry-run", group=LIMITS)
again = declared(Options, "again", "--again", group=LIMITS)
grown = declared(Options, "grown", "--grown", group=LIMITS)
