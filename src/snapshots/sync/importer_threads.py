"""Threads that import, each over a session that it keeps. Small files that wait are imported
together."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from snapshots.engine.events import ImportResult
from snapshots.engine.run.importer import Importer
from snapshots.engine.run.together import GROUP_BYTES, Together
from snapshots.errors import (
    AlreadyImported,
    CannotConnect,
    ConnectionLost,
    Defect,
    InputError,
    LedgerError,
    OutOfMemory,
    SnapshotsError,
    TargetError,
)
from snapshots.ports import Identity
from snapshots.sources import within
from snapshots.sync.events import FileEnded, FileRefused
from snapshots.sync.shared_work import FileOutcome, SharedWork
from snapshots.sync.watched import FolderFile

_IMPORTED = (0, 3)
"""Exit codes of an input that is loaded, without rejects or with some."""


class ImporterThread:
    """One thread. `give` it files; `stop` in its work ends it."""

    def __init__(
        self, name: str, work: SharedWork, files: queue.SimpleQueue[FolderFile | None]
    ) -> None:
        """`files`: the queue it takes from, which other threads may share. None in it ends one
        thread."""
        self._work = work
        self._files = files
        self._held: deque[FolderFile | None] = deque()
        """What was taken from the queue and is not begun."""
        self._renew()
        self._thread = work.thread(name, self._run)

    def _renew(self) -> None:
        work = self._work
        self._importer = Importer(work.target, work.options, work.listener, work.stop)
        self._groups = Together(self._importer)

    def join(self, seconds: float) -> bool:
        """Returns whether the thread has ended within this many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (files := self._next_files()) and not self._work.stop.is_set():
            for file, done in self._together(files):
                if self._work.stop.is_set() and done is None:
                    break
                self._work.report(self._surely(file, done))
        self._importer.close()

    def _next_files(self) -> list[FolderFile]:
        """Waits for a file, and takes others along that wait; none: the thread is to end."""
        first = self._held.popleft() if self._held else self._files.get()
        files = [] if first is None else [first]
        most = self._groups.most
        size = sum(file.size for file in files)
        with suppress(queue.Empty):
            while files and len(files) < most and size < GROUP_BYTES:
                file = self._files.get_nowait()
                if file is None or size + file.size > GROUP_BYTES:
                    # Two large ones are for two threads.
                    self._held.append(file)
                    break
                files.append(file)
                size += file.size
        return files

    def _together(
        self, files: list[FolderFile]
    ) -> Iterator[tuple[FolderFile, ImportResult | None]]:
        """Yields the files, each with its result if it was imported with others."""
        left = deque(files)
        try:
            for _, done in self._groups.each([file.path for file in files]):
                # Of a committed file that could not be told of, the ordinary way finds the account.
                yield left.popleft(), None if isinstance(done, SnapshotsError) else done
        except Exception as error:
            if left:
                self._broken(left[0], error)
            for file in left:
                yield file, None

    def _surely(self, file: FolderFile, done: ImportResult | None) -> FileOutcome:
        """Imports one file, unless that is `done`. An unforeseen error costs this file's turn, and
        no other's."""
        try:
            if done is not None:
                return self._judge(file, file.path, done, settle=True)
            return self._take(file)
        except Exception as error:
            return FileOutcome(file, "later", 1, self._broken(file, error))

    def _broken(self, file: FolderFile, error: Exception) -> Defect:
        """Reports an unforeseen error, and goes on with another session."""
        defect = self._work.broken("importer", file, error)
        self._importer.close()
        self._renew()
        return defect

    def _take(self, file: FolderFile) -> FileOutcome:
        """Imports a file, or each input of an archive. The file is moved or deleted after the last
        one, if all of them are imported."""
        try:
            *first, last = within(file.path)
        except InputError as error:
            return self._files_fault(file, error)
        codes: list[int] = []
        settle = True
        for name in (*first, last):
            outcome = self._import(file, name, settle=settle and name is last)
            if outcome.verdict != "done":
                # Members that are imported already will be recognised at the next try.
                return outcome
            codes.append(outcome.exit_code)
            settle = settle and outcome.exit_code in _IMPORTED
        return FileOutcome(file, "done", min(filter(None, codes), default=0))

    def _import(self, file: FolderFile, name: str, *, settle: bool) -> FileOutcome:
        try:
            result = self._importer.import_input(name)
            return self._judge(file, name, result, settle=settle)
        except AlreadyImported as error:
            # Into a table that is gone: it waits for somebody to touch it.
            return self._files_fault(file, error, name)
        except (LedgerError, OutOfMemory) as error:
            # Another process works on it, or has just taken it over; or it is not the file's fault.
            return FileOutcome(file, "later", 0, error)
        except TargetError as error:
            return self._targets_fault(file, error)
        except SnapshotsError as error:
            return self._files_fault(file, error, name)
        except (OSError, ValueError) as error:
            # What nobody has foreseen of one file must not end the service for all others.
            return self._files_fault(file, InputError(str(error), place=name), name)

    def _judge(
        self, file: FolderFile, name: str, result: ImportResult, *, settle: bool
    ) -> FileOutcome:
        if result.outcome in ("finished", "already_imported"):
            # Of a file whose rows somebody has taken away it may be the last copy.
            then = self._work.settle(file) if settle and not result.emptied else "kept"
            self._work.listener(FileEnded(name, result, then))
            return FileOutcome(file, "done", 0 if result.exit_code == 5 else result.exit_code)
        if result.outcome in ("limited", "dry_run"):
            # As much of it was read as is wanted, and none of it may go away.
            self._work.listener(FileEnded(name, result, "kept"))
            return FileOutcome(file, "done", result.exit_code)
        record = result.record
        if record is None or record.state != "failed":
            # Stopped, or cut off by its database: what is committed stays.
            error = TargetError(result.message, hint=result.hint)
            return FileOutcome(file, "later", result.exit_code, error)
        try:
            now = self._work.folder.now(file.path)
        except InputError as error:
            return FileOutcome(file, "later", 0, error)
        if now != file:
            # It was changed, renamed or removed meanwhile, and will be seen as what it is now.
            return FileOutcome(file, "done")
        self._work.listener(
            FileRefused(name, record, result.message, result.hint, result.exit_code)
        )
        return FileOutcome(file, "done", result.exit_code)

    def _targets_fault(self, file: FolderFile, error: TargetError) -> FileOutcome:
        away = error.retryable or isinstance(error, (CannotConnect, ConnectionLost))
        return FileOutcome(file, "away" if away else "later", error.exit_code, error)

    def _files_fault(self, file: FolderFile, error: SnapshotsError, name: str = "") -> FileOutcome:
        """Records in the ledger why a file, or an input within it, failed, unless it is gone."""
        name = name or file.path
        try:
            now = self._work.folder.now(file.path)
        except InputError:
            # Nobody can ask its server any more: that is not the file's fault.
            return FileOutcome(file, "later", 0, error)
        if now is None or error.retryable:
            return FileOutcome(file, "done" if now is None else "later", 0, error)
        try:
            record = None
            if not self._work.options.dry_run:
                record = self._importer.record_refusal(name, error, _known(now, name))
        except TargetError as away:
            return self._targets_fault(file, away)
        self._work.listener(FileRefused(name, record, error.message, error.hint, error.exit_code))
        return FileOutcome(file, "done", error.exit_code)


def _known(file: FolderFile, name: str) -> Identity | None:
    """What a server says of an input; None of a local one, which is looked at once more."""
    if file.inode is not None:
        return None
    return Identity(name, file.size, file.mtime_ns, None, None, file.etag)
