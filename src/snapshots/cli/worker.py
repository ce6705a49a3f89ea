"""The command `snapshots worker`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import limit_options, output_options, service_options
from snapshots.cli.command import command as a_command
from snapshots.cli.say import note
from snapshots.cli.signals import stopping


@a_command(
    "worker",
    help="Load the imports that wait in the service's queue, until it is stopped.",
    examples=[
        ("Work on the queue of a database", "snapshots worker --database localhost:5432"),
    ],
)
@db.database
@service_options.files
@service_options.allow_host
@service_options.tables
@service_options.unpacking
@service_options.loaders
@limit_options.cluster
@output_options.progress
@output_options.telemetry
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    database: str | None,
    files: Path | None,
    allow_host: tuple[str, ...],
    tables: tuple[str, ...],
    max_unpacked: int,
    max_ratio: int,
    loaders: int | None,
    cluster: str | None,
    sessions: int | None,
    progress: str,
    **given: Any,
) -> None:
    """Takes imports from the queue, which all workers on the database share."""
    from snapshots import locations
    from snapshots.cli.listeners import watching
    from snapshots.cli.memory import give_back
    from snapshots.engine.cluster.address import require_usable
    from snapshots.engine.history.known_databases import uploads
    from snapshots.engine.plan.open_tables import OpenTables
    from snapshots.engine.queue.worker import QueueWorker
    from snapshots.sources.unpacked_limit import UnpackedLimit

    give_back()
    place = locations.TargetSearch(database)
    target = place.target()
    opened = OpenTables.parse(target, tables)
    require_usable(target, cluster)
    with stopping() as stop, watching(place, given, progress) as shown:
        note(f"working on the queue in {target.display()}")
        allowed = frozenset(name.lower() for name in allow_host)
        folder = files or uploads()
        unpacking = UnpackedLimit(max_unpacked, max_ratio)
        heard = stop.listen(shown)
        QueueWorker(
            target,
            folder,
            heard,
            allowed,
            stop.event,
            unpacking,
            loaders,
            opened,
            cluster,
            sessions,
        ).run()
    ctx.exit(stop.code or 0)
