"""`snapshots diff`."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import MOST, Integer
from snapshots.cli.pipes import until_nobody_reads
from snapshots.cli.say import note

if TYPE_CHECKING:
    from snapshots.engine.lookback.diff import DiffTotals, TableDiff

DIFFERS = 8
"""The exit code with --check, as that of verify."""


@a_command(
    "diff",
    help="Show the rows that differ between two versions of a table, or a file and a table.",
    examples=[
        ("Compare the versions of two imports", "snapshots diff 3 5"),
        ("Compare a table at two dates", "snapshots diff --table rides 2023-01-01 2023-06-03"),
        ("Compare a file with a table", "snapshots diff rides.csv --table rides"),
    ],
)
@click.argument("versions", nargs=-1, required=True, metavar="BEFORE AFTER | FILE")
@db.asked_database
@option(
    "--table",
    metavar="NAME",
    help="The table to compare. Then BEFORE and AFTER are dates or times. Default for a file: the"
    " table named after it.",
)
@option("--primary-key", metavar="NAMES", help="For a file: the columns that identify a row.")
@option("--check", is_flag=True, help=f"Exit with code {DIFFERS} if anything differs.")
@option("--limit", type=Integer(1, MOST), metavar="N", help="Show at most N rows.")
@option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "jsonl"]),
    help="How to print them. Default: table, or jsonl with --json.",
)
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    versions: tuple[str, ...],
    database: str | None,
    table: str | None,
    primary_key: str | None,
    check: bool,
    limit: int | None,
    form: str | None,
    as_json: bool,
) -> None:
    """Streams the rows that differ to stdout, and their number to stderr."""
    from snapshots.cli.diff_output import write_changes

    key = tuple(name.strip() for name in (primary_key or "").split(",") if name.strip())
    with closing(_opened(versions, database, table, key)) as diff:
        with until_nobody_reads():
            write_changes(diff, form or ("jsonl" if as_json else "table"), limit)
        note(_summary(diff, diff.totals))
        if check and diff.totals.differs:
            ctx.exit(DIFFERS)


def _opened(
    versions: tuple[str, ...], database: str | None, table: str | None, key: tuple[str, ...]
) -> TableDiff:
    from snapshots import locations
    from snapshots.engine.history.locate import database_of, database_with
    from snapshots.engine.lookback import diff, file_diff
    from snapshots.engine.plan.table_name import table_for

    if len(versions) == 1:
        name = table or table_for(versions[0], None)
        target = locations.target(database_with(name, database))
        return file_diff.diff_of_file(target, versions[0], name, key, note)
    if len(versions) > 2:
        raise click.UsageError("Give two versions, or one file.")
    before, after = versions
    if table is not None:
        target = locations.target(database_with(table, database))
        return diff.diff_of_dates(target, table, before, after)
    if not all(re.fullmatch(r"[0-9]{1,18}", one) for one in versions):
        raise click.UsageError(
            f"{before} and {after} are not numbers of imports. For dates, name a table: --table"
            " NAME."
        )
    target = locations.target(database_of(int(before), database))
    return diff.diff_of_imports(target, int(before), int(after))


def _summary(diff: TableDiff, totals: DiffTotals) -> str:
    return (
        f"{diff.table}, {diff.before} to {diff.after}: {totals.added:,} added,"
        f" {totals.removed:,} removed, {totals.changed:,} changed ({totals.cells:,} values)"
    )
