"""The command `snapshots run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.each_input import ended, failed
from snapshots.cli.failure import worst
from snapshots.cli.listeners import watching
from snapshots.cli.option import complete_folders, option
from snapshots.cli.option_groups import LIMITS
from snapshots.cli.option_types import MOST, Integer
from snapshots.cli.signals import stopping
from snapshots.errors import SnapshotsError


@a_command(
    "run",
    help="Send the rows of a project's SQL queries to an HTTP API.",
    examples=[
        ("Run the project in the folder wells/", "snapshots run wells/"),
    ],
)
@click.argument("project", default=".", metavar="[PROJECT]", shell_complete=complete_folders)
@db.home
@option(
    "--page-size",
    type=Integer(1, 20_000),
    group=LIMITS,
    metavar="N",
    help="The most rows of one request. Default: as the project says, else 100.",
)
@option(
    "--limit",
    type=Integer(1, MOST),
    group=LIMITS,
    metavar="N",
    help="The most rows of each resource to send. Default: as the project says, else 1000.",
)
@output_options.progress
@output_options.telemetry
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    project: str,
    database: str | None,
    page_size: int | None,
    limit: int | None,
    progress: str,
    as_json: bool,
    **telemetry: Any,
) -> None:
    """Sends each resource; the exit code is that of the most serious outcome."""
    from snapshots import locations
    from snapshots.project import read_any_project, run_project

    found = read_any_project(Path(project), page_size=page_size, limit=limit)
    codes: list[int] = []
    place = locations.TargetSearch(database)
    home = place.target()
    with stopping() as stop, watching(place, telemetry, progress, quiet=as_json) as shown:
        for outcome in run_project(found, home, stop.listen(shown), stop.event):
            name = outcome.resource.name
            result = outcome.result
            if isinstance(result, SnapshotsError):
                code = failed(name, result, as_json)
                codes.append(stop.code or code)
            else:
                codes.append(ended(name, result, as_json, stop.code))
    ctx.exit(worst(codes))
