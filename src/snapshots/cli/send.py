"""The command `snapshots send`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
from click.core import ParameterSource

from snapshots.cli import database_options as db
from snapshots.cli import dialect_options, limit_options, output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.each_input import each
from snapshots.cli.endpoint_options import sending, to_endpoint
from snapshots.cli.option import complete_files, option
from snapshots.cli.option_groups import DESTINATION
from snapshots.cli.options import to_options
from snapshots.errors import UsageError


@a_command(
    "send",
    help="Send the rows of files to an HTTP API. Every record is delivered, rejected with a reason,"
    " or skipped.",
    examples=[
        (
            "Send each record as one POST request",
            "snapshots send movies.csv --to https://api.example.org/movies",
        ),
        (
            "See the first request, and send nothing",
            "snapshots send movies.csv --to https://api.example.org/movies --dry-run",
        ),
        (
            "Send what a query gives, 100 rows per request",
            "snapshots send 'SELECT * FROM movies' --from localhost:5432"
            " --to https://api.example.org/movies --batch 100",
        ),
    ],
)
@click.argument(
    "inputs", nargs=-1, metavar="FILE|URL|QUERY...", required=True, shell_complete=complete_files
)
@option(
    "--from",
    "asked",
    group=DESTINATION,
    metavar="URL",
    help="Query this database: each input is then a SELECT statement, or a file that holds one.",
)
@sending
@db.home
@dialect_options.dialect
@limit_options.limits
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
    asked: str | None,
    **given: Any,
) -> None:
    """Sends each input; the exit code is that of the most serious outcome."""
    wanted = replace(to_options(given), request=to_endpoint(given))
    if asked is not None:
        _check_query(ctx)
        wanted = replace(wanted, again=True)
    ctx.exit(each(inputs, database, wanted, progress, as_json, given, asked))


_OF_FILES = (
    "input_format", "delimiter", "quote", "escape", "encoding", "no_headers", "headers",
    "skip_rows", "comment", "skip_initial_space", "terminator", "ragged", "nested_objects",
    "null_values", "columns_changed", "decimals", "all_text",
)  # fmt: skip


def _check_query(ctx: click.Context) -> None:
    """Raises UsageError for an option that has no effect on a query."""
    for param in ctx.command.params:
        if param.name not in _OF_FILES:
            continue
        if ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE:
            raise UsageError(
                f"{param.opts[0]} says how a file is written, and --from asks a database"
            )
