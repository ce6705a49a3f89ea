"""Whether the input of an import that is resumed is still the one that it was begun with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.engine.input.grown import still_begins_with
from snapshots.engine.input.identity import KnownInput, hash_like, identify, same_input
from snapshots.errors import InputChanged

if TYPE_CHECKING:
    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ports import Source


def require_same(source: Source, entry: Entry, ledger: History, how: str) -> KnownInput:
    """Identifies the input of an import that is resumed. It may have grown since.

    `how` follows on "to load the current input" in the hint of an error.

    Raises InputChanged if its bytes are not those that the import was begun with.
    """
    identity, content_hash = identify(source)
    if content_hash is None and entry.content_hash is not None:
        content_hash = hash_like(source, entry)
    known = KnownInput(identity, content_hash, unfinished=entry)
    if same_input(source, known, entry, ledger):
        return known
    if entry.kind == "import" and still_begins_with(source, entry, ledger):
        return KnownInput(identity, content_hash, unfinished=entry, grew=True)
    raise InputChanged(
        f"the input has changed since {entry.kind} {entry.import_id} began",
        place=identity.name,
        hint=_changed(entry, how),
    )


def _changed(entry: Entry, how: str) -> str:
    if entry.kind == "delivery":
        return "delivered rows stay delivered; send the current input like any other"
    return f"loaded rows stay, with _import_id {entry.import_id}; to load the current input{how}"
