"""The result where an earlier run has done all that there is to do for an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.events import ImportResult
from snapshots.errors import sentence

if TYPE_CHECKING:
    from snapshots.engine.input.identity import KnownInput
    from snapshots.engine.input.versions import PreviousImport
    from snapshots.ledger.entry import Entry
    from snapshots.ports import Target


def _after_others(entry: Entry) -> str:
    """The imports that one of the last part of an input continues, as a part of a sentence."""
    if entry.continues is None:
        return ""
    first = entry.first_part if entry.first_part != entry.continues else None
    begun = "" if first is None else f" and began with {first}"
    return f", which continues {entry.continues}{begun}"


def already(
    previous: PreviousImport,
    target: Target,
    given: str,
    known: KnownInput | None = None,
    *,
    how: str | None = None,
) -> ImportResult:
    """The result where an earlier run has loaded or delivered the input, under any name.

    `known` is what was found of its tables, if that was asked. `how` follows on "To load it again".
    """
    entry = previous.entry
    done = "imported" if entry.kind == "import" else "delivered"
    when = entry.finished_at or entry.started_at
    which = f"{entry.import_id}{_after_others(entry)}"
    message = f"Already {done} as {which} ({entry.input}, {when})."
    how = how or f", add --again{previous.also}."
    hint = f"To {'load' if entry.kind == 'import' else 'send'} it again{how}"
    if previous.superseded_by is not None:
        message += f" It is superseded by import {previous.superseded_by}."
    if entry.damage is not None:
        message += f" {entry.damage}"
        hint = "Restore the ledger's tables from a backup before you load anything again."
    if known is not None and known.emptied:
        message += f" Its table {entry.table} is empty now."
    if known is not None and known.lost:
        message += f" {sentence(known.lost)}"
        hint += f" To load it into {known.likely} again, add --table {known.likely}."
    elif known is not None and known.elsewhere:
        message += f" Its rows are in table {entry.table}."
        hint = f"To load it into {known.elsewhere}, too, add --table {known.elsewhere}."
    return ImportResult(
        record=entry.record(target.display()),
        counts=entry.counts,
        outcome=f"already_{done}",
        exit_code=5,
        message=message,
        rejects_by_code={},
        hint=hint,
        given=given,
        emptied=known is not None and known.emptied,
    )
