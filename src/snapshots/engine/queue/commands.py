"""What clients of the service may ask for: submit, cancel and resume imports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from snapshots.engine.lease.takeover import require_undamaged
from snapshots.engine.plan.open_tables import OpenTables
from snapshots.engine.plan.plan import Plan
from snapshots.engine.plan.table_name import require_users
from snapshots.engine.publishing.undo import UndoResult, undo_in
from snapshots.engine.queue.request import ImportRequest
from snapshots.errors import Forbids, KeyReused, NoSuchImport
from snapshots.ledger import locks, queue
from snapshots.ledger.missing_tables import TABLE_GONE
from snapshots.ledger.other_appends import OLDER_VERSION

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.queue import Wish
    from snapshots.ledger.record import Ledger


@dataclass(frozen=True, slots=True)
class SubmittedImport:
    """The import of a request, and whether the request created it."""

    entry: Entry
    new: bool
    """False: an earlier request with the same key created it."""


def submit(
    ledger: Ledger,
    request: ImportRequest,
    key: str | None,
    bound: int,
    open_tables: OpenTables | None = None,
) -> SubmittedImport:
    """Queues an import, or finds the one that an earlier request with the same key queued.

    It waits for an earlier import of an input of the same name, if that has not ended yet.

    Raises KeyReused if the earlier request was another one, QueueFull if `bound` imports wait
    already, UsageError for a table of the ledger, and ForbiddenTable for a table that exists and
    is not open.
    """
    tables = open_tables or OpenTables()
    named = tables.named(ledger.target, request.input, request.options.table)
    require_users(ledger.target, ledger.session, named)
    tables.require_takes(ledger, named)
    table = str(named)
    with ledger.writing(locks.QUEUE):
        import_id = None if key is None else queue.with_key(ledger, key)
        new = import_id is None
        if import_id is None:
            after = None if request.options.again else _unfinished_import(ledger, request, table)
            import_id = queue.enqueue(
                ledger, request.input, table, request.to_json(), key, bound, after
            )
    entry = find(ledger, import_id)
    if not new and ImportRequest.from_json(entry.request or "") != request:
        raise KeyReused(
            f"this key was given with another request, for import {import_id}",
            hint="a new request takes a new Idempotency-Key",
        )
    return SubmittedImport(entry, new)


def _unfinished_import(ledger: Ledger, request: ImportRequest, table: str) -> int | None:
    """The unfinished import of the same input, whose end decides if anything is left to do."""
    found = queue.unfinished_imports(ledger, request.input)
    return next(
        (one for one, into in found if request.options.table is None or into == table), None
    )


def cancel(
    ledger: Ledger, import_id: int, wish: Wish, open_tables: OpenTables | None = None
) -> Entry:
    """Stops an import; with the wish `undo` its rows are deleted, too.

    Raises Forbids if rows have no lineage or the import is finished, and ForbiddenTable if rows
    would be deleted from a table that is not open.
    """
    entry = find(ledger, import_id)
    if wish == "undo" and entry.state == "finished":
        raise Forbids(f"import {import_id} is finished: its rows stay")
    plan = Plan.from_json(entry.plan) if entry.plan else None
    if wish == "undo" and plan is not None and not (plan.lineage or plan.stage):
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


def undo(
    ledger: Ledger, import_id: int, open_tables: OpenTables | None = None, *, dry_run: bool
) -> UndoResult:
    """Removes the rows of an import that has ended; with `dry_run` they are only counted.

    Raises Forbids if a command began it or it cannot be undone, ForbiddenTable, UnaccountedRows.
    """
    entry = find(ledger, import_id)
    if entry.request is None:
        raise _not_ours(entry)
    if entry.plan:
        (open_tables or OpenTables()).require_takes(ledger, Plan.from_json(entry.plan).table)
    return undo_in(ledger, import_id, dry_run=dry_run)


def resume(
    ledger: Ledger,
    import_id: int,
    max_rejects: str | None,
    bound: int,
    open_tables: OpenTables | None = None,
    *,
    allow_empty: bool | None = None,
    max_deletes: str | None = None,
) -> Entry:
    """Queues an import again that was stopped. `max_rejects` replaces its limit of rejects, the
    other two what its request says of the same.

    Raises Forbids if a command began it or its table is gone, ForbiddenTable, LedgerDamaged if its
    records do not add up, and QueueFull if `bound` imports wait already.
    """
    entry = find(ledger, import_id)
    if entry.request is None:
        raise _not_ours(entry)
    if entry.error_code in (TABLE_GONE, OLDER_VERSION):
        raise Forbids(entry.error or "", hint="look at that one")
    request = ImportRequest.from_json(entry.request)
    now: dict[str, Any] = {
        "allowed_now": max_rejects,
        "empty_now": allow_empty,
        "deletes_now": max_deletes,
    }
    request = replace(request, **{name: v for name, v in now.items() if v is not None})
    require_undamaged(entry)
    tables = open_tables or OpenTables()
    if entry.plan:
        tables.require_takes(ledger, Plan.from_json(entry.plan).table)
    else:
        tables.require_takes(
            ledger, tables.named(ledger.target, request.input, request.options.table)
        )
    queue.queue_again(ledger, entry, request.to_json(), bound)
    return find(ledger, import_id)


def find(ledger: Ledger, import_id: int) -> Entry:
    """The entry of one import. Raises NoSuchImport."""
    entry = ledger.entry(import_id)
    if entry is None:
        raise NoSuchImport(f"there is no import {import_id}")
    return entry


def _not_ours(entry: Entry) -> Forbids:
    return Forbids(
        f"import {entry.import_id} was begun by a command, and not by the service",
        hint=f"stop or resume it there: snapshots resume {entry.import_id}",
    )
