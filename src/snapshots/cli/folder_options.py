"""The options of `snapshots sync` that say which folder is watched, and how."""

from __future__ import annotations

import click

from snapshots.cli.option import option, together
from snapshots.time_limits import RESCAN_SECONDS, SETTLE_SECONDS

folder = together(
    option(
        "--data-dir",
        metavar="DIR",
        default="data",
        show_default=True,
        help="The folder to watch.",
    ),
    option(
        "--pattern",
        multiple=True,
        metavar="GLOB",
        help="Names of files to import, compressed ones too; may be repeated. Default: *.csv, *.tsv"
        " and *.txt.",
    ),
    option("--recursive", is_flag=True, help="Also import files of subfolders."),
    option(
        "--settle",
        type=click.FloatRange(0),
        default=SETTLE_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="If the system cannot tell that a file is complete: how long its size and time must"
        " not change.",
    ),
    option(
        "--poll",
        type=click.FloatRange(0.05),
        metavar="SECONDS",
        help="Look at the folder this often instead of waiting for events: for network folders.",
    ),
    option(
        "--rescan",
        type=click.FloatRange(0.05),
        default=RESCAN_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Look at the whole folder this often, to find what events have missed.",
    ),
    option(
        "--after-import",
        default="keep",
        show_default=True,
        metavar="keep|'move DIR'|delete",
        help="What to do with an imported file.",
    ),
    option("--once", is_flag=True, help="Import the files that are there, then end."),
)
