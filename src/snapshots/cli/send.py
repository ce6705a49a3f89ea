"""`snapshots send`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from snapshots.cli import each_input as files
from snapshots.cli import options
from snapshots.cli.endpoint_options import sending
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.engine.plan.endpoint import Endpoint


@click.command("send", help="Send rows of files to an HTTP API; each record is accounted for.")
@click.argument("inputs", nargs=-1, metavar="FILE|URL|QUERY...", required=True)
@options.option(
    "--from",
    "asked",
    metavar="URL",
    help="A database; each input is then a SELECT that it is asked, or a file of one.",
)
@sending
@options.home
@options.dialect
@options.limits
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
    asked: str | None,
    **given: Any,
) -> None:
    """Sends each input; the exit code is that of the most serious outcome."""
    wanted = replace(options.to_options(given), request=_request(given))
    if asked is not None:
        _check_query(ctx)
        wanted = replace(wanted, again=True)
    ctx.exit(files.each(inputs, database, wanted, progress, as_json, given, asked))


_OF_FILES = (
    "delimiter", "quotechar", "escapechar", "encoding", "no_headers", "headers", "skip_rows",
    "comment", "skip_initial_space", "line_ending", "ragged", "null_value", "columns_changed",
    "decimals", "all_text",
)  # fmt: skip


def _check_query(ctx: click.Context) -> None:
    """An option that would do nothing must not look as if it did."""
    for name in _OF_FILES:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = "--" + name.replace("_", "-")
            raise UsageError(f"{option} says how a file is written, and --from asks a database")


def _request(given: dict[str, Any]) -> Endpoint:
    from snapshots.engine.plan.endpoint import Endpoint

    headers = list(given["header"])
    if variable := given["bearer_variable"]:
        headers.append(("Authorization", f"Bearer ${{{variable}}}"))
    if variable := given["api_key_variable"]:
        headers.append((given["api_key_header"], f"${{{variable}}}"))
    return Endpoint(
        url=given["to"],
        method=given["method"],
        batch=given["batch"],
        headers=tuple(headers),
        nulls=given["nulls"],
        results=given["results"],
        key_header="" if given["key_header"] == "none" else given["key_header"],
        concurrency=given["concurrency"],
        ordered=given["ordered"],
        rate=given["rate"],
        timeout=given["timeout"],
        retry_seconds=given["retry_seconds"],
    )
