"""`snapshots replay`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.dialect_options import reading, to_dialect
from snapshots.cli.option import complete_files, option
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.reject_code import RejectCode
from snapshots.cli.say import note, say, say_json
from snapshots.cli.signals import stopping
from snapshots.cli.table_options import contract, null_value
from snapshots.errors import Stopped, UsageError
from snapshots.file_hints import advice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.repair.report import ReplayReport


@a_command(
    "replay",
    help="Load rejects of an import that were corrected, or whose contract or table was.",
    examples=[
        ("Load the corrections in a file", "snapshots replay 1 fix.csv"),
        ("Try all rejects again, as they are", "snapshots replay 1"),
        ("Read a dash as NULL from now on", "snapshots replay 1 --null-value -"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@click.argument("file", required=False, metavar="[FILE]", shell_complete=complete_files)
@db.asked_database
@option(
    "--code",
    "codes",
    type=RejectCode(),
    multiple=True,
    metavar="CODE",
    help="Replay only rejects with this code. May be repeated.",
)
@option(
    "--input",
    metavar="PATH",
    help="Where the input is now, for records of more than 64 KiB.",
)
@contract
@null_value
@reading
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    import_id: int,
    file: str | None,
    database: str | None,
    codes: tuple[str, ...],
    input: str | None,  # noqa: A002 - the word of the option
    contract: str | None,
    null_values: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> None:
    """Replays rejects; 3 where some are left open."""
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.repair.mended import MendedReading
    from snapshots.engine.repair.replay import replay_import
    from snapshots.engine.repair.report import ReplayOptions
    from snapshots.engine.verify.located import VerifyOptions

    target = locations.target(database_of(import_id, database))
    read = MendedReading(
        None if contract is None else Path(contract), null_values, to_dialect(given)
    )
    with opened(file) as corrections, stopping() as stop:
        wanted = ReplayOptions(corrections, file or "", codes, read, VerifyOptions(input=input))
        stop.loading = True
        try:
            report = replay_import(import_id, target, wanted, note, stop.event)
        except Stopped:
            if stop.code is None:
                raise
            say("Stopped. The same command replays the rest.", err=True)
            ctx.exit(stop.code)
    if as_json:
        say_json(report.to_object())
    else:
        for line in lines_of(report):
            say(line)
    ctx.exit(report.exit_code)


@contextmanager
def opened(file: str | None) -> Iterator[BinaryIO | None]:
    """The file of corrections, which is read twice. Raises UsageError."""
    if file is None:
        yield None
    elif file == "-":
        with tempfile.TemporaryFile() as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
            yield cast("BinaryIO", kept)
    else:
        try:
            opened = Path(file).open("rb")  # noqa: SIM115 - closed below
        except OSError as error:
            raise UsageError(
                f"it cannot be read: {error.strerror}", place=file, hint=advice(error)
            ) from error
        with opened:
            yield opened


def lines_of(
    report: ReplayReport, kind: str = "import", done: str = "loaded into"
) -> Iterator[str]:
    """The report, for people."""
    dismissed = f", {report.dismissed:,} dismissed" if report.dismissed else ""
    yield (
        f"{kind} {report.import_id}: {report.loaded:,} {_records(report.loaded)} {done}"
        f" {report.table}; {report.open:,} open{dismissed}"
    )
    if report.already:
        yield f"  {report.already:>9,}  loaded before"
    if report.unchanged:
        yield f"  {report.unchanged:>9,}  not edited"
    if report.refused:
        yield f"  {report.refused:>9,}  still wrong"
    for sentence in report.examples:
        yield f"  {sentence}"
    if report.open_by_code:
        yield "open rejects:"
    for code, count in report.open_by_code.items():
        yield f"  {count:>9,}  {code}"


def _records(number: int) -> str:
    return "reject" if number == 1 else "rejects"
