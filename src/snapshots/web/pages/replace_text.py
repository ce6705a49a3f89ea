"""Replaces a text in one column of all open rejects of an import, and loads what fits then."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from anyio import to_thread
from fastapi import Form
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from snapshots.engine.plan.corrected import in_utf8, written
from snapshots.engine.queue import commands
from snapshots.engine.repair.corrections_file import LINE
from snapshots.engine.repair.export import exportable
from snapshots.engine.repair.records import RejectedRecords
from snapshots.engine.repair.report import ReplayOptions
from snapshots.errors import SnapshotsError, UsageError
from snapshots.web.api.corrections import input_of, open_rejects, replay_file, require_shown
from snapshots.web.pages.correct import GridPlace, grid_page, outcome_sentence
from snapshots.web.problems import status_of

if TYPE_CHECKING:
    from typing import IO

    from snapshots.web.context import ServiceContext

_IN_MEMORY: Final = 1 << 20
_PLAIN: Final = re.compile("[A-Za-z0-9.:/_-]+")
"""Texts that stand in a record as they are, with quotes or without."""


class TextReplacement(BaseModel):
    """What is to be replaced, as the form has it."""

    column: int = 0
    """The place of the field in a record, from 0."""
    old: str = ""
    new: str = ""


Wanted = Annotated[TextReplacement, Form()]


async def replaced_page(
    here: ServiceContext,
    client: str,
    place: GridPlace,
    wanted: TextReplacement,
    code: str | None,
) -> Response:
    """Replaces the text, and returns the page with what is left."""

    def work() -> Response:
        try:
            message = _replaced(here, client, place.import_id, wanted, code)
        except SnapshotsError as error:
            page = grid_page(here, place, code, None, problem=error)
            return HTMLResponse(page, status_of(error))
        return HTMLResponse(grid_page(here, place, code, None, message=message))

    with here.uploading.turn(client):
        return await to_thread.run_sync(work)


def _replaced(
    here: ServiceContext, client: str, import_id: int, wanted: TextReplacement, code: str | None
) -> str:
    """Loads the records that change. Returns a sentence about them. Raises SnapshotsError."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spooled:
        file = cast("IO[bytes]", spooled)
        if not _write(here, import_id, wanted, code, file):
            raise UsageError(
                "no open reject has this text in this column",
                hint="look at the values of the column",
            )
        file.seek(0)
        report = replay_file(
            here, import_id, ReplayOptions(cast("Any", file), "a replacement", by=client)
        )
    return outcome_sentence(report.loaded, report.refused, report.open)


def _write(
    here: ServiceContext,
    import_id: int,
    wanted: TextReplacement,
    code: str | None,
    file: IO[bytes],
) -> int:
    """Writes the corrections; returns how many there are. No session is held meanwhile."""
    with here.pool.ledger() as ledger:
        entry = commands.find(ledger, import_id)
        require_shown(here, ledger, entry)
    plan, old = exportable(entry), wanted.old.replace("\r\n", "\n")
    if not old:
        raise UsageError("no text to replace was given", hint="enter what stands there now")
    if not 0 <= wanted.column < len(plan.header):
        raise UsageError("the records have no such column", hint="reload the page and try again")
    # Most records of many need not be taken apart.
    plain = old.encode() if _PLAIN.fullmatch(old) and plan.dialect.escape is None else b""
    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow([LINE, *plan.header])
    file.write(head.getvalue().encode("utf-8", "replace"))
    count = 0
    with closing(RejectedRecords(entry, plan, input_of(here, entry))) as records:
        for kept in open_rejects(here, import_id, () if code is None else (code,)):
            if kept.correction is None and plain not in in_utf8(kept.reject.raw, plan.dialect):
                continue
            record = records.of(kept)
            if record.fields is None or record.cut or old not in record.fields[wanted.column].text:
                continue
            fields = list(record.fields)
            was = fields[wanted.column]
            fields[wanted.column] = was._replace(text=was.text.replace(old, wanted.new))
            file.write(b"%d,%s\n" % (record.line, written(fields)))
            count += 1
            if file.tell() > here.settings.max_upload:
                raise UsageError(
                    "these are more records than the service takes at once",
                    hint="correct them in a file",
                )
    return count
