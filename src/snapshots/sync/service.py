"""Runs sync: from reports of a folder to imported files, for ever.

This one thread decides: which files are stable, which of them are known, and when the database is
tried again. Importer threads import; one more thread moves or deletes what was imported before. All
events come to this thread through one queue.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TypeAlias

from msgspec import Struct, field

from snapshots.engine import events
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.table_name import table_of
from snapshots.engine.support import threads
from snapshots.errors import CannotConnect, ImportBusy, InputError, SnapshotsError, TargetError
from snapshots.ports import Target
from snapshots.screen_text import plain
from snapshots.sync.after_import import AfterImport
from snapshots.sync.after_policy import AfterPolicy
from snapshots.sync.events import (
    DatabaseAway,
    DatabaseBack,
    FileDeferred,
    FileIgnored,
    SyncEvent,
    SyncListener,
    SyncProblem,
    WatchStarted,
)
from snapshots.sync.folder_watch import REPORTS_CLOSING
from snapshots.sync.ignored_files import IgnoredFiles
from snapshots.sync.importer_threads import ImporterThread
from snapshots.sync.ledger_lookup import LedgerLookup, SortedFiles
from snapshots.sync.shared_work import FileOutcome, SharedWork
from snapshots.sync.stability import StabilityCheck
from snapshots.sync.systemd_notify import notify
from snapshots.sync.totals import SyncTotals
from snapshots.sync.watched import FolderFile, FolderHint, FolderLook, Reports, Watched
from snapshots.sync.work_queue import RETRY, WorkQueue
from snapshots.time_limits import (
    RESCAN_SECONDS,
    SETTLE_SECONDS,
    SYNC_STOP_SECONDS,
    TICK_SECONDS,
)

ALIVE_SECONDS = 5.0
"""Between two signs of life for systemd."""
GONE_SECONDS = 1.0
"""Seconds between two looks for a folder that is gone, or may not be read."""
BUSY_TRIES = 5
"""How often a single pass tries a file whose content somebody else imports."""
SMALL_IMPORTERS = 2
"""How many threads import small files: one converts while the database of the other writes."""


class SyncSettings(Struct, frozen=True):
    """What is watched, and how."""

    folder: Watched
    after: AfterPolicy = field(default_factory=AfterPolicy)
    settle: float = SETTLE_SECONDS
    """How long a file must stay the same where nothing says that it is whole."""
    rescan: float = RESCAN_SECONDS
    """Seconds between two looks at the whole folder."""
    poll: float | None = None
    """Seconds between two looks in place of events; None: events are used."""
    once: bool = False
    """Whether to end once everything that is there is imported."""
    files: int | None = None
    """How many small files are imported at once, and how many large ones; None: SMALL_IMPORTERS,
    and one."""

    def importers(self, target: Target) -> tuple[int, int]:
        """How many threads import small files, and large ones. With a single writer, one would only
        wait for the other."""
        if target.writers == 1:
            return 1, 1
        return self.files or SMALL_IMPORTERS, self.files or 1


_Message: TypeAlias = FolderHint | FolderLook | InputError | FileOutcome | None
"""What comes to the thread that decides; None only wakes it."""


class Sync:
    """The service. Use it once: `run` it, and `stop` it from any thread or signal handler."""

    def __init__(
        self,
        settings: SyncSettings,
        target: Callable[[], Target],
        options: Options,
        listener: SyncListener,
    ) -> None:
        """`target` is asked until it answers: the kind of a server may only be known once it is
        there."""
        self.settings = settings
        self.exit_codes: set[int] = set()
        self._find_target = target
        self._options = options
        self._tell = listener
        self._died: BaseException | None = None
        self._stop = threading.Event()
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        reports_closing = REPORTS_CLOSING and settings.poll is None
        self._arrivals = StabilityCheck(settings.settle, reports_closing=reports_closing)
        self._backlog = WorkQueue(in_turn=options.versioned, large=settings.files or 1)
        self._totals = SyncTotals(dry_run=options.dry_run)
        self._ignored = IgnoredFiles()
        self._handled: dict[str, FolderFile] = {}
        """Files about which nothing is to be done until they change."""
        self._stable: list[FolderFile] = []
        """Stable files that the ledger was not asked about yet."""
        self._given_up = 0
        """Files that were not imported in a single pass, and not by their own fault."""
        self._settling = 0
        """Files that were imported before, and are being moved or deleted."""
        self._watch: Reports | None = None
        self._watching: WatchStarted | None = None
        self._gone = False
        """Whether the folder could not be read at the last look."""
        self._looking: threading.Thread | None = None
        """It looks at a folder that a server has, which takes long."""
        self._look_due = 0.0
        self._look_tries = 0
        self._away_tries = 0
        self._away_until = 0.0
        self._reported_backlog = -1

    def stop(self) -> None:
        """Stops the service: chunks in flight are committed or rolled back, then `run` returns."""
        self._stop.set()
        self._inbox.put(None)

    def _listener(self, event: SyncEvent) -> None:
        """Counts an event and passes it on. If nobody reads the output any more, everything
        ends."""
        self._totals.add(event)
        try:
            self._tell(event)
        except Exception as error:
            self._end_by(error)

    def _end_by(self, error: BaseException) -> None:
        self._died = self._died or error
        self.stop()

    def run(self) -> None:
        """Imports until it is stopped; with `once`, until there is nothing to do.

        Raises UsageError, TargetError for a table that no database can have, and InputError if the
        folder cannot be watched. Also raises the error that one of its threads died of.
        """
        settings = self.settings
        if settings.poll is None and not settings.once:
            self._watch = settings.folder.reports(self._inbox.put)
        try:
            if target := self._wait_for_target():
                self._work(target)
        finally:
            if self._watch is not None:
                self._watch.end()
            self._listener(self._totals.ended(self._unfinished()))
        if self._died is not None:
            raise self._died

    def _work(self, target: Target) -> None:
        settings = self.settings
        if self._options.table is not None:
            table_of(target, "-", self._options.table)
        work = SharedWork(
            target,
            # A table that somebody has dropped is not filled again while nobody asks for it.
            replace(self._options, reload_untouched=False, renewed=True),
            settings.folder,
            settings.after,
            self._listener,
            self._stop,
            self._inbox.put,
            self._end_by,
        )
        recogniser, settler = LedgerLookup(work), AfterImport(work)
        small, large = settings.importers(target)
        importers = [
            *(ImporterThread(f"small-{n}", work, self._backlog.small) for n in range(small)),
            *(ImporterThread(f"large-{n}", work, self._backlog.large) for n in range(large)),
        ]
        how = "events" if self._watch else "one look" if settings.once else "polling"
        self._watching = WatchStarted(settings.folder.path, target.display(), how)
        self._listener(self._watching)
        notify(f"READY=1\nSTATUS=Watching {plain(str(settings.folder.path))}")
        try:
            self._serve(work, recogniser, settler)
        finally:
            self._end(importers, settler)
            recogniser.close()
            self._take_messages(time.monotonic())

    def _wait_for_target(self) -> Target | None:
        """Returns the database, which may not be there yet; None if the service is stopped
        before."""
        while not self._stop.is_set():
            try:
                return self._find_target()
            except CannotConnect as error:
                if self.settings.once:
                    raise
                self._away(error)
                threads.pause(self._away_until - time.monotonic(), self._stop)
        return None

    def _serve(self, work: SharedWork, recogniser: LedgerLookup, settler: AfterImport) -> None:
        alive_due = folder_check_due = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= folder_check_due:
                # Nobody tells of a folder that is moved away.
                folder_check_due = now + GONE_SECONDS
                if self._watch and self._watch.folder_replaced():
                    self._look_due = now
            if now >= self._look_due and not self._looking:
                self._look(work, now)
            if now >= alive_due:
                alive_due = now + ALIVE_SECONDS
                notify("WATCHDOG=1")
            self._stable += self._arrivals.ready(now)
            if now >= self._away_until:
                self._recognise(recogniser, settler)
                self._backlog.hand_out(now)
            self._tell_backlog()
            if self.settings.once and self._nothing_to_do():
                return
            self._hear()

    def _look(self, work: SharedWork, now: float) -> None:
        """Looks at the whole folder, and so finds what events have missed."""
        self._watch_again()
        if self.settings.folder.remote:
            self._looking = work.thread("looker", lambda: self._inbox.put(self._seen()))
        else:
            self._looked(self._seen(), now)

    def _seen(self) -> FolderLook | InputError:
        try:
            return self.settings.folder.look()
        except InputError as error:
            return error

    def _looked(self, found: FolderLook | InputError, now: float) -> None:
        """Takes what a look has found."""
        self._looking = None
        self._look_due = now + (self.settings.poll or self.settings.rescan)
        if isinstance(found, InputError):
            self._cannot_look(found, now)
            return
        self._look_tries = 0
        if self.settings.folder.remote and self.settings.once:
            self._look_due = math.inf  # each listing costs money
        if self._gone and self._watching:
            self._gone = False
            self._listener(self._watching)
        for path, reason in self._ignored.to_name(found.ignored):
            self._listener(FileIgnored(path, reason))
        files = found.files
        self._handled = {path: old for path, old in self._handled.items() if path in files}
        self._arrivals.forget(lambda path: path not in files)
        waiting = self._backlog.paths().union(file.path for file in self._stable)
        for file in files.values():
            handled = self._handled.get(file.path)
            same = handled == file and handled.ctime_ns == file.ctime_ns
            if same or file.path in waiting:
                continue
            if self.settings.folder.remote:
                self._stable.append(file)
            else:
                self._arrivals.seen(file, now)

    def _cannot_look(self, error: InputError, now: float) -> None:
        """Says once that the folder is gone, or may not be read, and comes back soon: to a server
        less and less often. Raises the error if there is only one look at a server."""
        remote = self.settings.folder.remote
        if remote and self.settings.once and not self._stop.is_set():
            raise error
        self._look_tries += 1
        again = RETRY.pause(self._look_tries) if remote else GONE_SECONDS
        self._look_due = min(self._look_due, now + again)
        if not self._gone:
            self._gone = True
            self._listener(SyncProblem(error))

    def _watch_again(self) -> None:
        """Watches again if another folder is there now: events of a removed one say nothing."""
        try:
            if self._watch and self._watch.lost():
                self._watch.renew()
        except InputError as error:
            self._listener(SyncProblem(error))

    def _hear(self) -> None:
        """Waits a moment for messages, and takes all that have come."""
        with suppress(queue.Empty):
            message = self._inbox.get(timeout=TICK_SECONDS)
            now = time.monotonic()
            self._take(message, now)
            self._take_messages(now)

    def _take_messages(self, now: float) -> None:
        """Takes all messages that have come."""
        with suppress(queue.Empty):
            while True:
                self._take(self._inbox.get_nowait(), now)

    def _take(self, message: _Message, now: float) -> None:
        match message:
            case FolderHint():
                self._hint(message, now)
            case FileOutcome():
                self._outcome(message, now)
            case FolderLook() | InputError():
                self._looked(message, now)
            case None:
                pass

    def _hint(self, hint: FolderHint, now: float) -> None:
        match hint.kind:
            case "look":
                self._look_due = min(self._look_due, now + TICK_SECONDS)
            case "created":
                self._arrivals.created(hint.path, now)
            case "changed":
                self._arrivals.changed(hint.path, now)
            case "closed":
                self._arrivals.closed(hint.path, now)

    def _recognise(self, recogniser: LedgerLookup, settler: AfterImport) -> None:
        """Asks the ledger about stable files; new ones join the queue. In a dry run, which makes no
        ledger, all are new."""
        dry_run = self._options.dry_run
        try:
            while self._stable:
                some, rest = (
                    self._stable[: LedgerLookup.AT_ONCE],
                    self._stable[LedgerLookup.AT_ONCE :],
                )
                found = recogniser.sort(some) if not dry_run else SortedFiles(new=some)
                self._stable = rest
                left = (*found.refused, *found.missing)
                self._totals.known(imported=len(found.imported), failed=len(found.refused))
                self._handled.update((file.path, file) for file in left)
                for file, import_id in found.imported:
                    self._handled[file.path] = file
                    if not self.settings.after.keeps:
                        self._settling += 1
                        settler.give(file, import_id)
                for file in found.new:
                    self._handled.pop(file.path, None)
                    self._backlog.add(file)
                self._back()
        except TargetError as error:
            if self.settings.once:
                raise
            self._away(error)

    def _outcome(self, outcome: FileOutcome, now: float) -> None:
        file, error = outcome.file, outcome.error
        if outcome.verdict == "settled":
            self._settling -= 1
            return
        if outcome.verdict != "away":
            self._back()
        if outcome.verdict == "done":
            self._handled[file.path] = file
            self.exit_codes.add(outcome.exit_code)
            self._backlog.done(file)
        elif self.settings.once and not self._stop.is_set() and not self._soon(outcome):
            self.exit_codes.add(outcome.exit_code or 1)
            self._backlog.done(file)
            self._given_up += 1
            self._listener(SyncProblem(error or SnapshotsError("not imported", place=file.path)))
        elif outcome.verdict == "later":
            seconds = self._backlog.put_off(file, now)
            if error is not None and not self._stop.is_set():
                self._listener(FileDeferred(file.path, error, seconds))
        else:
            self._backlog.give_back(file)
            if error is not None and now >= self._away_until:
                self._away(error)

    def _soon(self, outcome: FileOutcome) -> bool:
        """Whether a single pass, too, tries a file again: somebody else is importing the same
        content, most often another thread of ours that has met a copy."""
        busy = isinstance(outcome.error, ImportBusy)
        return busy and self._backlog.tries(outcome.file) < BUSY_TRIES

    def _away(self, error: SnapshotsError) -> None:
        self._away_tries += 1
        seconds = RETRY.pause(self._away_tries)
        self._away_until = time.monotonic() + seconds
        self._listener(DatabaseAway(error, seconds))
        notify(f"STATUS=Waiting for the database: {error.message}")

    def _back(self) -> None:
        if self._away_tries:
            self._away_tries = 0
            self._listener(DatabaseBack())
            notify(f"STATUS=Watching {self.settings.folder.path}")

    def _tell_backlog(self) -> None:
        files = len(self._backlog) + len(self._stable)
        if files != self._reported_backlog:
            self._reported_backlog = files
            self._listener(events.InputsWaiting(files))

    def _unfinished(self) -> int:
        waiting = len(self._arrivals) + len(self._stable) + len(self._backlog)
        return self._given_up + waiting

    def _nothing_to_do(self) -> bool:
        found = len(self._arrivals) + len(self._stable) + len(self._backlog)
        return not (found or self._settling or self._looking)

    def _end(self, importers: list[ImporterThread], settler: AfterImport) -> None:
        """Ends the threads. What is in flight ends by itself, soon; the next start resumes the
        rest."""
        notify("STOPPING=1")
        self._stop.set()
        for _ in importers:
            self._backlog.small.put(None)
            self._backlog.large.put(None)
        settler.end()
        until = time.monotonic() + SYNC_STOP_SECONDS
        joins: list[Callable[[float], object]] = [one.join for one in importers]
        joins.append(settler.join)
        if self._looking:
            joins.append(self._looking.join)
        for join in joins:
            join(max(0.0, until - time.monotonic()))
