"""The command `snapshots state`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.say import note, say, say_json
from snapshots.errors import UsageError

if TYPE_CHECKING:
    from snapshots.ledger.destinations import Destination


@a_command(
    "state",
    help="Show what the ledger knows of the rows that APIs have, or forget it.",
    examples=[
        ("See all addresses", "snapshots state"),
        (
            "Forget what was sent, so that everything is sent again",
            "snapshots state https://api.example.org/movies --reset",
        ),
    ],
)
@click.argument("url", required=False, metavar="[URL]")
@db.home
@option("--reset", is_flag=True, help="Forget what was sent to this address.")
@output_options.as_json
@db.env_file
def command(url: str | None, database: str | None, reset: bool, as_json: bool) -> None:
    """Prints a line for each address that rows were sent to by key or by cursor."""
    from snapshots import locations
    from snapshots.engine.delivery.destination import forget
    from snapshots.engine.lease.ledger_session import LedgerSession
    from snapshots.ledger import destinations

    if reset and url is None:
        raise UsageError("--reset needs the address", hint="snapshots state URL --reset")
    target = locations.target(database)
    with closing(LedgerSession(target, create=False, migrate=note if reset else None)) as session:
        ledger = session.ledger
        there = destinations.every(ledger) if ledger.exists() else []
        found = [one for one in there if url in (None, one.address)]
        if url is not None and not found:
            raise UsageError("nothing is known of rows sent to this address", place=url)
        for one in found if reset else ():
            forget(ledger, one)
        counts = [0 if reset else destinations.rows_of(ledger, one) for one in found]
    if as_json:
        members = [_object(one, rows) for one, rows in zip(found, counts, strict=True)]
        say_json({"destinations": members, "reset": reset})
    for one, rows in () if as_json else zip(found, counts, strict=True):
        say(f"{one.address}: forgotten" if reset else _line(one, rows))


def _object(one: Destination, rows: int) -> dict[str, object]:
    return {
        "address": one.address,
        "key": list(one.key),
        "rows": rows,
        "cursor_column": one.cursor_column,
        "cursor": one.cursor,
        "last_delivery": one.import_id,
        "changed_at": one.changed_at,
    }


def _line(one: Destination, rows: int) -> str:
    parts = [f"delivery {one.import_id}, {one.changed_at}"]
    if one.key:
        parts.insert(0, f"{rows:,} rows by {', '.join(one.key)}")
    if one.cursor_column is not None:
        parts.insert(-1, f"{one.cursor_column} up to {one.cursor or 'nothing yet'}")
    return f"{one.address}: {'; '.join(parts)}"
