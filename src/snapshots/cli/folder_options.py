"""The options of `snapshots sync` that say which folder is watched, and how."""

from __future__ import annotations

from snapshots.cli.option import grouped, option
from snapshots.cli.option_groups import FOLDER
from snapshots.cli.option_types import Number
from snapshots.time_limits import RESCAN_SECONDS, SETTLE_SECONDS

folder = grouped(
    FOLDER,
    option(
        "--data-dir",
        metavar="DIR",
        default="data",
        show_default=True,
        help="The folder to watch, also of an object store: s3://bucket/in/.",
    ),
    option(
        "--pattern",
        multiple=True,
        metavar="GLOB",
        help="Names of files to import, compressed ones too; may be repeated. Default: *.csv,"
        " *.tsv, *.txt, *.jsonl, *.ndjson, Parquet files, archives and workbooks.",
    ),
    option("--recursive", is_flag=True, help="Also import files of subfolders."),
    option(
        "--settle",
        type=Number(0),
        default=SETTLE_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Import a file when its size and time have not changed for so long, if nothing else"
        " says that it is complete. Not for object stores.",
    ),
    option(
        "--poll",
        type=Number(0.05),
        metavar="SECONDS",
        help="Look at the folder this often instead of waiting for events. For network folders.",
    ),
    option(
        "--rescan",
        type=Number(0.05),
        default=RESCAN_SECONDS,
        show_default=True,
        metavar="SECONDS",
        help="Look through the whole folder this often, in case events were missed. Object stores"
        " are listed this often.",
    ),
    option(
        "--after-import",
        default="keep",
        show_default=True,
        metavar="keep|'move DIR'|delete",
        help="What to do with a file that is imported.",
    ),
    option("--once", is_flag=True, help="Import the files that are there, and stop."),
)
