"""The command `snapshots rows`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import MOST, Integer
from snapshots.cli.pipes import until_nobody_reads
from snapshots.cli.say import note, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.history.table_export import TableExport
    from snapshots.ports import ResultRows

SHOWN: Final = 100
"""Rows of a table for people, unless they ask for more."""


@a_command(
    "rows",
    help="Show the rows of a table, or write them as CSV or JSON Lines.",
    examples=[
        ("Look at a table", "snapshots rows rides"),
        ("Show some of its rows", "snapshots rows rides --where zone=Bronx --as-of 2023-06-03"),
        ("Write it as CSV", "snapshots rows rides --format csv > rides.csv"),
    ],
)
@click.argument("table", metavar="TABLE")
@db.asked_database
@option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    help="COLUMN=VALUE, also with !=, <, <=, > and >=; or COLUMN:null. May be repeated; all must"
    " hold.",
)
@option(
    "--columns", metavar="NAMES", help="Show only these columns: names with commas between them."
)
@option("--no-lineage", is_flag=True, help="Leave out the columns _import_id and _line.")
@option(
    "--as-of",
    metavar="DATE",
    help="Show the rows that held at this date or time: of a table with history.",
)
@option(
    "--limit",
    type=Integer(1, MOST),
    metavar="N",
    help=f"Show at most N rows. Default: {SHOWN} as a table, otherwise all.",
)
@option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    help="How to print them. Default: table, or jsonl with --json.",
)
@output_options.as_json
@db.env_file
def command(
    table: str,
    database: str | None,
    where: tuple[str, ...],
    columns: str | None,
    no_lineage: bool,
    as_of: str | None,
    limit: int | None,
    form: str | None,
    as_json: bool,
) -> None:
    """Streams rows to stdout."""
    from snapshots import locations
    from snapshots.cli.row_output import print_table, write_csv, write_json_lines
    from snapshots.engine.history.locate import database_with
    from snapshots.engine.history.table_export import RowsWanted, TableExport

    form = form or ("jsonl" if as_json else "table")
    few = form == "table" and limit is None
    wanted = RowsWanted(
        table=table,
        columns=tuple(name.strip() for name in (columns or "").split(",") if name.strip()),
        conditions=where,
        lineage=not no_lineage,
        most=SHOWN + 1 if few else limit,
        as_of=as_of,
    )
    target = locations.target(database_with(table, database))
    with until_nobody_reads(), closing(TableExport(target, wanted)) as export:
        if form == "csv":
            write_csv(export.columns, export.rows())
        elif form == "jsonl":
            write_json_lines(export.columns, export.rows())
        else:
            print_table(export.columns, _first(export, few=few))
        if not export.in_order:
            say(
                "The rows come as the database stores them: there are many, and no index has the"
                " order of _import_id and _line.",
                err=True,
            )


def _first(export: TableExport, *, few: bool) -> Iterator[ResultRows]:
    """The rows that people look at, and a word on stderr if there are more."""
    left = SHOWN
    for page in export.rows():
        yield page[:left] if few else page
        left -= len(page)
        if few and left < 0:
            note(f"There are more than {SHOWN} rows: --limit N shows N of them.")
            return
