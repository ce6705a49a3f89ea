"""`snapshots resend`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from snapshots.cli import database_options as db
from snapshots.cli.command import command as a_command
from snapshots.cli.endpoint_options import requests_again, to_endpoint
from snapshots.cli.mending import mend, mended_by
from snapshots.cli.option import complete_files, option
from snapshots.cli.option_groups import DESTINATION
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.say import note

if TYPE_CHECKING:
    import threading

    from snapshots.engine.repair.report import ReplayOptions, ReplayReport
    from snapshots.ports import Target


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
@mended_by("Send")
@click.pass_context
def command(ctx: click.Context, /, import_id: int, url: str | None, **given: Any) -> None:
    """Sends rejects again; 3 where some are left open."""
    request = to_endpoint({**given, "url": url or "http://localhost"})

    def work(target: Target, wanted: ReplayOptions, stop: threading.Event) -> ReplayReport:
        from snapshots.engine.repair.resend import resend_rejects

        return resend_rejects(import_id, target, wanted, note, request, url, stop)

    mend(ctx, work, "sends", "delivery", "sent to", import_id=import_id, **given)
