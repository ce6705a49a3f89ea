"""Writes the ledger of imports that are asked for first and worked on later.

The row of an import is its place in the queue: `queued` until a worker takes it, with an empty
plan until that worker has made one. What somebody wants of an import that another process works
on stands in `wanted`, for its owner to see. `record.py` has what all imports share: taking one up,
its chunks and its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from snapshots.errors import Forbids, NoSuchImport, QueueFull
from snapshots.ledger import locks
from snapshots.ledger.new_import import identity_row, parts_row, replaced_by
from snapshots.ledger.rows import Row, Sql, update
from snapshots.ledger.times import seconds_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.errors import LedgerError
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ledger.schema import Alive
    from snapshots.model import State
    from snapshots.ports import Identity

Wish: TypeAlias = Literal["cancel", "undo"]

_CANDIDATES = 16
_FENCED_OFF = Sql("fence + 1")
"""No owner of before may write any more."""


def enqueue(
    ledger: Ledger,
    name: str,
    table: str,
    request: str,
    key: str | None,
    bound: int,
    after: int | None = None,
) -> int:
    """Puts a new import at the end of the queue, and returns its number.

    `after` is the import whose end it waits for. Call it within `Ledger.writing`, with
    `locks.QUEUE`. Raises QueueFull where as many wait as may.
    """
    if waiting(ledger) >= bound:
        raise QueueFull(
            f"the queue is full: {bound} imports are waiting",
            hint="try again after some of them have started",
            retryable=True,
        )
    import_id, _ = ledger.numbers.take()
    ledger.numbers.write(
        import_id,
        {
            "kind": "import",
            "input": name,
            "table_name": table,
            "state": "queued",
            "plan": "",
            **dict.fromkeys(("started_at", "queued_at", "heartbeat_at"), ledger.now),
            "request": request,
            "request_key": key,
            "chunks": 0,
            "same_as": after,
        },
    )
    return import_id


def waiting(ledger: Ledger) -> int:
    """Counts the imports that are queued."""
    rows = ledger.session.execute(
        "SELECT COUNT(*) FROM snapshots_imports WHERE kind = 'import' AND state = 'queued'"
    )
    return cast("int", rows[0][0])


def with_key(ledger: Ledger, key: str) -> int | None:
    """Finds the import that was asked for with this key."""
    rows = ledger.session.execute("SELECT id FROM snapshots_imports WHERE request_key = ?", (key,))
    return cast("int", rows[0][0]) if rows else None


def candidates(ledger: Ledger, alive: Alive) -> list[int]:
    """Finds what a worker may take: imports whose owner may be gone, then the first that are queued
    and wait for no other.

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
        f" ORDER BY q.id{ledger.target.dialect.limit(_CANDIDATES)}"
    )
    return [cast("int", row[0]) for row in (*running, *queued)]


def sized(ledger: Ledger, lease: Lease, size: int) -> None:
    """Notes how long the input is, while the import of this lease has no plan yet."""
    ledger.change(lease, {"size": size}, also=" AND plan = ''")


def _left_alone(ledger: Ledger, alive: Alive) -> list[int]:
    """Finds imports that others wait for, that say they are running, and that no worker will take
    over: a command has begun them, and its process is gone."""
    rows = ledger.session.execute(
        f"SELECT DISTINCT e.id, e.owner, e.heartbeat_at, {ledger.target.dialect.now} AS now_at"
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
    """Finds imports of an input of that name that were asked for and have not ended, oldest first,
    with their tables. Call it within `Ledger.writing`, with `locks.QUEUE`."""
    rows = ledger.session.execute(
        "SELECT id, table_name FROM snapshots_imports WHERE kind = 'import' AND input = ?"
        " AND state IN ('queued', 'running') AND request IS NOT NULL ORDER BY id",
        (name,),
    )
    return [(cast("int", import_id), str(table)) for import_id, table in rows]


def wait(ledger: Ledger, lease: Lease, other: int) -> None:
    """Puts an import that has no plan yet back into the queue, until another one has ended.

    An import of which something is wanted stays as it is. Raises LostLease.
    """
    with ledger.session.transaction():
        ledger.require(ledger.session, lease, ledger.target.dialect.row_lock)
        ledger.change(
            lease,
            {"state": "queued", "same_as": other, "owner": None, "workers_lost": 0},
            also=" AND state = 'running' AND wanted IS NULL",
        )


def finish_as(ledger: Ledger, lease: Lease, other: int, note: str) -> None:
    """Finishes an import that has no plan yet: the other one has loaded its bytes.

    It gets no counts, no fingerprint and no hash, so that nobody takes it for the other. Raises
    LostLease: whoever has taken it over may have loaded them as this very import.
    """
    with ledger.session.transaction():
        ledger.require(ledger.session, lease, ledger.target.dialect.row_lock)
        ledger.change(
            lease,
            {
                "state": "finished",
                "same_as": other,
                "note": note,
                "owner": None,
                "size": None,
                "workers_lost": 0,
                "finished_at": ledger.now,
            },
            also=" AND state = 'running' AND plan = ''",
        )


def died_in_vain(ledger: Ledger, entry: Entry) -> bool:
    """Tells whether the owner of an import, which is gone, has committed no chunk of it."""
    return not ledger.session.execute(
        "SELECT 1 FROM snapshots_chunks WHERE import_id = ? AND fence = ?"
        f" AND committed_at IS NOT NULL{ledger.target.dialect.limit(1)}",
        (entry.import_id, entry.fence),
    )


def spare(ledger: Ledger, import_id: int) -> None:
    """Forgets the workers that died of an import: their database was away."""
    _set(ledger, import_id, {"workers_lost": 0})


def adopt(
    ledger: Ledger,
    lease: Lease,
    identity: Identity,
    content_hash: str | None,
    table: str,
    plan: str,
    name: str,
    parts: Sequence[int] = (),
    *,
    new_table: bool = False,
) -> None:
    """Writes the plan of the import that the lease is for, and what its input is, which the ledger
    knows by `name`. `parts` are the imports of the parts before this one; `new_table` says that
    no rows of an earlier import are in the table.

    Call it within `Ledger.writing`, with the locks of the input.
    """
    ledger.require(ledger.session, lease, ledger.target.dialect.row_lock)
    known = {**identity_row(identity), "input": name, "content_hash": content_hash}
    replaces = None if new_table else replaced_by(ledger, known, table, parts)
    known |= {"table_name": table, "plan": plan, "replaces": replaces, **parts_row(parts)}
    ledger.change(lease, {**known, "started_at": ledger.now})


def ask(ledger: Ledger, entry: Entry, wish: Wish) -> State:
    """Has an import cancelled, and undone if that is the wish; returns its state after that.

    One that runs is stopped by its owner, which looks for wishes. One that does not is cancelled
    here; where rows must be taken out of its table it is queued for that.
    """
    session = ledger.session
    with session.transaction():
        state = _state(ledger, entry)
        if state in {"finished", "undone"} or (
            state in {"cancelled", "failed"} and wish == "cancel"
        ):
            return state
        if state == "running":
            _set(ledger, entry.import_id, {"wanted": wish})
            return state
        if wish == "undo" and (entry.counts.records or entry.chunks_counted):
            wanted = {"state": "queued", "wanted": wish, "fence": _FENCED_OFF}
            _set(ledger, entry.import_id, wanted)
            return "queued"
        ended = {"state": "cancelled", "same_as": None, "workers_lost": 0, "fence": _FENCED_OFF}
        _set(ledger, entry.import_id, {**ended, "finished_at": ledger.now})
        return "cancelled"


def queue_again(ledger: Ledger, entry: Entry, request: str, bound: int) -> None:
    """Puts an import that was stopped back into the queue. Raises Forbids, QueueFull."""
    with ledger.writing(locks.QUEUE):
        state = _state(ledger, entry)
        if state not in {"cancelled", "failed", "interrupted"}:
            raise Forbids(f"import {entry.import_id} is {state}", hint=_hint_for(state))
        if waiting(ledger) >= bound:
            raise QueueFull(f"the queue is full: {bound} imports are waiting", retryable=True)
        _set(
            ledger,
            entry.import_id,
            {
                "state": "queued",
                **dict.fromkeys(("wanted", "error", "error_code", "finished_at")),
                "fence": _FENCED_OFF,
                "queued_at": ledger.now,
                "request": request,
            },
        )


def leave(ledger: Ledger, lease: Lease, state: State) -> None:
    """Sets an import that its owner has interrupted to `cancelled` or `queued`, as was wanted."""
    left = {"state": state, **dict.fromkeys(("owner", "error", "error_code")), "workers_lost": 0}
    left["finished_at"] = None if state == "queued" else ledger.now
    # Together: whoever looks in between must see neither an interrupted import nor a lost wish.
    with ledger.session.transaction():
        ledger.change(lease, left, also=" AND state IN ('running', 'interrupted')")
        # A wish that came too late, when the import was whole, is over as well.
        ledger.change(lease, {"wanted": None})


def give_up(ledger: Ledger, entry: Entry, error: LedgerError) -> None:
    """Fails an import that nobody can do what is wanted with; what is loaded of it stays."""
    failed = {"state": "failed", "error": str(error), "error_code": error.code}
    over = {"wanted": None, "owner": None, "fence": _FENCED_OFF, "finished_at": ledger.now}
    ledger.change(entry, {**failed, **over})


def _hint_for(state: State) -> str:
    if state == "undone":
        return "import the input again"
    return "you can resume stopped imports only"


def _state(ledger: Ledger, entry: Entry) -> State:
    """Reads the state as it is now, and keeps it so until the transaction ends."""
    rows = ledger.session.execute(
        "SELECT state FROM snapshots_imports WHERE id = ?" + ledger.target.dialect.row_lock,
        (entry.import_id,),
    )
    if not rows:
        raise NoSuchImport(f"import {entry.import_id} does not exist")
    return cast("State", rows[0][0])


def _set(ledger: Ledger, import_id: int, row: Row) -> None:
    update(ledger.session, "snapshots_imports", row, "id = ?", (import_id,))
