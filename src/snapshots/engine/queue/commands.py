"""What clients of the service may ask for: submit, cancel and resume imports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from snapshots.engine.lease.takeover import require_undamaged
from snapshots.engine.plan.open_tables import OpenTables
from snapshots.engine.plan.plan import Plan
from snapshots.engine.plan.table_name import require_users
from snapshots.engine.queue.request import ImportRequest
from snapshots.engine.undo.undo import require_undoable, undo_entry
from snapshots.errors import Forbids, KeyReused, NoSuchImport
from snapshots.ledger import locks, queue
from snapshots.ledger.missing_tables import TABLE_GONE
from snapshots.ledger.other_appends import OLDER_VERSION

if TYPE_CHECKING:
    from snapshots.defaults import Publish
    from snapshots.engine.undo.report import UndoReport
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.queue import Wish
    from snapshots.ledger.record import Ledger
    from snapshots.model import TableName


class SubmittedImport(Struct, frozen=True):
    """The import of a request, and whether the request created it."""

    entry: Entry
    new: bool
    """False if an earlier request with the same key created the import."""


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
    table = str(require_takes(ledger, request, open_tables or OpenTables()))
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
            f"this key belongs to a different request, for import {import_id}",
            hint="use a new Idempotency-Key for a new request",
        )
    return SubmittedImport(entry, new)


def require_takes(ledger: Ledger, request: ImportRequest, tables: OpenTables) -> TableName:
    """Returns the table that a request loads into.

    Raises UsageError for a table of the ledger, and ForbiddenTable for one that exists and is not
    open.
    """
    named = tables.named(ledger.target, request.input, request.options.table)
    require_users(ledger.target, ledger.session, named)
    tables.require_takes(ledger, named)
    return named


def _unfinished_import(ledger: Ledger, request: ImportRequest, table: str) -> int | None:
    """The unfinished import of the same input, whose end decides if anything is left to do."""
    found = queue.unfinished_imports(ledger, request.input)
    return next(
        (one for one, into in found if request.options.table is None or into == table), None
    )


def cancel(
    ledger: Ledger, import_id: int, wish: Wish, open_tables: OpenTables | None = None
) -> Entry:
    """Stops an import; with the wish `undo` its rows are removed, too.

    One that has ended is undone at once; one that runs is stopped and undone by its worker. Raises
    LedgerError where that cannot be done, and ForbiddenTable if rows would be removed from a table
    that is not open.
    """
    entry = find(ledger, import_id)
    if wish == "undo" and (entry.state == "finished" or (_ended(entry) and _has_begun(entry))):
        undo(ledger, import_id, open_tables)
        return find(ledger, import_id)
    if wish == "undo" and entry.plan and not Plan.from_json(entry.plan).lineage:
        raise Forbids(
            f"the rows of import {import_id} have no _import_id, so they cannot be found",
            hint='cancel it with "rows": "keep"',
        )
    if entry.request is None:
        raise _not_ours(entry)
    if wish == "undo" and entry.plan:
        (open_tables or OpenTables()).require_takes(ledger, Plan.from_json(entry.plan).table)
    queue.ask(ledger, entry, wish)
    return find(ledger, import_id)


def undo(
    ledger: Ledger,
    import_id: int,
    open_tables: OpenTables | None = None,
    *,
    dry_run: bool = False,
    allow_cascade: bool = False,
) -> UndoReport:
    """Removes the rows of an import that has ended, or says what that would remove.

    Raises NoSuchImport, ForbiddenTable, and what `undo_entry` raises.
    """
    entry = find(ledger, import_id)
    (open_tables or OpenTables()).require_takes(ledger, require_undoable(ledger, entry))
    return undo_entry(ledger, entry, dry_run=dry_run, allow_cascade=allow_cascade)


def _ended(entry: Entry) -> bool:
    return entry.state not in {"queued", "running"}


def _has_begun(entry: Entry) -> bool:
    return bool(entry.counts.records or entry.chunks_counted)


def resume(
    ledger: Ledger,
    import_id: int,
    max_rejects: str | None,
    bound: int,
    open_tables: OpenTables | None = None,
    *,
    allow_empty: bool | None = None,
    max_deletes: str | None = None,
    allow_cascade: bool | None = None,
    publish: Publish | None = None,
) -> Entry:
    """Queues an import again that was stopped. `max_rejects` replaces its limit of rejects, the
    others what its request says of the same.

    Raises Forbids if a command began it or its table is gone, ForbiddenTable, LedgerDamaged if its
    records do not add up, and QueueFull if `bound` imports wait already.
    """
    entry = find(ledger, import_id)
    if entry.request is None:
        raise _not_ours(entry)
    if entry.error_code in (TABLE_GONE, OLDER_VERSION):
        raise Forbids(entry.error or "", hint="see that import")
    request = ImportRequest.from_json(entry.request)
    now: dict[str, Any] = {
        "allowed_now": max_rejects,
        "empty_now": allow_empty,
        "deletes_now": max_deletes,
        "cascade_now": allow_cascade,
        "publish_now": publish,
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
        raise NoSuchImport(f"import {import_id} does not exist")
    return entry


def _not_ours(entry: Entry) -> Forbids:
    return Forbids(
        f"import {entry.import_id} was started by a command, not by the service",
        hint=f"stop the command, or resume the import with: snapshots resume {entry.import_id}",
    )
