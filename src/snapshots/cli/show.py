"""The command `snapshots show`."""

from __future__ import annotations

import json

import click

from snapshots.cli import database_options as db
from snapshots.cli import output_options
from snapshots.cli.command import command as a_command
from snapshots.cli.option_types import IMPORT_ID
from snapshots.cli.output import print_detail, record_object, verification_object
from snapshots.cli.say import say_json


@a_command(
    "show",
    help="Show the details of one import: its counts, column types and chunks.",
    examples=[
        ("Show import 1", "snapshots show 1"),
    ],
)
@click.argument("import_id", type=IMPORT_ID, metavar="ID")
@db.asked_database
@output_options.as_json
@db.env_file
def command(import_id: int, database: str | None, as_json: bool) -> None:
    """Prints what the ledger has of one import."""
    from snapshots.engine.history import lookup

    detail = lookup.show(import_id, database)
    if not as_json:
        print_detail(detail)
        return
    say_json(
        {
            **record_object(detail.record),
            "rejects_by_code": detail.rejects_by_code,
            "skipped_by_code": detail.skipped_by_code,
            "plan": json.loads(detail.plan) if detail.plan else None,
            "verification": verification_object(detail.verification),
            "chunks": [
                {
                    "start": chunk.start,
                    "end": chunk.end,
                    "line": chunk.start_line,
                    "records": chunk.counts.records,
                    "loaded": chunk.counts.loaded,
                    "rejected": chunk.counts.rejected,
                    "skipped": chunk.counts.skipped,
                    "seconds": chunk.seconds,
                    "committed_at": chunk.committed_at,
                }
                for chunk in detail.chunks
            ],
        }
    )
