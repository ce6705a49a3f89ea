"""What a client of the service can have done: by its words, on the ledger of one database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.engine.lease.takeover import require_undamaged
from snapshots.engine.plan.open_tables import OpenTables
from snapshots.engine.plan.plan import Plan
from snapshots.engine.plan.table_name import require_users
from snapshots.engine.queue.request import ImportRequest
from snapshots.errors import Forbids, KeyReused, NoSuchImport
from snapshots.ledger import queue
from snapshots.ledger.missing_tables import TABLE_GONE

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.queue import Wish
    from snapshots.ledger.record import Ledger


@dataclass(frozen=True, slots=True)
class SubmittedImport:
    """An import that was asked for."""

    entry: Entry
    new: bool
    """False: it was asked for before, with the same key."""


def submit(
    ledger: Ledger,
    order: ImportRequest,
    key: str | None,
    bound: int,
    open_tables: OpenTables | None = None,
) -> SubmittedImport:
    """Puts an import into the queue, or finds the one that this key has put there.

    It waits there for an earlier one of an input of the same name that has not ended.

    Raises KeyReused if that one is another, QueueFull where `bound` imports wait, UsageError for a
    table that is not for users, ForbiddenTable for one that is neither open nor to be created.
    """
    tables = open_tables or OpenTables()
    named = tables.named(ledger.target, order.input, order.table)
    require_users(ledger.target, ledger.session, named)
    tables.require_takes(ledger, named)
    table = str(named)
    with ledger.locked():
        import_id = None if key is None else queue.with_key(ledger, key)
        new = import_id is None
        if import_id is None:
            after = None if order.again else _unfinished_import(ledger, order, table)
            import_id = queue.enqueue(
                ledger, order.input, table, order.to_json(), key, bound, after
            )
    entry = find(ledger, import_id)
    if not new and ImportRequest.from_json(entry.request or "") != order:
        raise KeyReused(
            f"this key was given with another request, for import {import_id}",
            hint="a new request takes a new Idempotency-Key",
        )
    return SubmittedImport(entry, new)


def _unfinished_import(ledger: Ledger, order: ImportRequest, table: str) -> int | None:
    """The import whose end tells whether there is anything to do for an order."""
    found = queue.unfinished_imports(ledger, order.input)
    return next((one for one, into in found if order.table is None or into == table), None)


def cancel(
    ledger: Ledger, import_id: int, wish: Wish, open_tables: OpenTables | None = None
) -> Entry:
    """Has an import stopped, and its rows taken out if that is the wish.

    Raises Forbids where that cannot be done: rows without lineage, or an import that is whole;
    ForbiddenTable where rows would be taken out of a table that is not open.
    """
    entry = find(ledger, import_id)
    if wish == "undo" and entry.state == "finished":
        raise Forbids(f"import {import_id} is finished: its rows stay")
    if wish == "undo" and entry.plan and not Plan.from_json(entry.plan).lineage:
        raise Forbids(
            f"the rows of import {import_id} have no _import_id: nobody can tell which they are",
            hint='cancel it with "rows": "keep"',
        )
    if entry.request is None:
        raise _not_ours(entry)
    if wish == "undo" and entry.plan:
        (open_tables or OpenTables()).require_takes(ledger, Plan.from_json(entry.plan).table)
    queue.ask(ledger, entry, wish)
    return find(ledger, import_id)


def resume(
    ledger: Ledger,
    import_id: int,
    max_rejects: str | None,
    bound: int,
    open_tables: OpenTables | None = None,
) -> Entry:
    """Queues an import that was stopped once more.

    Raises Forbids, ForbiddenTable, LedgerDamaged, QueueFull.
    """
    entry = find(ledger, import_id)
    if entry.request is None:
        raise _not_ours(entry)
    if entry.error_code == TABLE_GONE:
        raise Forbids(entry.error or "", hint="look at that one")
    order = ImportRequest.from_json(entry.request)
    if max_rejects is not None:
        order = replace(order, allowed_now=max_rejects)
    require_undamaged(entry)
    tables = open_tables or OpenTables()
    if entry.plan:
        tables.require_takes(ledger, Plan.from_json(entry.plan).table)
    else:
        tables.require_takes(ledger, tables.named(ledger.target, order.input, order.table))
    queue.queue_again(ledger, entry, order.to_json(), bound)
    return find(ledger, import_id)


def find(ledger: Ledger, import_id: int) -> Entry:
    """One import. Raises NoSuchImport."""
    entry = ledger.entry(import_id)
    if entry is None:
        raise NoSuchImport(f"there is no import {import_id}")
    return entry


def _not_ours(entry: Entry) -> Forbids:
    return Forbids(
        f"import {entry.import_id} was begun by a command, and not by the service",
        hint=f"stop or resume it there: snapshots resume {entry.import_id}",
    )
