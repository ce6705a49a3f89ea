"""The command `snapshots prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import Integer
from snapshots.cli.say import note, say, say_json
from snapshots.plain import plain

if TYPE_CHECKING:
    from snapshots.engine.publishing.prune import PrunedStage, PrunedUndoTable


@a_command(
    "prune",
    help="Drop tables that killed imports have left, and rows for undo that nobody needs.",
    examples=[("Drop them", "snapshots prune --database localhost:5432")],
)
@db.database
@option(
    "--unfinished",
    is_flag=True,
    help="Also discard the rows of stopped imports that wait to be published. Such an import then"
    " starts from its beginning.",
)
@option(
    "--keep-undo",
    type=Integer(min=0),
    metavar="N",
    help="The number of imports into a table whose rows for undo are kept. Default: as its newest"
    " import was told.",
)
@output_options.as_json
@db.env_file
def command(database: str | None, unfinished: bool, keep_undo: int | None, as_json: bool) -> None:
    """Drops tables, and says which ones are left."""
    from snapshots import locations
    from snapshots.engine.history.known_databases import where
    from snapshots.engine.publishing.prune import prune

    target = locations.target(database)
    found = prune(target, unfinished=unfinished, keep_undo=keep_undo, say=note)
    for one in found:
        if as_json:
            say_json(plain(one))
        else:
            say(_line(one, where(target), unfinished=unfinished))
    if not found and not as_json:
        note("There is nothing to drop.")


def _line(one: PrunedStage | PrunedUndoTable, database: str, *, unfinished: bool) -> str:
    from snapshots.engine.publishing.prune import PrunedStage

    if not isinstance(one, PrunedStage):
        rows = f"{one.rows:,} {'row' if one.rows == 1 else 'rows'}"
        taken = "" if one.bytes is None else f", about {one.bytes / 1e6:,.1f} MB"
        return (
            f"import {one.import_id}: its rows for undo are freed ({rows}{taken}). It can no longer"
            " be undone."
        )
    if one.dropped:
        return f"import {one.import_id}: table {one.stage} is dropped"
    if unfinished:
        return f"import {one.import_id} ({one.state}) is being worked on, and keeps {one.stage}"
    return (
        f"import {one.import_id} ({one.state}) keeps its rows in {one.stage} for resume. To give"
        f" them up: snapshots prune --unfinished{database}"
    )
