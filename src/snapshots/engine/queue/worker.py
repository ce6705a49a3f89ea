"""Workers: each takes imports from the queue in the ledger, one after the other.

Any number of workers, in any number of processes, share a queue. If one is killed, the next worker
that looks takes its import over and resumes it.
"""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from snapshots.engine.events import Notice
from snapshots.engine.lease import owner
from snapshots.engine.lease.heartbeat import Heartbeat
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import require_undamaged, take_over
from snapshots.engine.plan.open_tables import OpenTables
from snapshots.engine.queue.lost_workers import MOST_LOST, give_up_on, lives_lost
from snapshots.engine.queue.queued_import import carry_out
from snapshots.engine.queue.request import ImportRequest
from snapshots.engine.support import threads
from snapshots.engine.undo.undo import undo_entry, undo_unfinished
from snapshots.errors import (
    CannotConnect,
    ConnectionLost,
    Forbids,
    LedgerDamaged,
    LedgerError,
    LostLease,
    SnapshotsError,
    Stopped,
    UnaccountedRows,
)
from snapshots.ledger import queue
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.remote.policy import Anywhere, PublicOnly
from snapshots.sources.unpacked_limit import UnpackedLimit

if TYPE_CHECKING:
    from snapshots.engine.events import Listener
    from snapshots.engine.plan.options import Options
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ports import Target

POLL_SECONDS = 0.5
"""Between two looks at an empty queue."""


class QueueWorker(Struct, frozen=True):
    """The settings of a worker. Several threads may call `run` at once."""

    target: Target
    files: Path
    """The folder of uploads."""
    listener: Listener
    allowed: frozenset[str] = frozenset()
    """Hosts outside the public internet that URLs may name."""
    shutdown: threading.Event = field(default_factory=threading.Event)
    unpacking: UnpackedLimit = field(default_factory=UnpackedLimit)
    """How large compressed input may become."""
    loaders: int | None = None
    """Connections that load one import at once."""
    tables: OpenTables = field(default_factory=OpenTables)
    """Tables that may be loaded into, besides new ones and those that imports created."""
    cluster: str | None = None
    """The cluster that carries imports of URLs out; clients cannot name one."""
    sessions: int | None = None
    """Connections that its tasks have at once."""

    def run(self) -> None:
        """Works until the shutdown event is set. The import that runs then is queued again."""
        say = self._say
        spared: set[int] = set()
        with closing(LedgerSession(self.target, create=True, migrate=say)) as ledger_session:
            while not self.shutdown.is_set():
                try:
                    for import_id in tuple(spared):
                        queue.spare(ledger_session.ledger, import_id)
                        spared.discard(import_id)
                    busy = self._work(ledger_session.ledger, spared)
                except SnapshotsError as error:
                    self.listener(Notice(f"the queue cannot be read: {error}"))
                    ledger_session.renew_if_possible()
                    busy = False
                if not busy:
                    threads.pause(POLL_SECONDS, self.shutdown)

    def _say(self, text: str) -> None:
        self.listener(Notice(text))

    def _work(self, ledger: Ledger, spared: set[int]) -> bool:
        """Carries out one import, if any waits; `spared` gets it if the database is away."""
        taken = self._take(ledger)
        if taken is None:
            return False
        lease, entry = taken
        try:
            if not entry.wanted:
                with Heartbeat(self.target, lease, self.shutdown) as heartbeat:
                    self._carry_out(lease, entry, heartbeat.stop)
            self._settle(lease)
        except LostLease as lost:
            self.listener(Notice(str(lost)))
        except (CannotConnect, ConnectionLost):
            spared.add(lease.import_id)
            raise
        except (SystemExit, KeyboardInterrupt):
            # Nothing was being loaded yet: an orderly stop, which nobody may take for a death.
            with suppress(SnapshotsError):
                self._settle(lease)
            raise
        return True

    def _carry_out(self, lease: Lease, entry: Entry, stop: threading.Event) -> None:
        try:
            request = ImportRequest.from_json(entry.request or "")
            policy = Anywhere() if request.file else PublicOnly(self.allowed)
            access = RemoteAccess(policy, netrc=False, unpacking=self.unpacking)
            options = replace(
                request.current_options(), workers=self.loaders, access=access, tables=self.tables
            )
            if self._suits_cluster(request, options):
                options = replace(options, cluster=self.cluster, sessions=self.sessions)
            name = request.url or str(self.files / request.input)
            carry_out(lease, entry, name, self.target, options, self.listener, stop)
        except LostLease:
            raise
        except Exception as error:
            self._fail(lease, error)

    def _suits_cluster(self, request: ImportRequest, options: Options) -> bool:
        """Whether hosts can read the input, and the order of records does not matter."""
        shared = bool(request.url) or self.cluster == "local"
        in_order = options.limit is not None or options.stop_on_error
        return shared and not in_order

    def _fail(self, lease: Lease, error: Exception) -> None:
        """Notes the failure of an import that had no plan yet; otherwise its run has noted it."""
        stopped = isinstance(error, Stopped)
        with closing(LedgerSession(self.target, create=False)) as ledger_session:
            ledger_session.ledger.end(
                lease,
                "interrupted" if stopped else "failed",
                error.for_the_ledger() if isinstance(error, SnapshotsError) else str(error),
                0.0,
                getattr(error, "code", "error"),
            )

    def _settle(self, lease: Lease) -> None:
        """Cancels or undoes the import if a client wants that; queues it again at a shutdown."""
        with closing(LedgerSession(self.target, create=False)) as ledger_session:
            ledger = ledger_session.ledger
            entry = ledger.entry(lease.import_id)
            if entry is None or entry.fence != lease.fence:
                return
            if entry.wanted == "undo":
                _undo(ledger, lease, entry)
            elif entry.wanted == "cancel":
                queue.leave(ledger, lease, "cancelled")
            elif self.shutdown.is_set():
                queue.leave(ledger, lease, "queued")

    def _take(self, ledger: Ledger) -> tuple[Lease, Entry] | None:
        for import_id in queue.candidates(ledger, owner.alive):
            entry = ledger.entry(import_id)
            if entry is None or not _to_be_done(entry):
                continue
            if entry.state == "running" and owner.alive(entry.owner, entry.heartbeat_age):
                continue
            try:
                lost = lives_lost(ledger, entry)
                if not entry.wanted:
                    require_undamaged(entry)
                lease = take_over(ledger, entry, lost)
                if lost < MOST_LOST or entry.wanted:
                    return lease, entry
                give_up_on(ledger, lease, entry, self.listener)
            except LedgerDamaged as error:
                queue.give_up(ledger, entry, error)
            except LedgerError:
                # Another worker was faster.
                continue
        return None


def _undo(ledger: Ledger, lease: Lease, entry: Entry) -> None:
    if not entry.counts.records and not entry.chunks_counted:
        queue.leave(ledger, lease, "cancelled")
        return
    if entry.state == "finished":
        # It had finished before it saw the wish: its rows are published, and removed if possible.
        try:
            undo_entry(ledger, entry)
        except (UnaccountedRows, Forbids):
            ledger.change(lease, {"wanted": None})
        return
    try:
        undo_unfinished(ledger, lease, entry)
    except (UnaccountedRows, Forbids) as error:
        queue.give_up(ledger, entry, error)


def _to_be_done(entry: Entry) -> bool:
    unsettled = entry.state == "interrupted" and entry.wanted is not None
    return unsettled or entry.state in {"queued", "running"}
