"""Moves staged records that the table has refused from the loaded ones to the rejects."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, cast

from snapshots.ledger.chunk_pages import records_of_chunks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Reject


def refuse(ledger: Ledger, lease: Lease, rejects: Sequence[Reject]) -> None:
    """Keeps the rejects and moves the counts of their chunks.

    Call it in the transaction that removes their rows from the stage.
    """
    of_chunks = records_of_chunks(ledger, lease.import_id, (one.line for one in rejects))
    ledger.keep(ledger.session, lease, rejects)
    count_rejected(ledger, lease, of_chunks)


def count_rejected(ledger: Ledger, lease: Lease, of_chunks: Mapping[int, int]) -> None:
    """Moves numbers of loaded records to the rejects, by the first byte of their chunk."""
    ledger.session.executemany(
        "UPDATE snapshots_chunks SET loaded = loaded - ?, rejected = rejected + ?"
        " WHERE import_id = ? AND start_offset = ?",
        [(n, n, lease.import_id, start) for start, n in of_chunks.items()],
    )
    ledger.seal(ledger.session, lease)


def count_skipped(ledger: Ledger, lease: Lease, of_chunks: Mapping[int, int], code: str) -> None:
    """Moves numbers of loaded records to the skipped ones of a code, by the first byte of their
    chunk."""
    rows = ledger.session.execute(
        "SELECT start_offset, skipped_by_code FROM snapshots_chunks"
        " WHERE import_id = ? AND skipped_by_code IS NOT NULL",
        (lease.import_id,),
    )
    before: dict[int, dict[str, int]] = {cast("int", at): json.loads(str(t)) for at, t in rows}
    changes = []
    for start, n in of_chunks.items():
        codes = Counter(before.get(start, {}))
        codes[code] += n
        changes.append((n, n, json.dumps(codes), lease.import_id, start))
    ledger.session.executemany(
        "UPDATE snapshots_chunks SET loaded = loaded - ?, skipped = skipped + ?,"
        " skipped_by_code = ? WHERE import_id = ? AND start_offset = ?",
        changes,
    )
    ledger.seal(ledger.session, lease)
