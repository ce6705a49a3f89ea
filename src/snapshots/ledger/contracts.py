"""Contracts that people have kept under a name, as the ledger stores them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct

from snapshots.errors import Forbids
from snapshots.ledger import locks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.ledger.history import History
    from snapshots.ledger.record import Ledger

SINCE: Final = 9
"""The first version of the ledger with the table snapshots_contracts."""
MOST: Final = 500
"""Contracts of one ledger: all of them are compared with each new file."""


class KeptContract(Struct, frozen=True):
    """A contract, and the file and the table that it was made for."""

    name: str
    table: str
    header: tuple[str, ...]
    """The names in the header of the file."""
    contract: Mapping[str, Any]
    """A Table Schema."""
    kept_at: str


def kept(history: History) -> list[KeptContract]:
    """Returns all kept contracts, the newest first."""
    if not history.knows(SINCE):
        return []
    rows = history.session.execute(
        "SELECT name, table_name, header, contract, kept_at FROM snapshots_contracts"
    )
    found = [
        KeptContract(name, table, tuple(json.loads(header)), json.loads(contract), kept_at)
        for name, table, header, contract, kept_at in cast("list[tuple[str, ...]]", rows)
    ]
    return sorted(found, key=lambda one: (one.kept_at, one.name), reverse=True)


def keep(
    ledger: Ledger, name: str, table: str, header: Sequence[str], contract: Mapping[str, Any]
) -> None:
    """Keeps a contract. It replaces one of the same name. Raises Forbids if there are too many."""
    with ledger.writing(locks.QUEUE):
        session = ledger.session
        session.execute("DELETE FROM snapshots_contracts WHERE name = ?", (name,))
        (count,) = session.execute("SELECT COUNT(*) FROM snapshots_contracts")[0]
        if cast("int", count) >= MOST:
            raise Forbids(
                f"the limit of {MOST} kept contracts is reached",
                hint="delete one that nobody needs: DELETE /v1/contracts/NAME",
            )
        session.execute(
            "INSERT INTO snapshots_contracts (name, table_name, header, contract, kept_at)"
            f" VALUES (?, ?, ?, ?, {ledger.target.dialect.now})",
            (
                name,
                table,
                json.dumps(list(header), ensure_ascii=False),
                json.dumps(dict(contract), ensure_ascii=False),
            ),
        )


def forget(ledger: Ledger, name: str) -> bool:
    """Deletes a kept contract, and tells whether there was one."""
    with ledger.writing(locks.QUEUE):
        deleted = ledger.session.change("DELETE FROM snapshots_contracts WHERE name = ?", (name,))
    return deleted > 0
