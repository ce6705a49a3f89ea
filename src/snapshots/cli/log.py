"""`snapshots log`."""

from __future__ import annotations

from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.pipes import until_nobody_reads
from snapshots.engine.plan.version_date import shown
from snapshots.model import TableColumn, Type
from snapshots.sources import shown as input_name

if TYPE_CHECKING:
    from snapshots.engine.lookback.log import RowLog, RowVersion
    from snapshots.ports import ResultRows


@a_command(
    "log",
    help="Show every version of a row, and which file it came with.",
    examples=[
        ("Show the versions of the row with the key 17", "snapshots log rides 17"),
        ("Show those of a key of two columns", "snapshots log stops 17 north"),
    ],
)
@click.argument("table", metavar="TABLE")
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
@db.asked_database
@option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    help="How to print them. Default: table, or jsonl with --json.",
)
@output_options.as_json
@db.env_file
def command(
    table: str, key: tuple[str, ...], database: str | None, form: str | None, as_json: bool
) -> None:
    """Prints the versions of one row, oldest first."""
    from snapshots import locations
    from snapshots.cli.row_output import print_table, write_csv
    from snapshots.cli.say import note, say_json
    from snapshots.engine.history.locate import database_with
    from snapshots.engine.lookback.log import read_log

    target = locations.target(database_with(table, database))
    form = form or ("jsonl" if as_json else "table")
    with until_nobody_reads(), closing(target.connect(create=False)) as session:
        log = read_log(target, session, table, key)
        first = list(islice(log.pages, 1))
        log = replace(log, pages=chain(first, log.pages))
        if form == "jsonl":
            for version in log.objects():
                say_json(version)
        elif form == "csv":
            write_csv(_columns(log), map(_rows, log.pages))
        else:
            print_table(_columns(log), map(_rows, log.pages))
        if not first:
            note(f"Table {log.table} never had a row with this key.")


def _columns(log: RowLog) -> list[TableColumn]:
    own = [
        TableColumn(name, Type("text"), "text", nullable=True, has_default=False)
        for name in ("valid_from", "valid_to", "import", "input", "line")
    ]
    return [*own, *log.columns]


def _rows(versions: list[RowVersion]) -> ResultRows:
    return [
        (
            shown(one.valid_from),
            None if one.valid_to is None else shown(one.valid_to),
            one.import_id,
            None if one.input is None else input_name(one.input),
            one.line,
            *one.values,
        )
        for one in versions
    ]
