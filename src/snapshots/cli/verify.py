"""`snapshots verify`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.say import note, say, say_json
from snapshots.cli.signals import stopping
from snapshots.errors import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.verify.report import VerifyReport

_SHOWN = 20


@a_command(
    "verify",
    help="Read the input again and compare every value with the table.",
    examples=[
        ("Verify import 1", "snapshots verify 1"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option(
    "--input", metavar="PATH", help="Where the input is now. Default: where it was imported from."
)
@option(
    "--ignore",
    metavar="COLUMNS",
    help="Leave these columns out of the comparison: names with commas between them.",
)
@option(
    "--counts",
    is_flag=True,
    help="Check only the recorded counts and the number of rows, without reading the input.",
)
@output_options.as_json
@db.env_file
@click.pass_context
def command(
    ctx: click.Context,
    /,
    import_id: int,
    database: str | None,
    input: str | None,  # noqa: A002 - the word of the option
    ignore: str | None,
    counts: bool,
    as_json: bool,
) -> None:
    """Compares every value; 8 where some differ, 7 where the ledger does not add up."""
    from snapshots import locations
    from snapshots.engine.history.locate import database_of
    from snapshots.engine.verify.located import VerifyOptions
    from snapshots.engine.verify.verify import verify_import

    target = locations.target(database_of(import_id, database))
    left_out = tuple(name.strip() for name in (ignore or "").split(",") if name.strip())
    wanted = VerifyOptions(input, left_out, counts)
    with stopping() as stop:
        stop.begin()
        try:
            report = verify_import(import_id, target, wanted, note, stop.event, _Progress())
        except Stopped:
            if stop.code is None:
                raise
            say("Stopped. The same command continues after the last compared chunk.", err=True)
            ctx.exit(stop.code)
    if as_json:
        say_json(report.to_object())
    else:
        for line in _lines(report):
            say(line)
    ctx.exit(report.exit_code)


class _Progress:
    """Says each tenth of the input that is compared, where somebody looks on."""

    def __init__(self) -> None:
        self._reported = 0

    def __call__(self, done: int, everything: int) -> None:
        tenth = 10 * done // everything if everything else 0
        if sys.stderr.isatty() and self._reported < tenth < 10:
            self._reported = tenth
            note(f"{tenth * 10} % compared")


def _lines(report: VerifyReport) -> Iterator[str]:
    yield f"import {report.import_id}: {_verdict(report)}"
    for sentence in (*report.ledger, *report.table):
        yield f"  {sentence}"
    if report.not_compared:
        yield f"  The values were not compared. {report.not_compared}"
    if report.left_out:
        yield f"  Not compared: {', '.join(report.left_out)}."
    for name, count in report.columns.items():
        yield f"  {count:>9,}  changed values in {name}"
    for chunk in report.differing[:_SHOWN]:
        yield (
            f"  chunk at byte {chunk.start}, line {chunk.line}: {chunk.equal:,} equal,"
            f" {chunk.changed:,} changed, {chunk.missing:,} missing, {chunk.more:,} more"
        )
    for one in report.differences[:_SHOWN]:
        where = f"line {one.line}" if one.line >= 0 else "a row without a line"
        if one.kind == "changed":
            yield f"  {where}, {one.column}: {_value(one.expected)} is {_value(one.found)} now"
        else:
            yield f"  {where}: {'is missing' if one.kind == 'missing' else 'is not of the input'}"
    if report.differs and report.triggers:
        yield f"  The table has triggers, which may have done this: {', '.join(report.triggers)}."


def _verdict(report: VerifyReport) -> str:
    rows = (
        f"{report.equal:,} rows equal, {report.changed:,} changed, {report.missing:,} missing,"
        f" {report.more:,} more"
    )
    if report.superseded:
        rows += f", {report.superseded:,} superseded by later imports"
    counted = "" if report.rows is None else f"{report.rows:,} rows counted"
    seen = rows if report.compared else counted or "nothing compared"
    return {
        "equal": f"verified: {seen}",
        "differs": f"the table differs: {seen}",
        "ledger_damaged": f"the ledger does not add up: {seen}",
        "not_compared": f"verified in part: {seen}",
    }[report.result]


def _value(text: str | None) -> str:
    return "NULL" if text is None else repr(text)
