"""The command `snapshots prune`."""

from __future__ import annotations

from dataclasses import asdict

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.option import option
from snapshots.cli.say import say, say_json


@click.command("prune", help="Free the tables that imports have left and nobody needs.")
@db.database
@option(
    "--unfinished",
    is_flag=True,
    help="Also give up the rows of stopped imports that wait to be published. Resuming such an"
    " import begins anew.",
)
@output_options.as_json
@db.env_file
def command(database: str | None, unfinished: bool, as_json: bool) -> None:
    """Drops stages, and says which ones are left."""
    from snapshots import locations
    from snapshots.engine.publishing.prune import prune

    found = prune(
        locations.target(database), unfinished=unfinished, say=lambda text: say(text, err=True)
    )
    for one in found:
        if as_json:
            say_json(asdict(one))
        elif one.dropped:
            say(f"import {one.import_id}: table {one.stage} is dropped")
        else:
            say(
                f"import {one.import_id} is {one.state}: table {one.stage} is kept; if it was"
                " stopped, --unfinished gives its rows up"
            )
    if not found and not as_json:
        say("nothing to free", err=True)
