"""Gives sessions names. MySQL knows none, but it tells which session holds a lock of some name."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.ports import Session

_MOST = 1024
"""How many sessions may have the same name."""
_OF_A_TASK = 4
"""How many sessions a task may have: a lost one, its copies, and the one that ends them."""
_AT_ONCE = 64
"""Of the locks that one statement looks at."""
_LOCK = "SHA1(CONCAT_WS('.', DATABASE(), ?, ?))"
"""The lock's name. Locks belong to the whole server, and their names must be short."""


def take_name(session: Session, text: str, task: str = "") -> None:
    """Takes the first lock of that name that nobody holds, and one of the task's. The server frees
    them with the session."""
    if not task:
        _take(session, text, range(_MOST))
        return
    # Many tasks begin at once: each looks for its lock elsewhere.
    first = crc32(task.encode()) % _MOST
    _take(session, text, [*range(first, _MOST), *range(first)])
    _take(session, f"{text} {task}", range(_OF_A_TASK))


def end_named(session: Session, text: str, task: str = "") -> int:
    """Ends the sessions that hold such a lock; returns how many."""
    name, most = (f"{text} {task}", _OF_A_TASK) if task else (text, _MOST)
    ended = 0
    for connection in set(_holders(session, name, most)):
        with suppress(SnapshotsError):
            session.execute(f"KILL {connection}")
            ended += 1
    return ended


def _take(session: Session, name: str, numbers: range | list[int]) -> None:
    for number in numbers:
        if session.execute(f"SELECT GET_LOCK({_LOCK}, 0)", (name, number)) == [(1,)]:
            return


def _holders(session: Session, name: str, most: int) -> Iterator[int]:
    """The other sessions that hold a lock of that name."""
    for first in range(0, most, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, most))
        looks = ", ".join(f"IS_USED_LOCK({_LOCK})" for _ in numbers)
        params = [part for number in numbers for part in (name, number)]
        ((own, *found),) = session.execute(f"SELECT CONNECTION_ID(), {looks}", params)
        yield from (number for number in found if isinstance(number, int) and number != own)
