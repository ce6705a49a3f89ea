"""Locks by name: what excludes each other holds the same one, and nothing else waits for it.

A lock is held until the transaction ends that asked for it. PostgreSQL has such locks. Those of
MySQL belong to the session: they are released after COMMIT or ROLLBACK, by the server where the
connection was lost, after it has ended the transaction. A transaction of SQLite has the whole file.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from snapshots.errors import SnapshotsError, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.model import RunKind
    from snapshots.ports import Session, Target, Value

QUEUE = "queue"
"""Held by who adds to the queue: it has a bound, and each key is in it once."""
_NAME = "SHA1(CONCAT_WS('.', DATABASE(), ?))"
"""The locks of MySQL are those of the whole server, and their names must be short."""


def of_input(kind: RunKind, fingerprint: str) -> str:
    """The lock of who begins an import, or a delivery, of an input with this fingerprint."""
    return f"{kind} {fingerprint}"


def of_name(name: str) -> str:
    """The lock of who notes that the input of this name was refused."""
    return f"name {name}"


def asked_for(target: Target, lock: str) -> tuple[str, tuple[Value, ...]]:
    """An SQL expression that takes the lock, with its parameters; empty where none is needed."""
    if target.name == "postgres":
        digest = hashlib.blake2b(f"snapshots {lock}".encode("utf-8", "replace"), digest_size=8)
        key = int.from_bytes(digest.digest(), signed=True)
        return f"pg_advisory_xact_lock({key}) IS NULL", ()
    if target.name == "mysql":
        return f"GET_LOCK({_NAME}, @@innodb_lock_wait_timeout)", (lock,)
    return "", ()


def require(target: Target, got: Value) -> None:
    """Raises TargetError where the answer to `asked_for` says that another holds the lock."""
    if target.name == "mysql" and got != 1:
        raise TargetError(
            "Another process has been writing the ledger for the same input for too long.",
            hint="Try again when it has ended.",
            retryable=True,
        )


@contextmanager
def released_after(target: Target, session: Session, lock: str) -> Iterator[None]:
    """Releases the lock behind the block, where the end of the transaction does not."""
    try:
        yield
    finally:
        if target.name == "mysql":
            # Where the session is gone the server has released it.
            with suppress(SnapshotsError):
                session.execute(f"DO RELEASE_LOCK({_NAME})", (lock,))
