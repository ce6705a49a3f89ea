"""Transactions and savepoints, the same for every SQL database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import SnapshotsError, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Transactions(ABC):
    """The half of a `ports.Session` that begins and ends things."""

    begin: ClassVar[str]
    """The statement that begins a transaction which may write."""

    def __init__(self) -> None:
        self._depth = 0
        self._spoiled = False

    @abstractmethod
    def command(self, sql: str) -> None:
        """A statement with neither parameters nor rows."""

    def commit(self) -> None:
        """COMMIT, and certain of it; else an error."""
        self.command("COMMIT")

    def spoil(self) -> None:
        """The database has undone more than it was asked to: this transaction cannot commit."""
        self._spoiled = True

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `ports.Session`."""
        self._depth, self._spoiled = 0, False
        self.command(self.begin)
        try:
            yield
            if self._spoiled:
                raise TargetError("The database has rolled the transaction back.", retryable=True)
            self.commit()
        except BaseException:
            with suppress(SnapshotsError):
                self.command("ROLLBACK")
            raise

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `ports.Session`."""
        self._depth += 1
        name = f"snapshots_{self._depth}"
        self.command(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            try:
                self.command(f"ROLLBACK TO SAVEPOINT {name}")
                self.command(f"RELEASE SAVEPOINT {name}")
            except SnapshotsError:
                self.spoil()
            raise
        else:
            self.command(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1
