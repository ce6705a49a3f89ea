"""The command `snapshots prune`."""

from __future__ import annotations

from dataclasses import asdict

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.say import note, say, say_json


@a_command(
    "prune",
    help="Drop tables that killed imports have left, and that nobody needs.",
    examples=[("Drop them", "snapshots prune --database localhost:5432")],
)
@db.database
@option(
    "--unfinished",
    is_flag=True,
    help="Also discard the rows of stopped imports that wait to be published. Such an import then"
    " starts from its beginning.",
)
@output_options.as_json
@db.env_file
def command(database: str | None, unfinished: bool, as_json: bool) -> None:
    """Drops stages, and says which ones are left."""
    from snapshots import locations
    from snapshots.engine.publishing.prune import prune

    found = prune(locations.target(database), unfinished=unfinished, say=note)
    for one in found:
        if as_json:
            say_json(asdict(one))
        elif one.dropped:
            say(f"import {one.import_id}: table {one.stage} is dropped")
        else:
            say(
                f"import {one.import_id} is {one.state}: table {one.stage} is kept. If the import"
                " was stopped, --unfinished discards its rows."
            )
    if not found and not as_json:
        note("There is nothing to drop.")
