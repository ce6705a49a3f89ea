"""Prepares an import for the templates: its status, and what may be asked of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.ledger.verifications import RESULTS
from snapshots.web.pages.formatting import count, moment, size, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.engine.history.progress import Status
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.verifications import Verification

_STOPPED = {"failed", "cancelled", "interrupted"}
_LEAST_WIDTH = 0.4
"""The least percent of a bar: what exists must be visible."""


@dataclass(frozen=True, slots=True)
class ImportCard:
    """One import on a page."""

    status: Status
    verification: Verification | None = None
    """The last one, where it is of interest."""

    @property
    def entry(self) -> Entry:
        """The import, as the ledger has it."""
        return self.status.entry

    @property
    def id(self) -> int:
        """Its number."""
        return self.entry.import_id

    @property
    def over(self) -> bool:
        """Whether nobody works on it, or will unless it is asked for."""
        return self.status.state == "finished" or self.status.state in _STOPPED

    @property
    def can_cancel(self) -> bool:
        """Whether it came through the service, and is not over."""
        asked = self.entry.request is not None and not self.entry.wanted
        return asked and self.status.state in {"queued", "running"}

    @property
    def can_resume(self) -> bool:
        """Whether it came through the service, and was stopped."""
        # The ledger still says that an interrupted one runs: a worker takes it up by itself.
        asked = self.entry.request is not None and not self.entry.wanted
        return asked and self.entry.state in _STOPPED

    @property
    def can_verify(self) -> bool:
        """It was asked of the service, and has loaded all of its input."""
        done = self.status.state == "finished" and not self.entry.duplicate
        return done and self.entry.request is not None

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
        """Whether it was stopped, and its rows can be told from others."""
        lineage = bool(self.entry.plan) and json.loads(self.entry.plan)["lineage"]
        return self.can_resume and lineage and self.entry.counts.loaded > 0

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
        text = f"Import {self.id} is {self.status.state}."
        if not self.over:
            return text
        return f"{text} {count(counts.loaded)} rows loaded, {count(counts.rejected)} rejected."

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """Yields further facts, each with its name."""
        status, entry = self.status, self.entry
        if entry.queued_at:
            yield "Queued", moment(entry.queued_at)
        if status.state != "queued":
            yield "Begun", moment(entry.started_at)
        if entry.finished_at:
            yield "Ended", moment(entry.finished_at)
        if status.seconds:
            yield "Worked for", span(status.seconds)
        if not self.over and status.seconds_left is not None and status.pace is not None:
            yield "Time left", f"{span(status.seconds_left)}, by {status.pace.basis}"
        if entry.size is not None:
            yield "Size as it lies", size(entry.size)
        if status.why is not None and status.state != "queued":
            yield "No percent", f"because {status.why}"
        if entry.replaces is not None:
            yield "Replaces", f"import {entry.replaces}"
        if entry.content_hash:
            yield "BLAKE3", entry.content_hash

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Names and types of the columns, once there is a plan."""
        plan = json.loads(self.entry.plan) if self.entry.plan else {"schema": {"fields": []}}
        return [(field["name"], field["type"]) for field in plan["schema"]["fields"]]
