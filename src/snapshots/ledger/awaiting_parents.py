"""Keeps rejects that wait for a row of their own table, and are tried again behind all others.

Such a record stands as rejected in the account, with a code of its own and all its bytes. Those
that are loaded in the end are moved from the one bucket to the other in the transaction that loads
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.errors import AccountingMismatch, RefusedRows
from snapshots.ledger.chunk_account import WAITING
from snapshots.ledger.chunk_pages import records_of_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger

CODE = WAITING
MOST_RECORDS = 20_000
"""That are tried together."""
MOST_BYTES = 16 << 20
_KEPT = 65536
"""Bytes of a reject's record."""


class AwaitingRecord(Struct, frozen=True):
    """A record that waits for its parent."""

    byte_offset: int
    line: int
    raw: bytes
    """All of it, as it stands in the input."""


def count(history: History, import_id: int) -> int:
    """Counts the records of an import that wait."""
    rows = history.session.execute(
        "SELECT COUNT(*) FROM snapshots_rejects WHERE import_id = ? AND code = ?",
        (import_id, CODE),
    )
    return cast("int", rows[0][0])


def window(
    ledger: Ledger, lease: Lease, edge: int | None, *, backwards: bool
) -> list[AwaitingRecord]:
    """Reads the next records that wait behind a byte of the input, or before it; None: from the
    first, or the last.

    As many as are tried together, at least one if there is any; in the order asked for.
    """
    beyond, order = ("<", "DESC") if backwards else (">", "ASC")
    past, params = ("", ()) if edge is None else (f" AND byte_offset {beyond} ?", (edge,))
    found = ledger.session.execute(
        f"SELECT byte_offset, {ledger.target.dialect.blob_length('raw')} FROM snapshots_rejects"
        f" WHERE import_id = ? AND code = ?{past} ORDER BY byte_offset {order}"
        f"{ledger.target.dialect.limit(MOST_RECORDS)}",
        (lease.import_id, CODE, *params),
    )
    offsets: list[int] = []
    size = 0
    for offset, length in found:
        size += cast("int", length)
        if offsets and size > MOST_BYTES:
            break
        offsets.append(cast("int", offset))
    if not offsets:
        return []
    rows = ledger.session.execute(
        "SELECT byte_offset, line, raw FROM snapshots_rejects WHERE import_id = ? AND code = ?"
        f" AND byte_offset >= ? AND byte_offset <= ? ORDER BY byte_offset {order}",
        (lease.import_id, CODE, min(offsets), max(offsets)),
    )
    return [
        AwaitingRecord(cast("int", offset), cast("int", line), bytes(cast("bytes", raw)))
        for offset, line, raw in rows
    ]


def load(ledger: Ledger, lease: Lease, taken: Sequence[AwaitingRecord]) -> None:
    """Counts records that have become rows as loaded. Call it in the transaction of the rows."""
    if not taken:
        return
    session = ledger.session
    of_chunks = records_of_chunks(ledger, lease.import_id, (one.line for one in taken))
    session.executemany(
        "DELETE FROM snapshots_rejects WHERE import_id = ? AND byte_offset = ?",
        [(lease.import_id, one.byte_offset) for one in taken],
    )
    session.executemany(
        "UPDATE snapshots_chunks SET loaded = loaded + ?, rejected = rejected - ?"
        " WHERE import_id = ? AND start_offset = ?",
        [(n, n, lease.import_id, start) for start, n in of_chunks.items()],
    )


def refuse(ledger: Ledger, lease: Lease, refused: Sequence[tuple[AwaitingRecord, str]]) -> None:
    """Refuses records for good, each for the reason that is given with it."""
    if refused:
        ledger.session.executemany(
            "UPDATE snapshots_rejects SET code = ?, reason = ?,"
            f" raw = {ledger.target.dialect.blob_begin('raw')}"
            " WHERE import_id = ? AND byte_offset = ?",
            [
                (RefusedRows.code, why, _KEPT, lease.import_id, one.byte_offset)
                for one, why in refused
            ],
        )


def give_up(ledger: Ledger, lease: Lease) -> int:
    """Refuses all that still waits, because nothing of it can be loaded. Returns how many records
    that are.

    Raises AccountingMismatch where the import's rejects are not those that its chunks count.
    """
    left = count(ledger, lease.import_id)
    ledger.session.execute(
        f"UPDATE snapshots_rejects SET code = ?, raw = {ledger.target.dialect.blob_begin('raw')}"
        " WHERE import_id = ? AND code = ?",
        (RefusedRows.code, _KEPT, lease.import_id, CODE),
    )
    kept = sum(ledger.reject_counts(lease.import_id).values())
    counted = ledger.counts(lease.import_id).rejected
    if kept != counted:
        raise AccountingMismatch(
            f"the ledger counts {counted} rejects but holds {kept}",
            hint="this is a bug, please report it",
        )
    return left
