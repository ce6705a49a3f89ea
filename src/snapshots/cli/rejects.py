"""The command `snapshots rejects`."""

from __future__ import annotations

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID, MOST, Integer
from snapshots.cli.pipes import until_nobody_reads
from snapshots.cli.reject_code import RejectCode
from snapshots.cli.reject_export import export_rejects
from snapshots.cli.reject_output import print_rejects, write_records
from snapshots.cli.say import note
from snapshots.errors import UsageError


@a_command(
    "rejects",
    help="Show the records of an import that were not loaded, and why.",
    examples=[
        ("Show the rejects of import 1", "snapshots rejects 1"),
        ("Show those with one reason", "snapshots rejects 1 --code not_a_date"),
        ("Save them as a file to correct", "snapshots rejects 1 --export fix.csv"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option(
    "--code",
    "codes",
    type=RejectCode(),
    multiple=True,
    metavar="CODE",
    help="Show only rejects with this code. May be repeated.",
)
@option("--limit", type=Integer(1, MOST), metavar="N", help="Show only the first N.")
@option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv", "raw"]),
    help="How to print them. raw: only the records, byte for byte. Default: table, or jsonl with"
    " --json.",
)
@option(
    "--export",
    metavar="FILE",
    help="Write the open rejects into a file to correct and replay: .csv, .xlsx or .jsonl."
    " - is stdout, as CSV.",
)
@option(
    "--input",
    metavar="PATH",
    help="With --export: where the input is now, for records of more than 64 KiB.",
)
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    import_id: int,
    database: str | None,
    codes: tuple[str, ...],
    limit: int | None,
    form: str | None,
    export: str | None,
    input: str | None,  # noqa: A002 - the word of the option
    as_json: bool,
) -> None:
    """Streams the rejects in the order of the input."""
    from snapshots.engine.history import lookup
    from snapshots.engine.history.locate import database_of

    if export is not None and (limit is not None or form is not None):
        raise UsageError("--export takes neither --limit nor --format")
    if input is not None and export is None:
        raise UsageError("--input has no meaning without --export")
    database = database_of(import_id, database)
    if export is not None:
        ctx.exit(export_rejects(import_id, database, codes, export, input))
    detail = lookup.show(import_id, database)
    record = detail.record
    note(
        f"{record.kind} {import_id}: {record.input} -> {record.table}, {record.database}:"
        f" {_counted(detail.rejects_by_code, codes, record.rejected)} rejected"
    )
    found = lookup.rejects(import_id, database, codes, limit)
    code = 0
    with until_nobody_reads():
        if form == "raw":
            code = write_records(found, detail.plan)
        else:
            print_rejects(found, form or ("jsonl" if as_json else "table"))
    ctx.exit(code)


def _counted(by_code: dict[str, int], codes: tuple[str, ...], rejected: int) -> str:
    if not codes:
        return f"{rejected:,}"
    return f"{sum(by_code.get(code, 0) for code in set(codes)):,} of {rejected:,}"
