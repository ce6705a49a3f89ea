"""The command `snapshots list`."""

from __future__ import annotations

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.failure import as_object
from snapshots.cli.option import option
from snapshots.cli.output import complain_of_damage, print_imports, print_statuses, record_object
from snapshots.cli.say import say, say_json


@click.command("list", help="What was imported, when, and where; given files, whether they are.")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@db.asked_database
@option(
    "--state",
    type=click.Choice(
        ["queued", "running", "finished", "failed", "cancelled", "interrupted", "undone"]
    ),
    help="Only imports in this state.",
)
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    database: str | None,
    state: str | None,
    as_json: bool,
) -> None:
    """Lists imports; without --database those of every database that this user knows."""
    from snapshots.engine.history import lookup

    listing = lookup.list_imports(database)
    for name, error in listing.unreachable:
        say(f"not asked: {name}: {error.message} {error.hint}".rstrip(), err=True)
    complain_of_damage(listing.imports)
    if files:
        statuses = lookup.file_status(files, listing)
        if as_json:
            for status in statuses:
                say_json(
                    {
                        "input": status.input,
                        "content_hash": status.content_hash,
                        "presence": status.presence,
                        "imports": [record_object(record) for record in status.imports],
                        "error": as_object(status.error) if status.error else None,
                    }
                )
        else:
            print_statuses(statuses)
        if listing.unreachable and any(status.presence != "imported" for status in statuses):
            # A database that was not asked may have them.
            ctx.exit(6)
        if any(status.error for status in statuses):
            ctx.exit(1)
        return
    imports = [record for record in listing.imports if state in (None, record.state)]
    if as_json:
        for record in imports:
            say_json(record_object(record))
    else:
        print_imports(imports, state)
