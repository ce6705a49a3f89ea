"""Puts the keys of rejected records into the stage, so that their rows are not deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from snapshots._native import Chunk, Converter
from snapshots.engine.publishing.by_key.duplicates import CODE
from snapshots.formats import encodings
from snapshots.formats.kernel_json import converter_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots._native import Block
    from snapshots.engine.plan.plan import Plan
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.model import Reject

_AT_ONCE = 200
_MOST_BYTES = 1 << 16
"""Of a longer record the ledger has only the beginning."""


class UnreadableKey(Exception):
    """A rejected record does not show its key."""


class KeptKeys(Struct, frozen=True):
    """What rejected records mean for the rows that the input lacks."""

    deletes: bool
    """Whether any of these rows may go."""
    line: int
    """The lines of the stage before this one are the input's; the others are only keys."""
    note: str = ""
    """A sentence for the summary, or nothing."""


def keep_rejected(ledger: Ledger, lease: Lease, plan: Plan, rejected: int) -> KeptKeys:
    """Has the rows of rejected records stay, by putting their keys into the stage."""
    chunks = ledger.chunks(lease.import_id)
    line = max((chunk.end_line for chunk in chunks), default=0) + 1
    if not rejected:
        return KeptKeys(deletes=True, line=line)
    some = f"{rejected:,} record{'s were' if rejected > 1 else ' was'} rejected"
    try:
        with ledger.session.savepoint():
            stage_rejected_keys(ledger, lease, plan, line)
    except UnreadableKey:
        return KeptKeys(False, line, f"{some} without a readable key: no row was deleted.")
    return KeptKeys(True, line, f"{some}: rows with their keys are kept.")


def stage_rejected_keys(ledger: Ledger, lease: Lease, plan: Plan, line: int) -> None:
    """Adds a row to the stage for each rejected record: its key alone, with lines from `line` on.

    Raises UnreadableKey. Then, too, call it in a transaction or savepoint that is rolled back.
    """
    converter, after = _converter(plan, plan.key, lease.import_id), -1
    stage, columns = plan.stage_table(lease.import_id), (*plan.key, *plan.stage_lineage)
    while rejects := ledger.rejects_after(lease.import_id, after, most=_AT_ONCE):
        after = rejects[-1].byte_offset
        # The stage has the key of a duplicate record.
        blocks = list(_blocks(plan, converter, [one for one in rejects if one.code != CODE], line))
        line += len(blocks)
        if blocks:
            ledger.session.load(stage, columns, blocks)


def blocks_of_keys(plan: Plan, key: Sequence[str], rejects: Sequence[Reject]) -> Iterator[Block]:
    """A block with the key alone for each rejected record. Raises UnreadableKey."""
    return _blocks(plan, _converter(plan, key, None), rejects, 1)


def _converter(plan: Plan, key: Sequence[str], import_id: int | None) -> Converter:
    """Converts records to rows of their key alone."""
    dialect = replace(plan.dialect, header=False, preamble=0, rows_after_header=0, repeated=None)
    return Converter(
        converter_spec(
            dialect, plan.contract, plan.header, plan.encoding.name, import_id, chosen=key
        )
    )


def _blocks(
    plan: Plan, converter: Converter, rejects: Sequence[Reject], line: int
) -> Iterator[Block]:
    encoding = plan.dialect.encoding
    for number, reject in enumerate(rejects):
        raw = reject.raw
        if len(raw) >= _MOST_BYTES:
            raise UnreadableKey
        if not encodings.is_utf8(encoding):
            raw = b"".join(encodings.transcode(iter([raw]), encoding))
        data = raw + plan.dialect.line_end
        block = converter.convert(Chunk.of(data), 0, line + number, len(data))
        if (block.records, block.loaded, block.position) != (1, 1, len(data)):
            raise UnreadableKey
        yield block
