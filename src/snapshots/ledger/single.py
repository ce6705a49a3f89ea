"""Writes small imports into the ledger once, when all of them is decided.

An import that takes long is begun, claimed chunk by chunk and finished, so that whoever finds it
knows how far it has come. One that is a single transaction is never found half done: two rows say
all of it, where the long way takes a dozen statements. Those of several imports are written by two
statements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from snapshots.errors import AccountingMismatch
from snapshots.ledger.chunk_account import counts_row, require_balanced
from snapshots.ledger.entry import IMPORT_COLUMNS, NEWER_COLUMNS, entry_of
from snapshots.ledger.new_import import identity_row, parts_row
from snapshots.ledger.record import new_chunk_row
from snapshots.ledger.rows import insert, insert_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.chunk_account import ChunkDone
    from snapshots.ledger.chunk_rejects import ChunkRejects
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ledger.rows import Row
    from snapshots.ports import Identity

_ENTRY = (*IMPORT_COLUMNS, *NEWER_COLUMNS)


class SingleChunkImport(Struct, frozen=True):
    """All there is to say of an import of one chunk."""

    identity: Identity
    content_hash: str
    table: str
    plan: str
    done: ChunkDone
    rejects: ChunkRejects
    start: int
    """The first byte of the input that no earlier import accounts for."""
    end: int
    """Of the input."""
    seconds: float
    parts: Sequence[int] = ()
    """The imports of the parts of the input before this one."""


def enter(ledger: Ledger, lease: Lease, finished: SingleChunkImport) -> Entry | None:
    """Writes a finished import, in the transaction that has loaded it and taken its number. Returns
    it as `History.entry` will, if the database tells what it writes.

    Raises AccountingMismatch if the counts do not add up, or if the chunk is not the whole input.
    """
    done = finished.done
    _require_whole(finished)
    answer = ledger.numbers.write(
        lease.import_id, _import_row(lease, finished, ledger.now), (*_ENTRY, ledger.now)
    )
    insert(
        ledger.session,
        "snapshots_chunks",
        {
            **new_chunk_row(lease, done),
            "committed_at": ledger.now,
        },
    )
    ledger.keep_all(ledger.session, lease, finished.rejects)
    if answer is None or lease.replaces is not None:
        return None
    return entry_of(dict(zip(_ENTRY, answer, strict=False)), done.sums(), str(answer[-1]))


def enter_all(
    ledger: Ledger, finished: Sequence[tuple[Lease, SingleChunkImport]], now: str
) -> list[Entry]:
    """Writes several finished imports that replace and continue none, in the transaction that has
    loaded them and taken their numbers. Returns them as `History.entry` will. `now` is the time by
    the database's clock.

    Raises what `enter` raises.
    """
    for _, one in finished:
        _require_whole(one)
    rows = [{"id": lease.import_id, **_import_row(lease, one, now)} for lease, one in finished]
    ledger.numbers.write_many(rows)
    insert_all(
        ledger.session,
        "snapshots_chunks",
        [{**new_chunk_row(lease, one.done), "committed_at": now} for lease, one in finished],
    )
    for lease, one in finished:
        ledger.keep_all(ledger.session, lease, one.rejects)
    without = dict.fromkeys(IMPORT_COLUMNS) | {n: empty for n, (_, empty) in NEWER_COLUMNS.items()}
    return [
        entry_of(without | row, one.done.sums(), now)
        for row, (_, one) in zip(rows, finished, strict=True)
    ]


def _require_whole(finished: SingleChunkImport) -> None:
    """Raises AccountingMismatch unless the chunk accounts for the whole input."""
    done = finished.done
    require_balanced(done, finished.rejects)
    if (done.start, done.end) != (finished.start, finished.end):
        raise AccountingMismatch(
            f"the chunk has bytes {done.start} to {done.end} of {finished.start} to {finished.end}",
            hint="this is a bug, please report it",
        )


def _import_row(lease: Lease, finished: SingleChunkImport, now: str) -> Row:
    """A finished import as columns of snapshots_imports, without its number."""
    return {
        "kind": "import",
        **identity_row(finished.identity),
        "content_hash": finished.content_hash,
        "table_name": finished.table,
        "state": "finished",
        "plan": finished.plan,
        **counts_row(finished.done.counts),
        "seconds": finished.seconds,
        **dict.fromkeys(("started_at", "finished_at", "heartbeat_at"), now),
        "fence": lease.fence,
        "replaces": lease.replaces,
        "chunks": 1,
        **parts_row(finished.parts),
    }
