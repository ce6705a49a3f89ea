"""The options of the service and of its workers."""

from __future__ import annotations

from pathlib import Path

import click

from snapshots.cli.option import grouped, option, together
from snapshots.cli.option_groups import ACCESS, LIMITS
from snapshots.cli.option_types import Integer, Number, Size, size_text
from snapshots.defaults import MAX_RATIO, MAX_UNPACKED, MAX_WORKERS

files = option(
    "--files",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of uploaded files. Default: in the user's state folder.",
)
allow_host = option(
    "--allow-host",
    multiple=True,
    metavar="HOST[:PORT]",
    group=ACCESS,
    help="Load from URLs of this host, although it is not public. May be repeated.",
)
tables = option(
    "--tables",
    multiple=True,
    metavar="SCHEMA.NAME",
    group=ACCESS,
    help="Let clients read and load these tables, besides those that imports created. * stands"
    " for any characters. May be repeated.",
)
unpacking = grouped(
    LIMITS,
    option(
        "--max-unpacked",
        type=Size(),
        default=size_text(MAX_UNPACKED),
        show_default=True,
        metavar="SIZE",
        help="Refuse compressed input that unpacks to more bytes.",
    ),
    option(
        "--max-ratio",
        type=Integer(1),
        default=MAX_RATIO,
        show_default=True,
        metavar="N",
        help="Refuse compressed input if one byte unpacks to more bytes than this.",
    ),
)
loaders = option(
    "--loaders",
    type=Integer(1, MAX_WORKERS),
    metavar="N",
    group=LIMITS,
    help="The number of connections that load one import. Default: one more than the number of"
    " cores, at most 4.",
)
address = together(
    option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="The address to listen on.",
    ),
    option(
        "--port",
        type=Integer(0, 65535),
        default=8000,
        show_default=True,
        metavar="PORT",
        help="The port to listen on. 0: any free port, which is shown.",
    ),
    option(
        "--workers",
        type=Integer(0, 16),
        default=1,
        show_default=True,
        metavar="N",
        group=LIMITS,
        help="The number of imports that this process runs at once. 0: leave them to snapshots"
        " worker.",
    ),
    option(
        "--queue",
        type=Integer(1),
        default=1000,
        show_default=True,
        metavar="N",
        group=LIMITS,
        help="The most imports that may wait in the queue.",
    ),
    option(
        "--tokens",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        group=ACCESS,
        help="Accept only clients with a token of this file. Needed unless the address is"
        " loopback.",
    ),
    option(
        "--server-name",
        multiple=True,
        metavar="NAME",
        group=ACCESS,
        help="Answer clients that call the service by this host name. May be repeated.",
    ),
    option(
        "--rate-limit",
        type=Number(0),
        default=50.0,
        show_default=True,
        metavar="N",
        group=LIMITS,
        help="The most requests per second of one client. 0: no limit.",
    ),
    option(
        "--max-upload",
        type=Size(),
        default="16GB",
        show_default=True,
        metavar="SIZE",
        group=LIMITS,
        help="Refuse uploads of larger files.",
    ),
    option(
        "--disk-floor",
        type=Size(),
        default="1GB",
        show_default=True,
        metavar="SIZE",
        group=LIMITS,
        help="Refuse imports if less is free on the disk of the uploads or of a SQLite database.",
    ),
)
