"""The command `snapshots import`."""

from __future__ import annotations

from typing import Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import dialect_options, limit_options, output_options, table_options
from snapshots.cli.each_input import each
from snapshots.cli.options import to_options


@click.command("import", help="Load files and URLs into a database; each record is accounted for.")
@click.argument("inputs", nargs=-1, metavar="FILE...", required=True)
@db.database
@table_options.table
@limit_options.dry_run
@limit_options.again
@limit_options.grown
@dialect_options.dialect
@limit_options.loading
@output_options.progress
@output_options.telemetry
@output_options.as_json
@db.env_file
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
    ctx.exit(each(inputs, database, to_options(given), progress, as_json, given))
