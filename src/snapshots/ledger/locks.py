"""The locks of the ledger, by name: who writes the same thing holds the same one.

A lock is held until the transaction ends that asked for it, and nobody else waits for it. So an
import that loads its rows in one transaction keeps others from the same bytes alone. What each
database makes of it is said in its `SqlDialect.transaction_lock`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots import inner_names
from snapshots._native import Hasher

if TYPE_CHECKING:
    from snapshots.model import RunKind

QUEUE = "queue"
"""Held by who adds to the queue: it has a bound, and each key is in it once."""


def of_input(kind: RunKind, fingerprint: str) -> str:
    """The lock of who begins an import, or a delivery, of an input with this fingerprint."""
    return f"{kind} {fingerprint}"


def of_table(table: str) -> str:
    """The lock of who publishes into a table, by the name that the database gives it."""
    return f"table {table}"


def of_new(kind: RunKind, name: str, fingerprint: str) -> tuple[str, ...]:
    """The locks of who begins one that has a name. An input that grows has other fingerprints; of
    what is sent, and of streams, only equal bytes count."""
    named = kind == "import" and not inner_names.nameless(name)
    return (*((of_name(name),) if named else ()), of_input(kind, fingerprint))


def of_name(name: str) -> str:
    """The lock of who begins an import of an input of this name, or notes that it was refused. It
    is taken before that of the input."""
    return f"name {name}"


def number_of(lock: str) -> int:
    """The lock as a number of 64 bits with a sign. Two locks with one number only wait in vain."""
    hasher = Hasher()
    hasher.update(f"snapshots {lock}".encode("utf-8", "surrogatepass"))
    return int.from_bytes(bytes.fromhex(hasher.hexdigest()[:16]), signed=True)
