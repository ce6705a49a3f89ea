"""Transactions and savepoints, the same for every SQL database.

No statement goes out in the belief of being in a transaction that has ended. Besides COMMIT and
ROLLBACK there are causes within one: a trigger of SQLite with RAISE(ROLLBACK), a full disk or too
little memory there, a deadlock, on MySQL a time-out with innodb_rollback_on_timeout. What came next
would commit by itself, row for row. So every statement passes `_errors`, which asks before it
whether the transaction lives, as far as that costs nothing, and after each error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar

from snapshots.errors import RefusedAndEnded, RefusedRows, SnapshotsError, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Transactions(ABC):
    """The half of a `ports.Session` that begins and ends things."""

    begin: ClassVar[str]
    """The statement that begins a transaction which may write."""
    driver_error: ClassVar[type[Exception]]
    """The base of what the driver raises."""

    def __init__(self) -> None:
        self._depth = 0
        self._within = False
        """A transaction was begun that must not have ended. Not watched where the database does
        not tell that it was begun, as a proxy before MySQL may not."""
        self._ended_by: SnapshotsError | None = None
        """What has ended it all the same."""

    @abstractmethod
    def command(self, sql: str) -> None:
        """A statement with neither parameters nor rows."""

    @abstractmethod
    def translate(self, error: Any, *, loading: bool) -> SnapshotsError:
        """The error of this package for one of the driver's."""

    @abstractmethod
    def lives(self) -> bool:
        """Whether the transaction that was begun goes on, by what the driver knows already."""

    def lives_after_error(self) -> bool:
        """The same after an error; may ask the database."""
        return self.lives()

    def commit(self) -> None:
        """COMMIT, and certain of it; else an error."""
        self.command("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `ports.Session`."""
        self._depth, self._ended_by = 0, None
        self.command(self.begin)
        self._within = self.lives()
        try:
            yield
            self.commit()
        except BaseException:
            self._within = False
            # Sent where it has ended, too: MySQL's session is in a state of its own until then.
            with suppress(SnapshotsError):
                self.command("ROLLBACK")
            raise
        finally:
            self._within = False

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `ports.Session`."""
        self._depth += 1
        name = f"snapshots_{self._depth}"
        try:
            self.command(f"SAVEPOINT {name}")
            try:
                yield
            except BaseException:
                try:
                    self.command(f"ROLLBACK TO SAVEPOINT {name}")
                    self.command(f"RELEASE SAVEPOINT {name}")
                except SnapshotsError as error:
                    # What the block did may still be there: nothing of it may be committed.
                    self._ended_by = self._ended_by or error
                raise
            self.command(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1

    @contextmanager
    def _errors(self, *, loading: bool = False) -> Iterator[None]:
        """Around every statement, the one place that they all pass: in a transaction that has
        ended none is sent, and the driver's errors become those of this package."""
        if self._within and (self._ended_by is not None or not self.lives()):
            raise self._is_over()
        try:
            yield
        except self.driver_error as error:
            translated = self.translate(error, loading=loading)
            if self._within and not self.lives_after_error():
                if isinstance(translated, RefusedRows):
                    translated = RefusedAndEnded(
                        translated.message, hint=translated.hint, place=translated.place
                    )
                self._ended_by = self._ended_by or translated
            raise translated from error

    def _is_over(self) -> TargetError:
        cause = self._ended_by
        why = f": {cause.message}" if cause else "."
        return TargetError(
            f"The database has rolled the transaction back{why}",
            hint=cause.hint if cause else "",
            retryable=cause is None or cause.retryable,
        )
