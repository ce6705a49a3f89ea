"""Begins imports and deliveries in the ledger: each gets its number and its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots import inner_names
from snapshots.ledger.record import Lease

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.ledger.record import Ledger
    from snapshots.ledger.rows import Row
    from snapshots.model import RunKind
    from snapshots.ports import Identity

# A database without statistics of a new ledger thinks every index as good as another: written so,
# only those of the name and of the fingerprint can be used.
_REPLACED = (
    "(SELECT MAX(id + 0) FROM snapshots_imports WHERE input = ? AND table_name = ?"
    " AND COALESCE(kind, '') = ? AND COALESCE(state, '') = 'finished'"
    " AND (fingerprint <> ? OR content_hash <> ?))"
)
_NAMED = (
    "(SELECT {what} FROM snapshots_imports WHERE input = ? AND COALESCE(kind, '') = 'import'"
    " AND fingerprint IS NOT NULL)"
)
_LOOKALIKES = (
    "(SELECT {what} FROM snapshots_imports WHERE fingerprint = ? AND COALESCE(kind, '') = ?)"
)


class Place(Struct, frozen=True):
    """The place of a new import among the others."""

    import_id: int
    replaces: int | None
    """The import whose content this one's succeeds."""
    lookalikes: tuple[int, int | None]
    """How many imports there are of inputs that may have the same bytes, and the newest of them."""
    named: tuple[int, int | None]
    """The same of inputs that had its name."""


def take_place(
    ledger: Ledger,
    kind: RunKind,
    identity: Identity,
    content_hash: str | None,
    table: str,
    number: int | None = None,
    parts: Sequence[int] = (),
) -> Place:
    """Takes a number for a new import, or the one that was taken for it before, and looks at the
    others. Call it within `Ledger.writing`, with the locks of the input. `parts`: the imports of
    the parts before it, which it does not replace."""
    alike, name = (identity.fingerprint, kind), (identity.name,)
    import_id, (replaces, count, newest, named, newest_named) = ledger.numbers.take(
        number,
        f"{_REPLACED}, {_LOOKALIKES.format(what='COUNT(*)')},"
        f" {_LOOKALIKES.format(what='MAX(id + 0)')}, {_NAMED.format(what='COUNT(*)')},"
        f" {_NAMED.format(what='MAX(id + 0)')}",
        (*name, table, kind, identity.fingerprint, content_hash, *alike, *alike, *name, *name),
    )
    return Place(
        import_id,
        cast(
            "int | None",
            None if inner_names.nameless(identity.name) or replaces in parts else replaces,
        ),
        (cast("int", count), cast("int | None", newest)),
        (cast("int", named), cast("int | None", newest_named)),
    )


def begin(
    ledger: Ledger,
    kind: RunKind,
    identity: Identity,
    content_hash: str | None,
    table: str,
    plan: str,
    owner: str,
    number: int | None = None,
    parts: Sequence[int] = (),
    *,
    new_table: bool = False,
) -> Lease:
    """Writes a new import or delivery that runs. Call it within `Ledger.writing`.

    `number` is one that was taken for this import before, in a transaction that was rolled back.
    `parts`: the imports of the parts before this one, which it continues. `new_table`: there is no
    table yet, so that no rows of an earlier import are in it.
    """
    place = take_place(ledger, kind, identity, content_hash, table, number, parts)
    replaces = None if new_table else place.replaces
    ledger.numbers.write(
        place.import_id,
        {
            "kind": kind,
            **identity_row(identity),
            "content_hash": content_hash,
            "table_name": table,
            "state": "running",
            "plan": plan,
            "started_at": ledger.now,
            "owner": owner,
            "heartbeat_at": ledger.now,
            "fence": 1,
            "replaces": replaces,
            # The chunks of a delivery are in the ledger before they are decided.
            "chunks": 0 if kind == "import" else None,
            **parts_row(parts),
        },
    )
    return Lease(place.import_id, 1, owner, replaces, parts[-1] if parts else None)


def refuse(ledger: Ledger, identity: Identity, table: str, error: str, code: str) -> int:
    """Writes an import that failed before it had a plan, and returns its number.

    Call it within `Ledger.writing`, with the lock of the name.
    """
    import_id, _ = ledger.numbers.take()
    ledger.numbers.write(
        import_id,
        {
            "kind": "import",
            **identity_row(identity),
            "table_name": table,
            "state": "failed",
            "plan": "",
            "error": error,
            "error_code": code,
            **dict.fromkeys(("started_at", "finished_at", "heartbeat_at"), ledger.now),
        },
    )
    return import_id


def replaced_by(ledger: Ledger, row: Row, table: str, parts: Sequence[int]) -> int | None:
    """The import whose content that of a queued one succeeds; `row` says what its input is."""
    ((found,),) = ledger.session.execute(
        f"SELECT {_REPLACED}",
        (row["input"], table, "import", row["fingerprint"], row["content_hash"]),
    )
    return None if found in parts else cast("int | None", found)


def parts_row(parts: Sequence[int]) -> Row:
    """Which imports an import continues, as columns of snapshots_imports."""
    return {"continues": parts[-1], "first_part": parts[0]} if parts else {}


def identity_row(identity: Identity) -> Row:
    """What is known of an input, as columns of snapshots_imports."""
    return {
        "input": identity.name,
        "size": identity.size,
        "mtime_ns": identity.mtime_ns,
        "inode": None if identity.inode is None else str(identity.inode),
        "etag": identity.etag,
        "fingerprint": identity.fingerprint,
    }
