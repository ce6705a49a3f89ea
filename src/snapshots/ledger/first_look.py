"""What the ledger is asked of nearly every input: in one statement, for most inputs are new."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.model import RunKind


class FirstLook(Struct, frozen=True):
    """What the ledger has of an input by its name and its fingerprint."""

    named: tuple[int, int | None]
    """See `History.named`."""
    may_have_parts: bool
    """Whether `parts.parts_named` may find something."""
    lookalikes: tuple[Entry, ...]
    """See `History.lookalikes`."""


def first_look(
    ledger: History, name: str, fingerprint: str, kind: RunKind, names: Sequence[str]
) -> FirstLook:
    """Looks an input up. `names`: how it may have been called when its beginning was imported."""
    marks = ", ".join("?" for _ in names)
    named = (
        "FROM snapshots_imports WHERE {which} AND COALESCE(kind, '') = 'import'"
        " AND fingerprint IS NOT NULL)"
    )
    own, others = named.format(which="input = ?"), named.format(which=f"input IN ({marks})")
    ((count, newest, parts, alike),) = ledger.session.execute(
        f"SELECT (SELECT COUNT(*) {own}, (SELECT MAX(id + 0) {own}, (SELECT COUNT(*) {others},"
        " (SELECT COUNT(*) FROM snapshots_imports WHERE fingerprint = ?)",
        (name, name, *names, fingerprint),
    )
    return FirstLook(
        (cast("int", count), cast("int | None", newest)),
        bool(parts),
        tuple(ledger.lookalikes(fingerprint, kind)) if alike else (),
    )
