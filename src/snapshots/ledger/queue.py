"""Writing the ledger of imports that are asked for first and worked on later.

The row of an import is its place in the queue: `queued` until a worker takes it, with an empty
plan until that worker has made one. What somebody wants of an import that another process works
on stands in `wanted`, for its owner to see. Taking, beginning and chunks are `ledger.record`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from snapshots.errors import Forbids, LostLease, NoSuchImport, QueueFull
from snapshots.ledger.record import ROW_LOCK
from snapshots.ledger.times import seconds_between
from snapshots.ledger.unaccounted import require_accounted

if TYPE_CHECKING:
    from snapshots.errors import LedgerError
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ledger.schema import Alive
    from snapshots.model import State, TableName
    from snapshots.ports import Identity

Wish: TypeAlias = Literal["cancel", "undo"]

_CANDIDATES = 16


def enqueue(
    ledger: Ledger,
    name: str,
    table: str,
    request: str,
    key: str | None,
    bound: int,
    after: int | None = None,
) -> int:
    """A new import at the end of the queue; its number. Call it within `locked`.

    `after`: the import whose end it waits for. Raises QueueFull where as many wait as may.
    """
    session, now = ledger.session, ledger.target.now_sql()
    if waiting(ledger) >= bound:
        raise QueueFull(
            f"{bound} imports wait already, and no more may",
            hint="try again when some of them have begun",
            retryable=True,
        )
    import_id = ledger.next_number()
    session.execute(
        "INSERT INTO snapshots_imports (id, kind, input, table_name, state, plan, started_at,"
        " queued_at, heartbeat_at, request, request_key, chunks, same_as)"
        f" VALUES (?, 'import', ?, ?, 'queued', '', {now}, {now}, {now}, ?, ?, 0, ?)",
        (import_id, name, table, request, key, after),
    )
    return import_id


def waiting(ledger: Ledger) -> int:
    """How many imports are queued."""
    rows = ledger.session.execute(
        "SELECT COUNT(*) FROM snapshots_imports WHERE kind = 'import' AND state = 'queued'"
    )
    return cast("int", rows[0][0])


def with_key(ledger: Ledger, key: str) -> int | None:
    """The import that was asked for with this key."""
    rows = ledger.session.execute("SELECT id FROM snapshots_imports WHERE request_key = ?", (key,))
    return cast("int", rows[0][0]) if rows else None


def candidates(ledger: Ledger, alive: Alive) -> list[int]:
    """What a worker may take: imports whose owner may be gone, then the first that are queued and
    wait for no other.

    The owner may have been killed after it had stopped loading, and before it did what was wanted.
    """
    running = ledger.session.execute(
        "SELECT id FROM snapshots_imports WHERE kind = 'import' AND state IN ('running',"
        " 'interrupted') AND (state = 'running' OR wanted IS NOT NULL)"
        " AND request IS NOT NULL ORDER BY id"
    )
    # What waits for another import would be in the way of what does not.
    left = "".join(f", {import_id:d}" for import_id in _left_alone(ledger, alive))
    queued = ledger.session.execute(
        "SELECT q.id FROM snapshots_imports q WHERE q.kind = 'import' AND q.state = 'queued'"
        " AND NOT EXISTS (SELECT 1 FROM snapshots_imports e WHERE e.id = q.same_as"
        f" AND e.state IN ('queued', 'running') AND e.id NOT IN (0{left}))"
        f" ORDER BY q.id LIMIT {_CANDIDATES}"
    )
    return [cast("int", row[0]) for row in (*running, *queued)]


def sized(ledger: Ledger, lease: Lease, size: int) -> None:
    """How long the input is, while the import of this lease has no plan yet."""
    ledger.session.execute(
        "UPDATE snapshots_imports SET size = ? WHERE id = ? AND fence = ? AND plan = ''",
        (size, lease.import_id, lease.fence),
    )


def _left_alone(ledger: Ledger, alive: Alive) -> list[int]:
    """Imports that others wait for, that say they are running, and that no worker will take over:
    a command has begun them, and its process is gone."""
    rows = ledger.session.execute(
        f"SELECT DISTINCT e.id, e.owner, e.heartbeat_at, {ledger.target.now_sql()} AS now_at"
        " FROM snapshots_imports q JOIN snapshots_imports e ON e.id = q.same_as"
        " WHERE q.kind = 'import' AND q.state = 'queued' AND e.state = 'running'"
        " AND e.request IS NULL"
    )
    return [
        cast("int", import_id)
        for import_id, owner, heartbeat, now in rows
        if not alive(cast("str | None", owner), seconds_between(str(heartbeat), str(now)))
    ]


def unfinished_imports(ledger: Ledger, name: str) -> list[tuple[int, str]]:
    """Imports of an input of that name that were asked for and have not ended, oldest first, with
    their tables. Call it within `locked`."""
    rows = ledger.session.execute(
        "SELECT id, table_name FROM snapshots_imports WHERE kind = 'import' AND input = ?"
        " AND state IN ('queued', 'running') AND request IS NOT NULL ORDER BY id",
        (name,),
    )
    return [(cast("int", import_id), str(table)) for import_id, table in rows]


def wait(ledger: Ledger, lease: Lease, other: int) -> None:
    """Puts an import that has no plan yet back into the queue, until another one has ended.

    Not one of which something is wanted. Raises LostLease.
    """
    with ledger.session.transaction():
        ledger.require(ledger.session, lease, ROW_LOCK[ledger.target.name])
        ledger.session.execute(
            "UPDATE snapshots_imports SET state = 'queued', same_as = ?, owner = NULL,"
            " workers_lost = 0 WHERE id = ? AND state = 'running' AND wanted IS NULL",
            (other, lease.import_id),
        )


def finish_as(ledger: Ledger, lease: Lease, other: int, note: str) -> None:
    """An import that has no plan yet is finished: the other one has loaded its bytes. It has no
    counts, no fingerprint and no hash, so that nobody takes it for the one that has.

    Raises LostLease: whoever has taken it over may have loaded them as this very import.
    """
    with ledger.session.transaction():
        ledger.require(ledger.session, lease, ROW_LOCK[ledger.target.name])
        ledger.session.execute(
            "UPDATE snapshots_imports SET state = 'finished', same_as = ?, note = ?, owner = NULL,"
            f" size = NULL, workers_lost = 0, finished_at = {ledger.target.now_sql()}"
            " WHERE id = ? AND state = 'running' AND plan = ''",
            (other, note, lease.import_id),
        )


def died_in_vain(ledger: Ledger, entry: Entry) -> bool:
    """The owner of an import is gone, and has committed no chunk of it."""
    return not ledger.session.execute(
        "SELECT 1 FROM snapshots_chunks WHERE import_id = ? AND fence = ?"
        " AND committed_at IS NOT NULL LIMIT 1",
        (entry.import_id, entry.fence),
    )


def spare(ledger: Ledger, import_id: int) -> None:
    """Workers that died of an import do not count any more: their database was away."""
    ledger.session.execute(
        "UPDATE snapshots_imports SET workers_lost = 0 WHERE id = ?", (import_id,)
    )


def adopt(
    ledger: Ledger,
    lease: Lease,
    identity: Identity,
    content_hash: str | None,
    table: str,
    plan: str,
) -> None:
    """The import of this lease has its plan now. Call it within `locked`."""
    ledger.require(ledger.session, lease, ROW_LOCK[ledger.target.name])
    ledger.session.execute(
        "UPDATE snapshots_imports SET size = ?, mtime_ns = ?, inode = ?, etag = ?,"
        f" fingerprint = ?, content_hash = ?, table_name = ?, plan = ?,"
        f" started_at = {ledger.target.now_sql()} WHERE id = ?",
        (
            identity.size,
            identity.mtime_ns,
            None if identity.inode is None else str(identity.inode),
            identity.etag,
            identity.fingerprint,
            content_hash,
            table,
            plan,
            lease.import_id,
        ),
    )


def ask(ledger: Ledger, entry: Entry, wish: Wish) -> State:
    """Has an import cancelled, and undone if that is the wish; the state that it is in then.

    One that runs is stopped by its owner, which looks for wishes. One that does not is cancelled
    here; where rows must be taken out of its table it is queued for that.
    """
    session = ledger.session
    with session.transaction():
        state = _state(ledger, entry)
        if state == "finished" or (state in {"cancelled", "failed"} and wish == "cancel"):
            return state
        if state == "running":
            _set(ledger, entry, "wanted = ?", wish)
            return state
        if wish == "undo" and (entry.counts.records or entry.chunks_counted):
            _set(ledger, entry, "state = 'queued', wanted = ?, fence = fence + 1", wish)
            return "queued"
        now = ledger.target.now_sql()
        cancelled = "state = 'cancelled', same_as = NULL, workers_lost = 0, fence = fence + 1"
        _set(ledger, entry, f"{cancelled}, finished_at = {now}")
        return "cancelled"


def queue_again(ledger: Ledger, entry: Entry, request: str, bound: int) -> None:
    """Puts an import that was stopped back into the queue. Raises Forbids, QueueFull."""
    with ledger.locked():
        state = _state(ledger, entry)
        if state not in {"cancelled", "failed", "interrupted"}:
            raise Forbids(f"import {entry.import_id} is {state}", hint="only a stopped one goes on")
        if waiting(ledger) >= bound:
            raise QueueFull(f"{bound} imports wait already, and no more may", retryable=True)
        _set(
            ledger,
            entry,
            "state = 'queued', wanted = NULL, fence = fence + 1, error = NULL,"
            f" error_code = NULL, finished_at = NULL, queued_at = {ledger.target.now_sql()},"
            " request = ?",
            request,
        )


def leave(ledger: Ledger, lease: Lease, state: State) -> None:
    """What becomes of an import that its owner has interrupted: `cancelled`, or `queued`. Neither
    is an error: it was wanted."""
    ended = "NULL" if state == "queued" else ledger.target.now_sql()
    of_lease = (lease.import_id, lease.fence)
    # Together: whoever looks in between must see neither an interrupted import nor a lost wish.
    with ledger.session.transaction():
        ledger.session.execute(
            "UPDATE snapshots_imports SET state = ?, owner = NULL, error = NULL, workers_lost = 0,"
            f" error_code = NULL, finished_at = {ended} WHERE id = ? AND fence = ?"
            " AND state IN ('running', 'interrupted')",
            (state, *of_lease),
        )
        # A wish that came too late, when the import was whole, is over as well.
        ledger.session.execute(
            "UPDATE snapshots_imports SET wanted = NULL WHERE id = ? AND fence = ?", of_lease
        )


def give_up(ledger: Ledger, entry: Entry, error: LedgerError) -> None:
    """An import that nobody can do what is wanted with; what is loaded of it stays."""
    ledger.session.execute(
        "UPDATE snapshots_imports SET state = 'failed', wanted = NULL, owner = NULL, error = ?,"
        f" error_code = ?, fence = fence + 1, finished_at = {ledger.target.now_sql()}"
        " WHERE id = ? AND fence = ?",
        (str(error), error.code, entry.import_id, entry.fence),
    )


def undo(ledger: Ledger, lease: Lease, table: TableName | None) -> None:
    """Takes the rows of an import out of its table, with their account, in one transaction.

    `table` is None where no plan was made yet. Raises LostLease if the import was taken over,
    UnaccountedRows where the table has rows of its number that no chunk accounts for: then nothing
    is removed.
    """
    session = ledger.session
    with session.transaction():
        rows = session.execute(
            "SELECT fence FROM snapshots_imports WHERE id = ?" + ROW_LOCK[ledger.target.name],
            (lease.import_id,),
        )
        if rows != [(lease.fence,)]:
            raise LostLease(f"import {lease.import_id} was taken over by another process")
        if table is not None and ledger.target.inspect(session, table) is not None:
            name = table.sql(ledger.target.quote)
            require_accounted(ledger, lease.import_id, table, name)
            session.execute(f"DELETE FROM {name} WHERE _import_id = ?", (lease.import_id,))
        for account in ("chunks", "rejects"):
            session.execute(
                f"DELETE FROM snapshots_{account} WHERE import_id = ?", (lease.import_id,)
            )
        session.execute(
            "UPDATE snapshots_imports SET state = 'cancelled', wanted = NULL, owner = NULL,"
            " records = 0, loaded = 0, rejected = 0, skipped = 0, chunks = 0, error = NULL,"
            f" error_code = NULL, fence = fence + 1, finished_at = {ledger.target.now_sql()}"
            " WHERE id = ?",
            (lease.import_id,),
        )


def _state(ledger: Ledger, entry: Entry) -> State:
    """As it is now, and stays until the transaction ends."""
    rows = ledger.session.execute(
        "SELECT state FROM snapshots_imports WHERE id = ?" + ROW_LOCK[ledger.target.name],
        (entry.import_id,),
    )
    if not rows:
        raise NoSuchImport(f"there is no import {entry.import_id}")
    return cast("State", rows[0][0])


def _set(ledger: Ledger, entry: Entry, what: str, *values: str) -> None:
    ledger.session.execute(
        f"UPDATE snapshots_imports SET {what} WHERE id = ?", (*values, entry.import_id)
    )
