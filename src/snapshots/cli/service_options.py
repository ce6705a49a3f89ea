"""The options of the service and of its workers."""

from __future__ import annotations

from pathlib import Path

import click

from snapshots.cli.option import option, together
from snapshots.cli.option_types import Size, size_text
from snapshots.defaults import MAX_RATIO, MAX_UNPACKED, MAX_WORKERS

files = option(
    "--files",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where uploaded files are kept. Default: in the user's state folder.",
)
allow_host = option(
    "--allow-host",
    multiple=True,
    metavar="HOST[:PORT]",
    help="URLs may name it though it is not public; may be repeated.",
)
tables = option(
    "--tables",
    multiple=True,
    metavar="SCHEMA.NAME",
    help="Clients may reach these tables, besides those that imports created; * for any"
    " characters; may be repeated.",
)
unpacking = together(
    option(
        "--max-unpacked",
        type=Size(),
        default=size_text(MAX_UNPACKED),
        show_default=True,
        metavar="SIZE",
        help="Compressed input that becomes larger is refused.",
    ),
    option(
        "--max-ratio",
        type=click.IntRange(1),
        default=MAX_RATIO,
        show_default=True,
        metavar="N",
        help="So is one of which a byte becomes more than so many.",
    ),
)
loaders = option(
    "--loaders",
    type=click.IntRange(1, MAX_WORKERS),
    metavar="N",
    help="Connections that load one import at once. Default: one more than cores, at most 4.",
)
address = together(
    option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="Where to serve.",
    ),
    option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8000,
        show_default=True,
        metavar="PORT",
        help="0 takes a free one and says which.",
    ),
    option(
        "--workers",
        type=click.IntRange(0, 16),
        default=1,
        show_default=True,
        metavar="N",
        help="Imports that this process does at once; 0: others do them, with snapshots worker.",
    ),
    option(
        "--queue",
        type=click.IntRange(1),
        default=1000,
        show_default=True,
        metavar="N",
        help="Imports that may wait.",
    ),
    option(
        "--tokens",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Clients need one of its tokens; on another address than loopback they must.",
    ),
    option(
        "--server-name",
        multiple=True,
        metavar="NAME",
        help="A host name that clients use for this service; may be repeated.",
    ),
    option(
        "--rate-limit",
        type=click.FloatRange(0),
        default=50.0,
        show_default=True,
        metavar="N",
        help="Requests a second of one client; 0: no limit.",
    ),
    option(
        "--max-upload",
        type=Size(),
        default="16GB",
        show_default=True,
        metavar="SIZE",
        help="A larger file is not taken.",
    ),
    option(
        "--disk-floor",
        type=Size(),
        default="1GB",
        show_default=True,
        metavar="SIZE",
        help="So much must stay free on the disks of uploads and of a SQLite database.",
    ),
)
