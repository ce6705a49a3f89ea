"""Gives sessions names. MySQL knows none, but it tells which session holds a lock of some name."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from snapshots.errors import SnapshotsError

if TYPE_CHECKING:
    from snapshots.ports import Session

_MOST = 64
"""How many sessions may have the same name."""
_LOCK = "SHA1(CONCAT_WS('.', DATABASE(), ?, ?))"
"""The lock's name. Locks belong to the whole server, and their names must be short."""


def take_name(session: Session, text: str) -> None:
    """Takes the first lock of that name that nobody holds. The server frees it with the session."""
    for number in range(_MOST):
        if session.execute(f"SELECT GET_LOCK({_LOCK}, 0)", (text, number)) == [(1,)]:
            return


def end_named(session: Session, text: str) -> int:
    """Ends the sessions that hold such a lock; returns how many."""
    looks = ", ".join(f"IS_USED_LOCK({_LOCK})" for _ in range(_MOST))
    names = [part for number in range(_MOST) for part in (text, number)]
    ((own, *found),) = session.execute(f"SELECT CONNECTION_ID(), {looks}", names)
    ended = 0
    for connection in {number for number in found if isinstance(number, int)} - {own}:
        with suppress(SnapshotsError):
            session.execute(f"KILL {connection}")
            ended += 1
    return ended
