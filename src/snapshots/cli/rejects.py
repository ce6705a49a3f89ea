"""The command `snapshots rejects`."""

from __future__ import annotations

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.output import print_rejects
from snapshots.cli.say import note


@a_command(
    "rejects",
    help="Show the records of an import that were not loaded, and why.",
    examples=[
        ("Show the rejects of import 1", "snapshots rejects 1"),
        ("Save them as CSV", "snapshots rejects 1 --format csv > rejects.csv"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv"]),
    help="How to print them. Default: table, or jsonl with --json.",
)
@output_options.as_json
@db.env_file
def command(import_id: int, database: str | None, form: str | None, as_json: bool) -> None:
    """Streams the rejects in the order of the input."""
    from snapshots.engine.history import lookup

    database = lookup.database_of(import_id, database)
    record = lookup.show(import_id, database).record
    note(
        f"{record.kind} {import_id}: {record.input} -> {record.table}, {record.database}:"
        f" {record.rejected:,} rejected"
    )
    print_rejects(lookup.rejects(import_id, database), form or ("jsonl" if as_json else "table"))
