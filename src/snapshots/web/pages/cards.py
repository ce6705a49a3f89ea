"""Prepares an import for the templates: its status, and what may be asked of it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from snapshots.engine.plan.options import BY_KEY
from snapshots.errors import (
    AlreadyImported,
    CannotRename,
    EmptyInput,
    OverBudget,
    TooManyDeletes,
    WouldCascade,
)
from snapshots.ledger.missing_tables import TABLE_GONE
from snapshots.ledger.other_appends import OLDER_VERSION
from snapshots.ledger.verifications import RESULTS
from snapshots.web.pages.formatting import count, moment, size, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from snapshots.engine.history.progress import Status
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.verifications import Verification

_STOPPED = {"failed", "cancelled", "interrupted"}
_FINAL = {TABLE_GONE, OLDER_VERSION, AlreadyImported.code}
"""Errors after which another import has the rows: to resume this one loads nothing."""
_GUARDS = {EmptyInput.code, TooManyDeletes.code, WouldCascade.code, CannotRename.code}
_LIMITS = {OverBudget.code, *_GUARDS}
"""Errors after which it goes on with another limit alone."""
_LEAST_WIDTH = 0.4
"""The least percent of a bar: what exists must be visible."""


class Fact(NamedTuple):
    """A label and its value. Times of the ledger are marked, because scripts add local time."""

    name: str
    value: str
    time: bool = False


class ImportCard(Struct, frozen=True, dict=True):
    """One import on a page."""

    status: Status
    uploads: Path
    """The folder of uploaded files."""
    verification: Verification | None = None
    """The last one, where it is of interest."""

    @property
    def entry(self) -> Entry:
        """The import as the ledger has it."""
        return self.status.entry

    @property
    def id(self) -> int:
        """Its number."""
        return self.entry.import_id

    @property
    def state(self) -> str:
        """The state, or `stopping` from a click on Cancel until the worker has stopped."""
        return "stopping" if self.entry.wanted and not self.over else self.status.state

    @property
    def over(self) -> bool:
        """No worker has it, and none takes it unless somebody resumes it."""
        return self.status.state not in {"queued", "running"}

    @property
    def submitted(self) -> str:
        """When it was asked for, or when a command began it."""
        return self.entry.queued_at or self.entry.started_at

    @property
    def error(self) -> str | None:
        """Why it failed, without the name of the input, which stands beside it."""
        text = self.status.error
        return text and text.removeprefix(f"{self.entry.input}: ")

    @property
    def can_cancel(self) -> bool:
        """The service queued it, and it waits or runs."""
        return self._ours and not self.over

    @property
    def can_resume(self) -> bool:
        """A worker can go on with it as it was asked for."""
        return self._resumable and self.entry.error_code not in _LIMITS

    @property
    def can_resume_with_limit(self) -> bool:
        """It had too many rejects: it goes on if more are allowed, and stops at once if not."""
        return self._resumable and self.entry.error_code == OverBudget.code

    @property
    def guard(self) -> str:
        """Which guard keeps its rows from being published; empty: none."""
        code = self.entry.error_code or ""
        return code if self._resumable and code in _GUARDS else ""

    @property
    def staged(self) -> bool:
        """Its rows wait to be published: none of them is in the table."""
        return self.entry.stage is not None and self.entry.state != "finished"

    @property
    def can_verify(self) -> bool:
        """It was asked of the service, and has loaded all of its input."""
        done = self.status.state == "finished" and not self.entry.duplicate
        return done and self.entry.request is not None and self.entry.mode != "history"

    @property
    def can_repair(self) -> bool:
        """It has finished with rejects that are neither corrected nor dismissed."""
        return self.status.state == "finished" and self.entry.open > 0

    @property
    def verified(self) -> str:
        """When it was verified, and with what result, in words; empty: never."""
        found = self.verification
        if found is None:
            return ""
        if found.result is None:
            return f"{found.state}, since {moment(found.started_at)}"
        result = RESULTS[found.result]
        return f"{moment(found.finished_at or found.started_at)}: {result}"

    @property
    def can_undo(self) -> bool:
        """It has ended with rows in the table, which marks them as its own."""
        ended = self._stopped or self.entry.state == "finished"
        lineage = bool(self.entry.plan) and json.loads(self.entry.plan)["lineage"]
        return self._ours and ended and lineage and self.entry.counts.loaded > 0

    @property
    def table_is_open(self) -> bool:
        """Clients can read its table: the service loads into no other."""
        return self.entry.request is not None and self.entry.counts.loaded > 0

    @property
    def shares(self) -> Iterator[tuple[str, float, float]]:
        """Yields the buckets on a bar of 100: name, position, width."""
        counts, at = self.entry.counts, 0.0
        widths = {
            name: max(100 * number / counts.records, _LEAST_WIDTH)
            for name in ("loaded", "rejected", "skipped")
            if (number := getattr(counts, name))
        }
        scale = 100 / sum(widths.values(), start=0.0) if widths else 0.0
        for name, width in widths.items():
            yield name, round(at * scale, 2), round(width * scale, 2)
            at += width

    @property
    def announcement(self) -> str:
        """What a screen reader says whenever it changes."""
        counts = self.entry.counts
        text = f"Import {self.id} is {self.state}."
        if not self.over:
            return text
        return f"{text} {count(counts.loaded)} rows loaded, {count(counts.rejected)} rejected."

    @property
    def facts(self) -> Iterator[Fact]:
        """Everything else that is known."""
        status, entry = self.status, self.entry
        yield from self._times
        if status.seconds:
            yield Fact("Elapsed", span(status.seconds))
        if not self.over and status.seconds_left is not None and status.pace is not None:
            yield Fact("Time left", f"{span(status.seconds_left)}, from {status.pace.basis}")
        if entry.size is not None:
            yield Fact("Size on disk" if "file" in self._request else "Size", size(entry.size))
        if status.why is not None and status.state != "queued":
            yield Fact("Percent unknown", f"because {status.why}")
        yield from self._changes
        yield from self._repairs
        if entry.replaces is not None:
            stay = entry.replaced_rows
            rows = "" if stay is None else f", whose {count(stay)} rows stay"
            yield Fact("Replaces", f"import {entry.replaces}{rows}")
        if entry.continues is not None:
            yield Fact("Continues", f"import {entry.continues}: the input has grown since")
        if self._stopped and self._file_is_gone:
            yield Fact("Resume", "not possible: the uploaded file was deleted. Upload it again.")
        yield from self._undone
        if entry.content_hash:
            yield Fact("BLAKE3", entry.content_hash)

    @property
    def _undone(self) -> Iterator[Fact]:
        """What has become of its rows when it was undone."""
        entry = self.entry
        if entry.removed is not None:
            yield Fact("Removed", count(entry.removed))
        if entry.restored:
            yield Fact("Restored", count(entry.restored))
        if entry.undo_kept:
            yield Fact("Not undone", count(entry.undo_kept))

    @property
    def _repairs(self) -> Iterator[Fact]:
        """What became of its rejects."""
        entry = self.entry
        if entry.corrected:
            yield Fact("Corrected", count(entry.corrected))
        if entry.counts.rejected and self.over:
            yield Fact("Open rejects", count(entry.open))
        if entry.dismissed:
            yield Fact("Dismissed", count(entry.dismissed))

    @property
    def _changes(self) -> Iterator[Fact]:
        """What it does, or has done, to the rows of its table, where it does not add some alone."""
        if self.entry.mode is not None:
            yield Fact("Mode", self.entry.mode)
        if self.entry.inserted is not None:
            rows = self.entry.changes
            yield Fact("Rows inserted", count(rows.inserted))
            if self.entry.mode in BY_KEY or rows.updated or rows.unchanged:
                yield Fact("Rows updated", count(rows.updated))
                yield Fact("Rows unchanged", count(rows.unchanged))
            yield Fact("Rows deleted", count(rows.deleted))
            if rows.kept:
                yield Fact("Rows kept", count(rows.kept))

    @property
    def _times(self) -> Iterator[Fact]:
        entry = self.entry
        if entry.queued_at:
            yield Fact("Queued", entry.queued_at, time=True)
        if self.status.state != "queued":
            yield Fact("Started", entry.started_at, time=True)
        if entry.finished_at:
            yield Fact("Ended", entry.finished_at, time=True)
        if entry.undone_at:
            yield Fact("Undone", entry.undone_at, time=True)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Names and types of the columns, once there is a plan."""
        plan = json.loads(self.entry.plan) if self.entry.plan else {"schema": {"fields": []}}
        return [(field["name"], field["type"]) for field in plan["schema"]["fields"]]

    @cached_property
    def _request(self) -> dict[str, Any]:
        request: dict[str, Any] = json.loads(self.entry.request) if self.entry.request else {}
        return {name: value for name, value in request.items() if value is not None}

    @property
    def _ours(self) -> bool:
        """The service queued it, and nobody has asked to stop it yet."""
        return self.entry.request is not None and not self.entry.wanted

    @property
    def _stopped(self) -> bool:
        # An interrupted import is `running` in the ledger: a worker takes it over by itself.
        return self._ours and self.entry.state in _STOPPED

    @property
    def _resumable(self) -> bool:
        final = self.entry.damage is not None or self.entry.error_code in _FINAL
        return self._stopped and not final and not self._file_is_gone

    @cached_property
    def _file_is_gone(self) -> bool:
        file = self._request.get("file")
        return file is not None and not (self.uploads / file).is_file()
