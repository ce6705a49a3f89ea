"""The movies, sent: every record is delivered, rejected or skipped, and said to be."""

from __future__ import annotations

import datetime
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import snapshots
from snapshots.engine.report import Notice, Retrying

if TYPE_CHECKING:
    from settings import Settings
    from snapshots.engine.report import Event

LOG = logging.getLogger("movymporter")
SCHEMA = Path(__file__).parents[1] / "schema.json"


def send(settings: Settings) -> int:
    """Sends the file; the exit code."""
    try:
        result = snapshots.send(
            settings.csv_in,
            settings.url_out,
            contract=contract(),
            nulls="omit",
            # One at a time: when it stops, nothing behind the bad record has been sent.
            concurrency=1 if settings.stop_on_errors else 32,
            stop_on_error=settings.stop_on_errors,
            max_rejects="100%",
            delimiter=";",
            listener=_tell,
        )
    except snapshots.SnapshotsError as error:
        LOG.error("%s %s", error, error.hint)
        return error.exit_code
    if result.record and result.outcome != "already_delivered":
        _tell_rejects(result.record.import_id, logging.ERROR if result.message else logging.WARNING)
    counts = result.counts
    LOG.info(
        "%d records = %d delivered + %d rejected + %d skipped",
        counts.records, counts.loaded, counts.rejected, counts.skipped,
    )  # fmt: skip
    if result.message:
        LOG.log(logging.ERROR if result.exit_code != 5 else logging.INFO, result.message)
    return result.exit_code


def contract() -> dict[str, Any]:
    """The schema, and the rule that no schema can hold: no movie is from the future."""
    schema: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    year = next(field for field in schema["fields"] if field["name"] == "year")
    year["constraints"]["maximum"] = datetime.datetime.now(datetime.UTC).year
    return schema


def _tell(event: Event) -> None:
    match event:
        case Notice(text):
            LOG.debug(text)
        case Retrying():
            LOG.warning("Trying again after: %s", event.failure)
        case _:
            pass


def _tell_rejects(import_id: int, level: int) -> None:
    for reject in snapshots.rejects(import_id):
        raw = reject.raw.decode("utf-8", "backslashreplace")
        column = f"{reject.column}: " if reject.column else ""
        LOG.log(level, "line %d: %s%s The record: %s", reject.line, column, reject.reason, raw)
