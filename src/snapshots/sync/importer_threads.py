"""Threads that import: each takes one file after the other, over a session that it keeps."""

from __future__ import annotations

import queue

from snapshots.engine.events import ImportResult
from snapshots.engine.run.importer import Importer
from snapshots.errors import (
    AlreadyImported,
    CannotConnect,
    ConnectionLost,
    InputError,
    LedgerError,
    OutOfMemory,
    SnapshotsError,
    TargetError,
)
from snapshots.sync.events import FileEnded, FileRefused
from snapshots.sync.folder import FolderFile, look_at
from snapshots.sync.shared_work import FileOutcome, SharedWork


class ImporterThread:
    """One thread. `give` it files; `stop` in its work ends it."""

    def __init__(
        self, name: str, work: SharedWork, files: queue.SimpleQueue[FolderFile | None]
    ) -> None:
        """`files`: the queue it takes from, which other threads may share. None in it ends one
        thread."""
        self._work = work
        self._files = files
        self._importer = self._new_importer()
        self._thread = work.thread(name, self._run)

    def _new_importer(self) -> Importer:
        work = self._work
        return Importer(work.target, work.options, work.listener, work.stop)

    def join(self, seconds: float) -> bool:
        """Returns whether the thread has ended within this many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (file := self._files.get()) is not None:
            if self._work.stop.is_set():
                break
            self._work.report(self._surely(file))
        self._importer.close()

    def _surely(self, file: FolderFile) -> FileOutcome:
        """Imports one file. An unforeseen error costs this file's turn, and no other's."""
        try:
            return self._take(file)
        except Exception as error:
            defect = self._work.broken("importer", file, error)
            self._importer.close()
            self._importer = self._new_importer()
            return FileOutcome(file, "later", 1, defect)

    def _take(self, file: FolderFile) -> FileOutcome:
        try:
            return self._judge(file, self._importer.import_input(file.path))
        except AlreadyImported as error:
            # Into a table that is gone: it waits for somebody to touch it.
            return self._files_fault(file, error)
        except (LedgerError, OutOfMemory) as error:
            # Another process works on it, or has just taken it over; or it is not the file's fault.
            return FileOutcome(file, "later", 0, error)
        except TargetError as error:
            return self._targets_fault(file, error)
        except SnapshotsError as error:
            return self._files_fault(file, error)
        except (OSError, ValueError) as error:
            # What nobody has foreseen of one file must not end the service for all others.
            return self._files_fault(file, InputError(str(error), place=file.path))

    def _judge(self, file: FolderFile, result: ImportResult) -> FileOutcome:
        if result.outcome in ("finished", "already_imported"):
            # Of a file whose rows somebody has taken away it may be the last copy.
            then = "kept" if result.emptied else self._work.settle(file)
            self._work.listener(FileEnded(file.path, result, then))
            return FileOutcome(file, "done", 0 if result.exit_code == 5 else result.exit_code)
        if result.outcome in ("limited", "dry_run"):
            # As much of it was read as is wanted, and none of it may go away.
            self._work.listener(FileEnded(file.path, result, "kept"))
            return FileOutcome(file, "done", result.exit_code)
        record = result.record
        if record is None or record.state != "failed":
            # Stopped, or cut off by its database: what is committed stays.
            error = TargetError(result.message, hint=result.hint)
            return FileOutcome(file, "later", result.exit_code, error)
        if look_at(file.path) != file:
            # It was changed, renamed or removed meanwhile, and will be seen as what it is now.
            return FileOutcome(file, "done")
        self._work.listener(
            FileRefused(file.path, record, result.message, result.hint, result.exit_code)
        )
        return FileOutcome(file, "done", result.exit_code)

    def _targets_fault(self, file: FolderFile, error: TargetError) -> FileOutcome:
        away = error.retryable or isinstance(error, (CannotConnect, ConnectionLost))
        return FileOutcome(file, "away" if away else "later", error.exit_code, error)

    def _files_fault(self, file: FolderFile, error: SnapshotsError) -> FileOutcome:
        """Records in the ledger why a file failed, unless the file is gone."""
        now = look_at(file.path)
        if now is None or error.retryable:
            return FileOutcome(file, "done" if now is None else "later", 0, error)
        try:
            record = None
            if not self._work.options.dry_run:
                record = self._importer.record_refusal(file.path, error)
        except TargetError as away:
            return self._targets_fault(file, away)
        self._work.listener(
            FileRefused(file.path, record, error.message, error.hint, error.exit_code)
        )
        return FileOutcome(file, "done", error.exit_code)
