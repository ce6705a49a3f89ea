"""Imports that append to a table, and are not finished, while another one replaces its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.ledger.rows import Sql, update
from snapshots.ledger.times import seconds_between

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Ledger
    from snapshots.model import State

OLDER_VERSION = "older_version"
"""As `error_code`: the rows of the import are gone, because a later version has replaced them."""


class UnfinishedAppend(Struct, frozen=True):
    """An import with committed chunks that can go on."""

    import_id: int
    state: State
    owner: str | None
    silence: float
    """Seconds since its owner was heard of."""
    plan: str


def unfinished(ledger: Ledger, import_id: int, name: str) -> list[UnfinishedAppend]:
    """Finds the unfinished appends with committed chunks into tables of a name, without its schema
    and whatever its case; `import_id` is left out."""
    rows = ledger.session.execute(
        "SELECT id, state, owner, heartbeat_at, plan, table_name,"
        f" {ledger.target.dialect.now} AS now_at FROM snapshots_imports"
        " WHERE kind = 'import' AND state IN ('queued', 'running', 'interrupted', 'failed',"
        " 'cancelled') AND id <> ? AND stage IS NULL AND plan <> '' AND mode IS NULL"
        " AND COALESCE(error_code, '') NOT IN ('table_gone', 'older_version')"
        " AND EXISTS (SELECT 1 FROM snapshots_chunks c"
        " WHERE c.import_id = snapshots_imports.id AND c.loaded > 0)",
        (import_id,),
    )
    return [
        UnfinishedAppend(
            cast("int", other),
            cast("State", state),
            None if owner is None else str(owner),
            seconds_between(str(heartbeat), str(now)),
            str(plan),
        )
        for other, state, owner, heartbeat, plan, table, now in rows
        if str(table).casefold().endswith(name.casefold())
    ]


def newest_versions(ledger: History, import_id: int) -> list[tuple[int, str, str]]:
    """Finds the imports that have published versions of tables, the newest version first, with
    their dates and plans; `import_id` is left out."""
    rows = ledger.session.execute(
        "SELECT id, as_of, plan FROM snapshots_imports WHERE kind = 'import' AND id <> ?"
        " AND state = 'finished' AND mode <> 'append' AND as_of IS NOT NULL"
        " ORDER BY as_of DESC, id DESC",
        (import_id,),
    )
    return [(cast("int", other), str(as_of), str(plan)) for other, as_of, plan in rows]


def supersede(ledger: Ledger, other: UnfinishedAppend, successor: int, table: str) -> None:
    """Fails an append for good, in the transaction that replaces its rows."""
    update(
        ledger.session,
        "snapshots_imports",
        {
            "state": "failed",
            "error": f"Import {successor} has replaced the rows of table {table}, and those of this"
            " import with them. --again loads the input from its beginning.",
            "error_code": OLDER_VERSION,
            "owner": None,
            "fence": Sql("fence + 1"),
            "finished_at": ledger.now,
        },
        "id = ?",
        (other.import_id,),
    )
