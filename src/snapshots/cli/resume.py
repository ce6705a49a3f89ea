"""The command `snapshots resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import limit_options, output_options, table_options
from snapshots.cli.command import command as a_command
from snapshots.cli.each_input import failed
from snapshots.cli.listeners import watching
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.options import to_options
from snapshots.cli.output import print_result, result_object
from snapshots.cli.say import say_json
from snapshots.cli.signals import stopping
from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from snapshots.defaults import Publish


@a_command(
    "resume",
    help="Finish an import that was interrupted. What is loaded stays as it is.",
    examples=[
        ("Finish import 1", "snapshots resume 1"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option(
    "--url",
    metavar="URL",
    help="The URL of the input, with its credentials, which are never stored.",
)
@table_options.guards
@table_options.publish
@limit_options.loading
@output_options.progress
@output_options.telemetry
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    import_id: int,
    database: str | None,
    progress: str,
    as_json: bool,
    url: str | None,
    publish: Publish,
    **given: Any,
) -> None:
    """Loads what is not accounted for yet. Refuses if the input has changed."""
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.run.resume import resume_import

    wanted = to_options(given)
    place = locations.TargetSearch(database_of(import_id, database))
    target = place.target()
    with stopping() as stop, watching(place, given, progress, quiet=as_json) as shown:
        try:
            result = resume_import(
                import_id, target, wanted, stop.listen(shown), stop.event, url, publish
            )
        except SnapshotsError as error:
            if stop.code is None:
                raise
            failed(str(import_id), error, as_json)
            ctx.exit(stop.code)
    name = result.record.input if result.record else str(import_id)
    if as_json:
        say_json(result_object(name, result))
    else:
        print_result(name, result)
    ctx.exit(stop.code if result.exit_code == 130 and stop.code else result.exit_code)
