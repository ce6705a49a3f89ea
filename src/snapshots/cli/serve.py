"""`snapshots serve`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import click

from snapshots.cli import options
from snapshots.cli.signals import stopped_by


@click.command("serve", help="Load URLs on request: a REST service with a queue and workers.")
@options.database
@options.serving
@options.files
@options.allow_host
@options.loaders
@options.env_file
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
    loaders: int | None,
    **given: Any,
) -> None:
    """Serves until it is stopped; SIGTERM is the ordinary way, and exit code 0."""
    from snapshots import locations
    from snapshots.engine.known import uploads
    from snapshots.engine.queue import Worker
    from snapshots.web.server import Serving, listen
    from snapshots.web.settings import Settings

    target = locations.target(database)
    settings = Settings(
        target=target,
        files=files or uploads(),
        allowed=frozenset(name.lower() for name in allow_host),
        queue_bound=given["queue"],
    )
    shutdown = threading.Event()
    worker = Worker(
        target, settings.files, lambda _event: None, settings.allowed, shutdown, loaders
    )
    serving = Serving(settings, [worker.run] * workers)

    def stop() -> None:
        shutdown.set()
        serving.stop()

    with listen(host, port) as sock, stopped_by(stop) as codes:
        place = f"[{host}]" if ":" in host else host
        click.echo(
            f"serving {target.display()} at http://{place}:{sock.getsockname()[1]}/", err=True
        )
        serving.run(sock)
    ctx.exit(130 if signal.SIGINT in codes else 0)
