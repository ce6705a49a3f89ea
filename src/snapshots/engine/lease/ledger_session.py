"""Opens the ledger of one database on a session, and renews the session when it breaks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots.engine.lease import owner
from snapshots.errors import SnapshotsError
from snapshots.ledger.record import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from snapshots.ports import Session, Target


class LedgerSession:
    """A session with its ledger, opened when the ledger is first asked for. For one thread at a
    time."""

    def __init__(
        self, target: Target, *, create: bool, migrate: Callable[[str], None] | None = None
    ) -> None:
        """With `create` the database and the ledger are made where they are missing; with
        `migrate` an older ledger is brought up to date, and `migrate` is told so."""
        self.target = target
        self._create = create
        self._migrate = migrate
        self._name: str | None = None
        self._ledger: Ledger | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger, for writing and reading, on the session that is kept."""
        if self._ledger is None:
            session = self.target.connect(create=self._create)
            ledger = Ledger(self.target, session)
            try:
                if self._create:
                    ledger.make()
                if self._migrate and (self._create or ledger.exists()):
                    self._bring_up_to_date(ledger, self._migrate)
            except BaseException:
                session.close()
                raise
            # Who has seen the database once does not make another in its place.
            self._create = False
            self._ledger = ledger
            if self._name is not None:
                session.name(self._name)
        return self._ledger

    def writable(self, say: Callable[[str], None]) -> Ledger:
        """Returns the ledger, brought up to date where it is older; `say` is told so.

        Raises ImportBusy while an import of an older program is being worked on.
        """
        self._bring_up_to_date(self.ledger, say)
        return self.ledger

    def _bring_up_to_date(self, ledger: Ledger, say: Callable[[str], None]) -> None:
        before = ledger.migrate(owner.alive)
        if before is not None:
            say(
                f"the ledger in {self.target.display()} was migrated from version {before} to"
                f" {ledger.version}; older releases of snapshots cannot use it"
            )

    @property
    def session(self) -> Session:
        """The session that the ledger is on."""
        return self.ledger.session

    def name_sessions(self, name: str) -> None:
        """See `ports.Session.name`: the one that is open, and those to come."""
        self._name = name
        if self._ledger is not None:
            self._ledger.session.name(name)

    def renewed(self) -> Ledger:
        """Returns the ledger on a session that works. Raises what connecting raises."""
        if self._ledger is not None:
            try:
                self._ledger.session.execute("SELECT 1")
            except SnapshotsError:
                self.close()
        return self.ledger

    def renew_if_possible(self) -> None:
        """Does the same, if it can; where it fails, a later call may help."""
        with suppress(SnapshotsError):
            self.renewed()

    def close(self) -> None:
        """Ends the session; asking for the ledger opens another."""
        if self._ledger is not None:
            self._ledger.session.close()
            self._ledger = None
