"""The command `snapshots answers`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option import option
from snapshots.cli.option_types import IMPORT_ID, MOST, Integer
from snapshots.cli.pipes import until_nobody_reads
from snapshots.cli.say import csv_rows, note, say, say_json

if TYPE_CHECKING:
    from snapshots.ledger.answers import Answer


@a_command(
    "answers",
    help="Show what was kept of an API's answers to the records of a delivery.",
    examples=[
        ("Show the ids that the API has given to the records of delivery 1", "snapshots answers 1"),
        ("Save them as CSV", "snapshots answers 1 --format csv > ids.csv"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@option("--limit", type=Integer(1, MOST), metavar="N", help="Show only the first N.")
@option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv"]),
    help="How to print them. Default: table, or jsonl with --json.",
)
@output_options.as_json
@db.env_file
def command(
    import_id: int, database: str | None, limit: int | None, form: str | None, as_json: bool
) -> None:
    """Streams the answers in the order of the input."""
    from snapshots.engine.history import lookup

    form = form or ("jsonl" if as_json else "table")
    write = csv_rows() if form == "csv" else None
    shown = 0
    with until_nobody_reads():
        if write is not None:
            write(["line", "key", "answer"])
        for one in lookup.answers(import_id, database, limit):
            shown += 1
            if write is not None:
                write([one.line, one.key or "", _text(one.answer)])
            elif form == "jsonl":
                say_json(answer_object(one))
            else:
                key = f", {one.key}" if one.key else ""
                say(f"line {one.line}{key}: {_text(one.answer)}")
    if not shown:
        note(f"nothing was kept of answers to {import_id}; snapshots send keeps it with --keep")


def answer_object(answer: Answer) -> dict[str, Any]:
    """The answer as JSON."""
    key = None if answer.key is None else json.loads(answer.key)
    return {"line": answer.line, "key": key, "answer": json.loads(answer.answer)}


def _text(value: str) -> str:
    """A JSON value for people: texts without their quotes."""
    found = json.loads(value)
    return found if isinstance(found, str) else value
