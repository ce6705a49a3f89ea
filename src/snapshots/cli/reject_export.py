"""Writes rejects into a file to correct."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from snapshots import locations
from snapshots.cli.say import data_writer, note, say
from snapshots.engine.repair.export import (
    ExportReport,
    export,
    form_of,
    require_new,
    write_new_file,
)
from snapshots.ledger.history import History


def export_rejects(
    import_id: int, database: str | None, codes: tuple[str, ...], name: str, given: str | None
) -> int:
    """Writes the open rejects into a new file, or to stdout; returns the exit code.

    The file appears when it is complete. Raises UsageError where it exists.
    """
    target = locations.target(database)
    form = "csv" if name == "-" else form_of(name)
    path = Path(name)
    if name != "-":
        require_new(path)
    report = ExportReport()
    with closing(target.connect(create=False)) as session:
        pieces = export(History(target, session), import_id, form, report, codes, given)
        if name == "-":
            write = data_writer()
            for piece in pieces:
                write(piece)
        else:
            write_new_file(path, pieces)
    if report.sentence:
        say(report.sentence, err=True)
    if name != "-":
        records = "reject" if report.rejects == 1 else "rejects"
        note(f"{report.rejects:,} open {records} of import {import_id} are in {name}")
    return 1 if report.cut else 0
