"""`snapshots resend`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.dialect_options import reading, to_dialect
from snapshots.cli.endpoint_options import requests_again, to_endpoint
from snapshots.cli.option import complete_files, option
from snapshots.cli.option_groups import DESTINATION
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.reject_code import RejectCode
from snapshots.cli.replay import lines_of, opened
from snapshots.cli.say import note, say, say_json
from snapshots.cli.signals import stopping
from snapshots.cli.table_options import contract, null_value
from snapshots.errors import Stopped


@a_command(
    "resend",
    help="Send the rejects of a delivery again, corrected or as they are.",
    examples=[
        ("Send all rejects again, after the API has changed", "snapshots resend 1"),
        ("Send the corrections in a file", "snapshots resend 1 fix.csv"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@click.argument("file", required=False, metavar="[FILE]", shell_complete=complete_files)
@db.asked_database
@option(
    "--to",
    "url",
    group=DESTINATION,
    metavar="URL",
    help="Where the API is now. Default: where the delivery was sent.",
)
@requests_again
@option(
    "--code",
    "codes",
    type=RejectCode(),
    multiple=True,
    metavar="CODE",
    help="Send only rejects with this code. May be repeated.",
)
@option("--input", metavar="PATH", help="Where the input is now, for records of more than 64 KiB.")
@contract
@null_value
@reading
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    import_id: int,
    file: str | None,
    database: str | None,
    url: str | None,
    codes: tuple[str, ...],
    input: str | None,  # noqa: A002 - the word of the option
    contract: str | None,
    null_values: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> None:
    """Sends rejects again; 3 where some are left open."""
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.repair.mended import MendedReading
    from snapshots.engine.repair.report import ReplayOptions
    from snapshots.engine.repair.resend import resend_rejects
    from snapshots.engine.verify.located import VerifyOptions

    target = locations.target(database_of(import_id, database))
    read = MendedReading(
        None if contract is None else Path(contract), null_values, to_dialect(given)
    )
    with opened(file) as corrections, stopping() as stop:
        where = VerifyOptions(input=input)
        wanted = ReplayOptions(corrections, file or "", codes, read, where)
        stop.loading = True
        try:
            request = to_endpoint({**given, "url": url or "http://localhost"})
            report = resend_rejects(import_id, target, wanted, note, request, url, stop.event)
        except Stopped:
            if stop.code is None:
                raise
            say("Stopped. The same command sends the rest.", err=True)
            ctx.exit(stop.code)
    if as_json:
        say_json(report.to_object())
    else:
        for line in lines_of(report, "delivery", "sent to"):
            say(line)
    ctx.exit(report.exit_code)
