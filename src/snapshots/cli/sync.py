"""The command `snapshots sync`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import dialect_options, limit_options, output_options, table_options
from snapshots.cli.failure import worst
from snapshots.cli.folder_options import folder
from snapshots.cli.options import to_options
from snapshots.cli.signals import ended_by, stopped_by

if TYPE_CHECKING:
    from snapshots.sync.service import SyncSettings


@click.command("sync", help="Import every file put into a folder, now and later, exactly once.")
@db.database
@folder
@table_options.table
@dialect_options.dialect
@limit_options.grown
@limit_options.rejects
@limit_options.workers
@output_options.telemetry
@output_options.as_json
@db.env_file
@click.pass_context
def command(ctx: click.Context, /, database: str | None, as_json: bool, **given: Any) -> None:
    """Runs until it is stopped. SIGTERM is the ordinary way and gives exit code 0."""
    from snapshots import locations
    from snapshots.cli.listeners import complain, wanted_of
    from snapshots.cli.sync_log import logged
    from snapshots.cli.sync_output import shown
    from snapshots.sync.service import Sync
    from snapshots.telemetry.setup import watched

    settings = _settings(given)
    wanted = to_options(given)
    place = locations.TargetSearch(database)
    seen = shown(as_json=as_json, quiet=given["log_format"] is not None)
    if hasattr(signal, "SIGIO"):
        # By it the system asks for a lease back: see snapshots.sync.open_writers.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    with watched(place, wanted_of(given), seen, complain, logged) as listener:
        service = Sync(settings, place.target, wanted, listener)
        with stopped_by(service.stop) as codes:
            service.run()
    if settings.once and not codes:
        ctx.exit(worst(sorted(service.exit_codes)))
    ctx.exit(ended_by(codes))


def _settings(given: dict[str, Any]) -> SyncSettings:
    from snapshots.sync.after_policy import AfterPolicy
    from snapshots.sync.folder import DEFAULT_PATTERN, WatchedFolder, within
    from snapshots.sync.service import SyncSettings, absolute

    after = AfterPolicy.parse(given.pop("after_import"))
    path = absolute(given.pop("data_dir"))
    watched = WatchedFolder(
        path=path,
        patterns=tuple(given.pop("pattern")) or (DEFAULT_PATTERN,),
        recursive=given.pop("recursive"),
        without=within(after.to, path) if after.to else None,
    )
    return SyncSettings(
        folder=watched,
        after=after,
        settle=given.pop("settle"),
        rescan=given.pop("rescan"),
        poll=given.pop("poll"),
        once=given.pop("once"),
    )
