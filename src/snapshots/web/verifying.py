"""Verifications for clients of the service, each on its own thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots.engine.queue import commands
from snapshots.engine.queue.request import ImportRequest
from snapshots.engine.support import threads
from snapshots.engine.verify.located import VerifyOptions
from snapshots.engine.verify.verify import require_verifiable, verify_import
from snapshots.errors import Forbids, ImportBusy, QueueFull, SnapshotsError
from snapshots.sources.remote.access import RemoteAccess
from snapshots.sources.remote.policy import Anywhere, PublicOnly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Ledger
    from snapshots.web.settings import ServiceSettings

AT_ONCE = 2
"""Parallel verifications of one process: each reads a whole table, which the database sorts."""


class Verifying(Struct):
    """Starts the verifications of one service process, and keeps their errors."""

    stop: threading.Event = field(default_factory=threading.Event)
    _running: set[int] = field(default_factory=set)
    _errors: dict[int, SnapshotsError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self,
        settings: ServiceSettings,
        ledger: Ledger,
        import_id: int,
        by: str,
        left_out: Sequence[str],
        *,
        counts: bool,
    ) -> None:
        """Starts the verification of an import on a new thread.

        `by` names the client, and `left_out` the columns that are not compared. With `counts`
        only the counts are checked. Raises NoSuchImport, ForbiddenTable, Forbids, ImportBusy,
        QueueFull or UsageError.
        """
        entry = commands.find(ledger, import_id)
        plan = require_verifiable(ledger, entry)
        settings.tables.require_open(ledger, plan.table)
        options = replace(
            input_options(settings, entry), left_out=tuple(left_out), counts=counts, by=by
        )
        with self._lock:
            if import_id in self._running:
                raise ImportBusy(f"import {import_id} is already being verified")
            if len(self._running) >= AT_ONCE:
                raise QueueFull(
                    f"the limit of {AT_ONCE} parallel verifications is reached",
                    hint="try again after one has ended",
                )
            self._running.add(import_id)
            self._errors.pop(import_id, None)
        threads.start("verifying", lambda: self._verify(settings, import_id, options))

    def is_running(self, import_id: int) -> bool:
        """Whether this process verifies the import now."""
        with self._lock:
            return import_id in self._running

    def error(self, import_id: int) -> SnapshotsError | None:
        """Returns why the last verification of an import failed; None if it did not fail."""
        with self._lock:
            return self._errors.get(import_id)

    def close(self) -> None:
        """Stops the running verifications. The next one continues after the last compared chunk."""
        self.stop.set()

    def _verify(self, settings: ServiceSettings, import_id: int, options: VerifyOptions) -> None:
        error: SnapshotsError | None = None
        try:
            verify_import(import_id, settings.target, options, lambda _: None, self.stop)
        except SnapshotsError as failure:
            error = failure
        except Exception as failure:
            error = SnapshotsError(str(failure))
        with self._lock:
            self._running.discard(import_id)
            if error is not None:
                self._errors[import_id] = error


def input_options(settings: ServiceSettings, entry: Entry) -> VerifyOptions:
    """Returns options with the URL or the uploaded file of the import. Raises Forbids for imports
    that a command started."""
    if entry.request is None:
        raise Forbids(
            f"import {entry.import_id} was started by a command, so the service cannot read its"
            " input",
            hint=f"verify it with: snapshots verify {entry.import_id}",
        )
    order = ImportRequest.from_json(entry.request)
    policy = Anywhere() if order.file else PublicOnly(settings.allowed)
    return VerifyOptions(
        input=order.url or str(settings.files / order.input),
        access=RemoteAccess(policy, netrc=False),
    )
