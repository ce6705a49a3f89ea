"""`snapshots import`."""

from __future__ import annotations

from typing import Any

import click

from snapshots.cli import each_input as files
from snapshots.cli import options


@click.command("import", help="Load files and URLs into a database; each record is accounted for.")
@click.argument("inputs", nargs=-1, metavar="FILE...", required=True)
@options.database
@options.shape
@options.dialect
@options.loading
@options.progress
@options.telemetry
@options.as_json
@options.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    inputs: tuple[str, ...],
    database: str | None,
    progress: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Imports each input; the exit code is that of the most serious outcome."""
    ctx.exit(files.each(inputs, database, options.to_options(given), progress, as_json, given))
