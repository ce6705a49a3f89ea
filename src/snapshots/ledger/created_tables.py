"""Knows which tables imports have created: a mark of the import, which is there before its table.

So a process that is killed in between leaves a mark without a table, and never a table without a
mark. Whoever reads marks looks at the table, too: see `engine/plan/open_tables.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.ledger.schema import LOADED

if TYPE_CHECKING:
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger


class CreatedTable(Struct, frozen=True):
    """An import that has created its table."""

    import_id: int
    name: str
    """Of the table, as the database has it; empty: that of the plan."""
    table: str
    """As the import calls it."""


def created(history: History) -> list[CreatedTable]:
    """Finds all imports that have created their table, oldest first. In a ledger that does not
    know, those that have loaded rows count."""
    if history.knows(3):
        which = "created_table, table_name FROM snapshots_imports WHERE created_table IS NOT NULL"
    else:
        which = f"'', table_name FROM snapshots_imports WHERE id IN ({LOADED})"
    # Sorted here, where few come: a database would read all imports in their order.
    rows = history.session.execute(f"SELECT id, {which}")
    found = [
        CreatedTable(cast("int", import_id), cast("str", name), cast("str", table))
        for import_id, name, table in rows
    ]
    return sorted(found, key=lambda one: one.import_id)


def plan_of(history: History, import_id: int) -> str:
    """Reads the plan of an import, as JSON; empty where it has none."""
    rows = history.session.execute("SELECT plan FROM snapshots_imports WHERE id = ?", (import_id,))
    return str(rows[0][0]) if rows else ""


def mark(ledger: Ledger, lease: Lease, name: str | None) -> None:
    """Writes that the import creates, or has created, the table of that name; None: it has not."""
    ledger.change(lease, {"created_table": name})
