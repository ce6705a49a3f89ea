"""Asks several databases the same question at once, and waits only so long for their answers.

Each database is asked on a thread of its own. A server may accept a connection and keep silent, and
no driver lets a caller limit every step of a connection. So nobody waits for such a thread, and it
does not keep the process alive.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct, field

from snapshots import locations
from snapshots.engine.history import known_databases
from snapshots.errors import CannotConnect, NoDatabase, SnapshotsError
from snapshots.time_limits import ANSWER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from snapshots.ports import Session, Target

T = TypeVar("T")


class Unasked(Struct, frozen=True):
    """A database that gave no answer."""

    database: str
    error: SnapshotsError
    silent: bool = False
    """It neither answered nor refused in time."""
    known: bool = True
    """False: it is the default database, and was never imported into."""

    @property
    def why(self) -> str:
        """The database, and what it said if it refused."""
        return self.database if self.silent else f"{self.database} ({self.error.message[:-1]})"


class Answers(Struct, Generic[T], frozen=True):
    """What several databases answered."""

    found: list[tuple[str, T]] = field(default_factory=list)
    """Each database that exists, and its answer; in the order of the question."""
    unasked: list[Unasked] = field(default_factory=list)
    """Databases that could not be asked. Nobody knows what they hold."""
    gone: list[str] = field(default_factory=list)
    """Known databases that do not exist any more, so that they hold nothing."""


def ask_all(
    question: Callable[[Target, Session], T], seconds: float = ANSWER_SECONDS
) -> Answers[T]:
    """Asks every known database and the default one, all at once, for at most `seconds` in all."""
    known = known_databases.recall()
    asked = [_Asked(name, question) for name in _with_default(known)]
    deadline = time.monotonic() + seconds
    for one in asked:
        one.thread.start()
    for one in asked:
        one.thread.join(max(0.0, deadline - time.monotonic()))
    answers: Answers[T] = Answers()
    seen: set[str] = set()
    for one in asked:
        one.settle()
        if one.error is None:
            if one.shown not in seen:  # the default one may be known by another name
                answers.found.append((one.shown, *one.answer))
            seen.add(one.shown)
        elif isinstance(one.error, NoDatabase):
            answers.gone.extend([one.name] if one.name in known else [])
        else:
            answers.unasked.append(Unasked(one.name, one.error, one.silent, one.name in known))
    return answers


def _with_default(known: Sequence[str]) -> list[str]:
    """The known databases, and the default one. `HOST:PORT` is resolved later, on its thread."""
    written = os.environ.get("SNAPSHOTS_DATABASE") or locations.DEFAULT
    if "://" in written:
        written = locations.target(written).display()
    return [*known, *([] if written in known else [written])]


class _Asked(Generic[T]):
    """One database, and the thread that asks it."""

    def __init__(self, name: str, question: Callable[[Target, Session], T]) -> None:
        self.name = self.shown = name
        self.answer: tuple[T] | tuple[()] = ()
        self.error: SnapshotsError | None = None
        self.silent = False
        self._question = question
        self._failed: SnapshotsError | None = None
        self._session: Session | None = None
        self.thread = threading.Thread(target=self._run, name=f"ask {name}", daemon=True)

    def _run(self) -> None:
        try:
            target = locations.target(self.name)
            shown = target.display()
            session = self._session = target.connect(create=False)
            try:
                answer = self._question(target, session)
            finally:
                self._session = None
                session.close()
            self.shown = shown
            self.answer = (answer,)
        except SnapshotsError as error:
            self._failed = error
        except Exception as error:
            # A defect of one driver must not hide what the other databases hold.
            self._failed = SnapshotsError(f"the database cannot be asked: {error}")

    def settle(self) -> None:
        """Decides what came of it, now that nobody waits any longer."""
        if self.answer:
            return
        self.error = self._failed
        if self.error is None:
            self.silent = True
            self.error = CannotConnect("the database does not answer", place=self.name)
            # Otherwise the thread would wait as long as the server likes.
            threading.Thread(target=self._give_up, daemon=True).start()

    def _give_up(self) -> None:
        if (session := self._session) is not None:
            session.cancel()
