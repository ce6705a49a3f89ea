"""The command `snapshots serve`."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import limit_options, output_options, service_options
from snapshots.cli.command import command as a_command
from snapshots.cli.say import log_plainly, note
from snapshots.cli.signals import ended_by, stopped_by


@a_command(
    "serve",
    help="Run the REST service and the dashboard, with a queue and workers.",
    examples=[
        ("Serve on this machine only", "snapshots serve --database localhost:5432"),
        (
            "Serve others, who need a token",
            "snapshots serve --database localhost:5432 --host 0.0.0.0 --tokens tokens.txt",
        ),
    ],
)
@db.database
@service_options.address
@service_options.files
@service_options.allow_host
@service_options.tables
@service_options.unpacking
@service_options.loaders
@limit_options.cluster
@output_options.log_format
@output_options.otlp
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    database: str | None,
    host: str,
    port: int,
    workers: int,
    files: Path | None,
    allow_host: tuple[str, ...],
    tables: tuple[str, ...],
    loaders: int | None,
    cluster: str | None,
    sessions: int | None,
    **given: Any,
) -> None:
    """Serves until it is stopped. SIGTERM is the ordinary way and gives exit code 0."""
    from snapshots import locations
    from snapshots.cli.listeners import complain, wanted_of
    from snapshots.cli.memory import give_back
    from snapshots.engine.cluster.address import require_usable
    from snapshots.engine.events import Notice
    from snapshots.engine.history.known_databases import uploads
    from snapshots.engine.plan.open_tables import OpenTables
    from snapshots.engine.queue.worker import QueueWorker
    from snapshots.sources.unpacked_limit import UnpackedLimit
    from snapshots.telemetry.metrics import Metrics
    from snapshots.telemetry.setup import watched
    from snapshots.web.server import Serving, listen
    from snapshots.web.settings import ServiceSettings, require_apart, require_token

    give_back()
    log_plainly()
    require_token(host, given["tokens"])
    unpacking = UnpackedLimit(given["max_unpacked"], given["max_ratio"])
    place = locations.TargetSearch(database)
    target = place.target()
    settings = ServiceSettings(
        target=target,
        files=files or uploads(),
        tables=OpenTables.parse(target, tables),
        allowed=frozenset(name.lower() for name in allow_host),
        queue_bound=given["queue"],
        rate_limit=given["rate_limit"],
        max_upload=given["max_upload"],
        disk_floor=given["disk_floor"],
        unpacking=unpacking,
        tokens=given["tokens"],
        names=_names(host, given["server_name"]),
    )
    require_apart(settings)
    require_usable(target, cluster)
    shutdown = threading.Event()
    metrics = Metrics(place)

    with (
        listen(host, port) as sock,
        watched(place, wanted_of(given), metrics, complain) as listener,
    ):
        worker = QueueWorker(
            target,
            settings.files,
            listener,
            settings.allowed,
            shutdown,
            unpacking,
            loaders,
            settings.tables,
            cluster,
            sessions,
        )
        running = Serving(
            settings, metrics, [worker.run] * workers, lambda text: listener(Notice(text))
        )

        def stop() -> None:
            shutdown.set()
            running.stop()

        with stopped_by(stop) as codes:
            shown = f"[{host}]" if ":" in host else host
            note(f"serving {target.display()} at http://{shown}:{sock.getsockname()[1]}/")
            running.run(sock)
    ctx.exit(ended_by(codes))


def _names(host: str, given: tuple[str, ...]) -> frozenset[str] | None:
    """The host names that are answered to; None: any, because clients need a token then."""
    from snapshots.web.gate.guard import LOOPBACK_NAMES
    from snapshots.web.settings import is_loopback

    if not given and not is_loopback(host):
        return None
    return LOOPBACK_NAMES | {host.lower()} | {name.lower() for name in given}
