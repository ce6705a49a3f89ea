"""The movies, sent: every record is delivered, rejected or skipped, and said to be."""

from __future__ import annotations

import datetime
import json
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import snapshots
from snapshots.engine.events import Notice, Progress, Retrying

if TYPE_CHECKING:
    from settings import Settings
    from snapshots.engine.events import Event

LOG = logging.getLogger("movymporter")
EVERY_SECONDS = 5.0
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
            encoding=settings.encoding,
            listener=Teller(),
        )
    except snapshots.SnapshotsError as error:
        # The options of the command are settings here.
        LOG.error("%s", f"{error} {error.hint}".replace("--encoding ", "ENCODING="))
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


class Teller:
    """Logs how far it is, every few seconds, and what was decided on the way."""

    def __init__(self) -> None:
        self._due = time.monotonic() + EVERY_SECONDS

    def __call__(self, event: Event) -> None:
        """See `snapshots.engine.events`."""
        if isinstance(event, Notice):
            LOG.debug(event.text)
        elif isinstance(event, Retrying):
            LOG.warning("Trying again after: %s", event.failure)
        elif isinstance(event, Progress) and time.monotonic() >= self._due:
            self._due = time.monotonic() + EVERY_SECONDS
            counts = event.counts
            done = f"{100 * event.bytes_done / event.bytes_total:.0f} % of the file, "
            LOG.info(
                "%s%d delivered, %d rejected, %d skipped, %.0f s",
                done if event.bytes_total else "",
                counts.loaded, counts.rejected, counts.skipped, event.seconds,
            )  # fmt: skip


def _tell_rejects(import_id: int, level: int) -> None:
    for reject in snapshots.rejects(import_id):
        raw = reject.raw.decode("utf-8", "backslashreplace")
        column = f"{reject.column}: " if reject.column else ""
        LOG.log(level, "line %d: %s%s The record: %s", reject.line, column, reject.reason, raw)
