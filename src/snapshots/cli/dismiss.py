"""`snapshots dismiss`."""

from __future__ import annotations

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID, MOST, Integer
from snapshots.cli.reject_code import RejectCode
from snapshots.cli.say import note, say, say_json
from snapshots.errors import UsageError


@a_command(
    "dismiss",
    help="Say of rejects that they are to stay as they are. They are not open then.",
    examples=[
        ("Dismiss the reject in line 7", 'snapshots dismiss 1 --line 7 --because "a total"'),
        (
            "Dismiss all with one reason",
            'snapshots dismiss 1 --code repeated_header --because "headers within the file"',
        ),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option(
    "--line",
    type=Integer(1, MOST),
    metavar="N",
    help="Dismiss the reject in this line of the input.",
)
@option(
    "--code",
    "codes",
    type=RejectCode(),
    multiple=True,
    metavar="CODE",
    help="Dismiss the rejects with this code. May be repeated.",
)
@option("--because", required=True, metavar="TEXT", help="Why they are to stay rejects.")
@output_options.as_json
@db.env_file
def command(
    import_id: int,
    database: str | None,
    line: int | None,
    codes: tuple[str, ...],
    because: str,
    as_json: bool,
) -> None:
    """Dismisses open rejects: all, those with some codes, or that of one line."""
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.repair.dismiss import dismiss_rejects

    if line is not None and codes:
        raise UsageError("--line and --code exclude each other")
    report = dismiss_rejects(
        import_id,
        locations.target(database_of(import_id, database)),
        note,
        because=because,
        line=line,
        codes=codes,
    )
    if as_json:
        say_json(report.to_object())
    else:
        what = "reject" if report.dismissed == 1 else "rejects"
        say(f"import {import_id}: {report.dismissed:,} {what} dismissed; {report.open:,} open")
