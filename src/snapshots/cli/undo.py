"""The command `snapshots undo`."""

from __future__ import annotations

from dataclasses import asdict

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.say import say, say_json


@click.command("undo", help="Take the rows of an import out of their table again.")
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option("--dry-run", is_flag=True, help="Say how many rows it would be, and change nothing.")
@output_options.as_json
@db.env_file
def command(import_id: int, database: str | None, dry_run: bool, as_json: bool) -> None:
    """Removes the rows, and keeps the account of the import."""
    from snapshots import locations
    from snapshots.engine.history.lookup import database_of
    from snapshots.engine.publishing.undo import undo

    target = locations.target(database_of(import_id, database))
    done = undo(target, import_id, dry_run=dry_run, say=lambda text: say(text, err=True))
    if as_json:
        say_json(asdict(done))
        return
    missing = done.loaded - done.removed
    gone = f" {missing:,} of its rows were not there any more." if missing else ""
    if dry_run:
        say(
            f"import {import_id}: {done.removed:,} rows would be removed from table {done.table},"
            f" with whatever was changed in them by hand.{gone} Nothing was changed."
        )
    else:
        say(f"import {import_id}: {done.removed:,} rows removed from table {done.table}.{gone}")
