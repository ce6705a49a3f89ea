"""Counts what a run of sync has done, for the summary at its end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from snapshots.sync.events import (
    FileEnded,
    FileIgnored,
    FileRefused,
    RowsMissing,
    SyncEnded,
    SyncEvent,
)

if TYPE_CHECKING:
    from snapshots.engine.events import ImportResult
    from snapshots.model import Counts, ImportRecord


class SyncTotals:
    """What has been done so far. Thread-safe."""

    def __init__(self, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._imported = self._with_rejects = self._recognised = 0
        self._failed = self._failed_before = self._missing = self._ignored = 0
        self._records = self._loaded = self._rejected = self._skipped = 0

    def add(self, event: SyncEvent) -> None:
        """Counts an event."""
        with self._lock:
            match event:
                case FileEnded(_, result, _):
                    self._add_result(result)
                case FileRefused(_, record):
                    self._failed += 1
                    if record is not None:
                        # What it had committed before it failed stays in the table.
                        self._add_counts(record)
                case RowsMissing():
                    self._missing += 1
                case FileIgnored():
                    self._ignored += 1
                case _:
                    pass

    def known(self, imported: int, failed: int) -> None:
        """Counts files that an earlier run has imported, and those that failed then."""
        with self._lock:
            self._recognised += imported
            self._failed_before += failed

    def ended(self, unfinished: int) -> SyncEnded:
        """The summary. `unfinished`: the files that were found and are neither imported nor
        failed."""
        with self._lock:
            return SyncEnded(
                dry_run=self._dry_run,
                imported=self._imported,
                with_rejects=self._with_rejects,
                already_imported=self._recognised,
                failed=self._failed,
                failed_before=self._failed_before,
                missing=self._missing,
                unfinished=unfinished,
                ignored=self._ignored,
                records=self._records,
                loaded=self._loaded,
                rejected=self._rejected,
                skipped=self._skipped,
                seconds=time.monotonic() - self._began,
            )

    def _add_result(self, result: ImportResult) -> None:
        if result.outcome == "already_imported":
            self._recognised += 1
            return
        self._imported += 1
        self._with_rejects += bool(result.counts.rejected)
        self._add_counts(result.counts)

    def _add_counts(self, counts: Counts | ImportRecord) -> None:
        self._records += counts.records
        self._loaded += counts.loaded
        self._rejected += counts.rejected
        self._skipped += counts.skipped
