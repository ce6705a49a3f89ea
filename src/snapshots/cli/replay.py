"""`snapshots replay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from snapshots.cli import database_options as db
from snapshots.cli.command import command as a_command
from snapshots.cli.mending import mend, mended_by
from snapshots.cli.option import complete_files
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.say import note

if TYPE_CHECKING:
    import threading

    from snapshots.engine.repair.report import ReplayOptions, ReplayReport
    from snapshots.ports import Target


@a_command(
    "replay",
    help="Load rejects of an import that were corrected, or whose contract or table was.",
    examples=[
        ("Load the corrections in a file", "snapshots replay 1 fix.csv"),
        ("Try all rejects again, as they are", "snapshots replay 1"),
        ("Read a dash as NULL from now on", "snapshots replay 1 --null-value -"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@click.argument("file", required=False, metavar="[FILE]", shell_complete=complete_files)
@db.asked_database
@mended_by("Replay")
@click.pass_context
def command(ctx: click.Context, /, import_id: int, **given: Any) -> None:
    """Replays rejects; 3 where some are left open."""

    def work(target: Target, wanted: ReplayOptions, stop: threading.Event) -> ReplayReport:
        from snapshots.engine.repair.replay import replay_import

        return replay_import(import_id, target, wanted, note, stop)

    mend(ctx, work, "replays", import_id=import_id, **given)
