"""The command `snapshots import`."""

from __future__ import annotations

from typing import Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import dialect_options, limit_options, output_options, table_options
from snapshots.cli.command import command as a_command
from snapshots.cli.each_input import each
from snapshots.cli.option import complete_files
from snapshots.cli.options import to_options


@a_command(
    "import",
    help="Load files and URLs into a database. Every record is loaded, rejected with a reason, or"
    " skipped.",
    examples=[
        ("Load a file into the SQLite database snapshots.db", "snapshots import rides.csv"),
        (
            "Load a folder into a table of PostgreSQL",
            "snapshots import data/ --database localhost:5432 --table rides",
        ),
        (
            "Check a file without loading it",
            "snapshots import rides.csv --contract rides.schema.json --dry-run",
        ),
    ],
)
@click.argument("inputs", nargs=-1, metavar="FILE...", required=True, shell_complete=complete_files)
@db.database
@table_options.table
@dialect_options.dialect
@limit_options.loading
@limit_options.files
@limit_options.chunk_size
@limit_options.dry_run
@limit_options.again
@limit_options.grown
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
    files: int,
    **given: Any,
) -> None:
    """Imports each input; the exit code is that of the most serious outcome."""
    if any("://" in name for name in inputs):
        from snapshots.cli.memory import give_back

        # Each connection hands over parts of its own, which glibc would keep for its thread.
        give_back()
    ctx.exit(each(inputs, database, to_options(given), progress, as_json, given, files=files))
