"""`snapshots send`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from snapshots.cli import inputs as files
from snapshots.cli import options
from snapshots.cli.requests import sending

if TYPE_CHECKING:
    from snapshots.engine.request import Request


@click.command("send", help="Send rows of files to an HTTP API; each record is accounted for.")
@click.argument("inputs", nargs=-1, metavar="FILE...", required=True)
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
    **given: Any,
) -> None:
    """Sends each input; the exit code is that of the most serious outcome."""
    wanted = replace(options.to_options(given), request=_request(given))
    ctx.exit(files.each(inputs, database, wanted, progress, as_json, given))


def _request(given: dict[str, Any]) -> Request:
    from snapshots.engine.request import Request

    headers = list(given["header"])
    if variable := given["bearer_variable"]:
        headers.append(("Authorization", f"Bearer ${{{variable}}}"))
    if variable := given["api_key_variable"]:
        headers.append((given["api_key_header"], f"${{{variable}}}"))
    return Request(
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
