"""What `snapshots replay` and `snapshots resend` have in common: how rejects are mended."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.dialect_options import reading, to_dialect
from snapshots.cli.option import option, together
from snapshots.cli.reject_code import RejectCode
from snapshots.cli.say import say, say_json
from snapshots.cli.signals import stopping
from snapshots.cli.table_options import contract, null_value
from snapshots.errors import Stopped, UsageError
from snapshots.file_hints import advice

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    import click

    from snapshots.engine.repair.report import ReplayOptions, ReplayReport
    from snapshots.ports import Target


def mended_by(verb: str) -> Callable[[Any], Any]:
    """The options of a command that reads rejects again; `verb` is what it does with them."""
    return together(
        option(
            "--code",
            "codes",
            type=RejectCode(),
            multiple=True,
            metavar="CODE",
            help=f"{verb} only rejects with this code. May be repeated.",
        ),
        option(
            "--input",
            metavar="PATH",
            help="Where the input is now, for records of more than 64 KiB.",
        ),
        contract,
        null_value,
        reading,
        output_options.as_json,
        db.env_file,
    )


def mend(
    ctx: click.Context,
    work: Callable[[Target, ReplayOptions, threading.Event], ReplayReport],
    *words: str,
    **given: Any,
) -> None:
    """Reads rejects again and has `work` done with them; ends with 3 where some are left open.

    `words`: what the same command does with the rest, and those of `lines_of`.
    """
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.repair.mended import MendedReading
    from snapshots.engine.repair.report import ReplayOptions
    from snapshots.engine.verify.located import VerifyOptions

    target = locations.target(database_of(given["import_id"], given["database"]))
    path, file, where = given["contract"], given["file"], VerifyOptions(input=given["input"])
    read = MendedReading(
        None if path is None else Path(path), given["null_values"], to_dialect(given)
    )
    rest, *words_of_lines = words
    with opened(file) as corrections, stopping() as stop:
        wanted = ReplayOptions(corrections, file or "", given["codes"], read, where)
        stop.begin()
        try:
            report = work(target, wanted, stop.event)
        except Stopped:
            if stop.code is None:
                raise
            say(f"Stopped. The same command {rest} the rest.", err=True)
            ctx.exit(stop.code)
    if given["as_json"]:
        say_json(report.to_object())
    else:
        for line in lines_of(report, *words_of_lines):
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
