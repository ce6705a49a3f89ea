"""The command `snapshots list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.failure import as_object
from snapshots.cli.file_statuses import print_statuses
from snapshots.cli.import_table import print_imports
from snapshots.cli.option import complete_files, option
from snapshots.cli.option_types import MOST, Integer
from snapshots.cli.output import complain_of_damage, record_object
from snapshots.cli.pipes import until_nobody_reads
from snapshots.cli.say import note, say_json
from snapshots.cli.since import Since
from snapshots.cli.unanswered import say_unanswered
from snapshots.errors import UsageError
from snapshots.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.history.lookup import Listing
    from snapshots.model import ImportRecord


NEWEST = 100
"""How many imports are shown if nobody says how many."""


@a_command(
    "list",
    help="List past imports. Given files, say for each whether it is imported.",
    examples=[
        (
            "List the imports of the last two days that failed",
            "snapshots list --since 2d --state failed",
        ),
        ("List the imports with rejects to correct", "snapshots list --open"),
        ("Ask whether a file is imported", "snapshots list rides.csv"),
    ],
)
@click.argument("files", nargs=-1, metavar="[FILE...]", shell_complete=complete_files)
@db.asked_database
@option(
    "--state",
    "states",
    type=click.Choice(get_args(State)),
    multiple=True,
    help="Show only imports in this state. May be repeated.",
)
@option("--table", metavar="NAME", help="Show only imports into this table.")
@option(
    "--since",
    type=Since(),
    metavar="WHEN",
    help="Show only imports since then: 2026-03-01, 2026-03-01T09:30 (UTC), 12h or 2d.",
)
@option(
    "--open",
    "is_open",
    is_flag=True,
    help="Show only imports with open rejects: neither corrected nor dismissed.",
)
@option(
    "--limit",
    type=Integer(1, MOST),
    metavar="N",
    help=f"Show only the newest N imports. Default: {NEWEST}, or all of them with --json.",
)
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    database: str | None,
    states: tuple[State, ...],
    table: str | None,
    since: str | None,
    is_open: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """Lists imports; without --database those of every database that this user knows."""
    from snapshots.engine.history import lookup
    from snapshots.ledger.history import ImportFilter

    search = ImportFilter(states=states, table=table, since=since, open=is_open)
    if files and (search != ImportFilter() or limit is not None):
        raise UsageError(
            "--state, --table, --since, --open and --limit select imports of the list, and you"
            " named files",
            hint="omit the files, or these options",
        )
    if files:
        ctx.exit(_tell_of_files(files, database, as_json=as_json))
    # A ledger may have a million: nobody reads so many, and a program takes them one by one.
    if as_json and limit is None:
        listing, records = lookup.stream_imports(database, search)
    else:
        listing = lookup.list_imports(database, search, limit or NEWEST + 1)
        records = iter(listing.imports)
    say_unanswered(listing)
    if as_json:
        _print_objects(records)
    else:
        _print_table(listing, limit, filtered=search != ImportFilter())
    if listing.unasked and not listing.databases:
        ctx.exit(6)


def _print_objects(records: Iterator[ImportRecord]) -> None:
    with until_nobody_reads():
        for record in records:
            complain_of_damage([record])
            say_json(record_object(record))


def _print_table(listing: Listing, limit: int | None, *, filtered: bool) -> None:
    shortened = limit is None and len(listing.imports) > NEWEST
    if shortened:
        del listing.imports[:-NEWEST]
    complain_of_damage(listing.imports)
    if not listing.imports:
        note(_none(filtered, listing))
        return
    with until_nobody_reads():
        print_imports(listing.imports)
    if shortened:
        note(f"these are the newest {NEWEST} imports; --limit N shows more")


def _none(filtered: bool, listing: Listing) -> str:
    what = "no import matches" if filtered else "nothing was imported yet"
    if listing.unasked:
        return (
            f"{what} in the databases that answered"
            if listing.databases
            else "no database answered"
        )
    return what


def _tell_of_files(files: tuple[str, ...], database: str | None, *, as_json: bool) -> int:
    """Says for each file whether it was imported, and returns the exit code."""
    from snapshots.engine.history import lookup
    from snapshots.engine.history.file_status import asked_files, file_status, hashes_by_name

    asked = asked_files(files)
    listing = lookup.list_of_files(database, hashes_by_name(asked))
    say_unanswered(listing)
    complain_of_damage(listing.imports)
    statuses = file_status(asked, listing)
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
        print_statuses(statuses, [one.database for one in listing.unasked])
    if listing.unasked and any(status.presence != "imported" for status in statuses):
        # A database that was not asked may have them.
        return 6
    return 1 if any(status.error for status in statuses) else 0
