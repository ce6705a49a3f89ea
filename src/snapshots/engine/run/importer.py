"""Imports inputs: where the command line, the API and sync enter the engine."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from snapshots.engine.events import (
    Failed,
    ImportResult,
    Listener,
    Notice,
    Opened,
    run_with_events,
)
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.run.refusal import record_refusal
from snapshots.engine.run.run import Run, job_for
from snapshots.engine.run.vanished import with_deletes
from snapshots.errors import SnapshotsError, Stopped, TargetError
from snapshots.sources import open_source, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from snapshots.engine.plan.options import Options
    from snapshots.model import ImportRecord
    from snapshots.ports import Identity, Source, Target


class Importer:
    """Imports one input after the other, on one session with the target. For one thread at a time.

    For example, `Importer(target, options, listener).import_input("rides.csv")`.
    """

    def __init__(
        self,
        target: Target,
        options: Options,
        listener: Listener,
        stop: threading.Event | None = None,
    ) -> None:
        self.ledger_session = LedgerSession(
            target, create=True, migrate=lambda text: listener(Notice(text))
        )
        self.options = options
        self.listener = listener
        self.stop = stop or threading.Event()
        self._taken_up: set[str] = set()
        """Inputs that were told to be taken up, and not yet how they ended."""

    def import_input(self, given: str | Source) -> ImportResult:
        """Loads one input, which is given by its name or open.

        Resumes an unfinished import of it, and does nothing where it is loaded already. With a
        request among the options its rows are sent to an API, and the target is the database that
        keeps the account.

        Raises the errors of planning, with nothing written. What goes wrong later is in the result
        and in the ledger. The listener hears of the end, too.
        """
        name = shown(given) if isinstance(given, str) else given.identity.name
        done = self.with_events(name, lambda hear: self._import(given, hear))
        return with_deletes(done, self.ledger_session, self.options, self.listener, self.stop)

    def with_events(self, name: str, work: Callable[[Listener], ImportResult]) -> ImportResult:
        """See `run_with_events`."""
        opened = name in self._taken_up
        self._taken_up.discard(name)
        return run_with_events(name, self.listener, work, opened=opened)

    def take_up(self, names: Iterable[str]) -> None:
        """Tells that inputs are taken up: each is imported, or was, before `taken_up` ends."""
        for name in names:
            if name not in self._taken_up:
                self._taken_up.add(name)
                self.listener(Opened(name, loaded=True))

    @contextmanager
    def taken_up(self) -> Iterator[None]:
        """Tells of inputs that were taken up, and then given up."""
        try:
            yield
        finally:
            for name in self._taken_up:
                self.listener(Failed(name, None, Stopped("stopped")))
            self._taken_up.clear()

    def _import(self, given: str | Source, listener: Listener) -> ImportResult:
        options, target = self.options, self.ledger_session.target
        source = open_source(given, options.remote_access) if isinstance(given, str) else given
        try:
            if options.dry_run:
                from snapshots.engine.run import dry_run

                return dry_run.run(source, target, options, listener)
            job = job_for(target, options, "import" if options.request is None else "delivery")
            run = Run(job, self.ledger_session, source, options, listener, self.stop)
            return run.begin_or_resume()
        except TargetError:
            # Whatever is wrong with the session, the next import gets another.
            self.ledger_session.close()
            raise
        finally:
            source.close()

    def record_refusal(
        self, name: str, error: SnapshotsError, known: Identity | None = None
    ) -> ImportRecord:
        """Writes into the ledger that an input failed before it had a plan. `known` is what a
        server says of it; without, it is a local file."""
        ledger, table = self.ledger_session.ledger, self.options.table
        return record_refusal(ledger, shown(name), table, error, known)

    def close(self) -> None:
        """Ends the session. Another import would begin another one."""
        self.ledger_session.close()


def import_input(
    given: str | Source,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
) -> ImportResult:
    """Does what `Importer.import_input` does, for a single input."""
    with closing(Importer(target, options, listener, stop)) as importer:
        return importer.import_input(given)
