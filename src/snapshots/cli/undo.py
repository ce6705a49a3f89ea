"""`snapshots undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.say import note, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.undo.report import UndoReport


_SHOWN = 5
"""Rows that were kept and are shown to people."""


@a_command(
    "undo",
    help="Remove the rows of an import from its table, and bring back what it replaced. Its"
    " history stays.",
    examples=[
        ("See what would be removed", "snapshots undo 1 --dry-run"),
        ("Remove the rows of import 1", "snapshots undo 1"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option("--dry-run", is_flag=True, help="Show what would be removed, and change nothing.")
@option(
    "--allow-cascade",
    is_flag=True,
    help="Undo even if the database then deletes or changes rows of other tables.",
)
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    import_id: int,
    database: str | None,
    dry_run: bool,
    allow_cascade: bool,
    as_json: bool,
) -> None:
    """Undoes what an import has done to its table, in one transaction."""
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.undo.undo import undo_import

    report = undo_import(
        import_id,
        locations.target(database_of(import_id, database)),
        note,
        dry_run=dry_run,
        allow_cascade=allow_cascade,
    )
    if as_json:
        say_json(report.to_object())
    else:
        for line in _lines(report):
            say(line)
    ctx.exit(report.exit_code)


def _lines(report: UndoReport) -> Iterator[str]:
    rows = f"{report.removed:,} {'row' if report.removed == 1 else 'rows'}"
    done = "would be removed" if report.dry_run else "removed"
    yield f"import {report.import_id}: {rows} {done} from {report.table}, {report.database}"
    if report.restored:
        back = "would return" if report.dry_run else "returned"
        yield f"  {report.restored:,} of the rows that it had replaced {back}."
    if report.undo_kept:
        one = report.undo_kept == 1
        stay = "would stay" if report.dry_run else "stays" if one else "stay"
        rows, so = ("row", "it is") if one else ("rows", "they are")
        yield f"  {report.undo_kept:,} {rows} {stay} as {so}."
    for kept in report.kept_rows[:_SHOWN]:
        values = ", ".join(f"{name}={value}" for name, value in kept.row.items())
        yield f"    {values}: {kept.reason}"
    if more := len(report.kept_rows[_SHOWN:]):
        yield f"    and {more:,} more, which --json and the table snapshots_kept_rows show"
    missing = report.loaded - report.removed - report.undo_kept
    if missing > 0:
        yield f"  {missing:,} of the {report.loaded:,} rows it had added were gone before."
    if report.dry_run and report.removed:
        yield "  Changes that somebody made to these rows would be lost, too."
    for referring in report.referring:
        yield f"  {str(referring)[0].upper()}{str(referring)[1:]}."
