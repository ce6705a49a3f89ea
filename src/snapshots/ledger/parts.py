"""The parts of inputs that grow: which import continues which, and where each of them ends.

An import of what an input has gained since its last import is a *tail*. Its row says which import
it continues, and which one has loaded the first part, so that all parts are found at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.model import State
    from snapshots.ports import Session, Value

VERSION = 6
"""The first version of the ledger that knows parts."""
_AS_THEY_ARE = (
    "input", "state", "size", "fingerprint", "records", "loaded", "rejected", "continues",
    "content_hash",
)  # fmt: skip
_PART = ("id", "table_name", "first_part", *_AS_THEY_ARE)
_CUT = ("import_id", "start_offset", "end_offset", "start_line", "end_line", "hash")
_AT_ONCE = 500


class ReadsLedger(Protocol):
    """A `History`, as far as it is needed here."""

    session: Session

    @property
    def no_duplicates(self) -> str:
        """See `History`."""

    def knows(self, version: int) -> bool:
        """See `History`."""


class Part(Struct, frozen=True):
    """An import, as one of those that may have loaded parts of the same input."""

    import_id: int
    input: str
    table: str
    state: State
    size: int | None
    """Of the input when it was imported, as it lies, with all parts before."""
    fingerprint: str | None
    """Of the same bytes."""
    records: int
    loaded: int
    rejected: int
    continues: int | None
    first: int
    """The import that has loaded the first part: this one, if it continues none."""
    content_hash: str | None


class LoadedRange(Struct, frozen=True):
    """A chunk that is accounted for, as far as its bytes can be known again."""

    import_id: int
    start: int
    end: int
    line: int
    end_line: int
    hash: bytes | None


def parts_named(ledger: ReadsLedger, names: Sequence[str]) -> list[Part]:
    """Imports that had bytes of an input of one of these names, newest first."""
    if not ledger.knows(VERSION):
        return []
    marks = ", ".join("?" for _ in names)
    found = _select(
        ledger,
        f"input IN ({marks}) AND COALESCE(kind, '') = 'import' AND fingerprint IS NOT NULL"
        f"{ledger.no_duplicates}",
        names,
    )
    return sorted(found, key=lambda part: part.import_id, reverse=True)


def parts_from(ledger: ReadsLedger, first: int) -> list[Part]:
    """The import that has loaded the first part of an input, and all that continue it; oldest
    first. None where the ledger is older than that."""
    if not ledger.knows(VERSION):
        return []
    found = _select(ledger, "id = ?", (first,)) + _select(ledger, "first_part = ?", (first,))
    return sorted(found, key=lambda part: part.import_id)


def chain(parts: Iterable[Part], last: int) -> list[Part]:
    """The parts up to the import `last`, in the order of the input.

    The first one continues none, unless a part before is missing among those given.
    """
    by_id = {part.import_id: part for part in parts}
    found: list[Part] = []
    at: int | None = last
    while at is not None and at in by_id:
        found.append(by_id[at])
        at = by_id[at].continues
    return found[::-1]


def stands(found: Sequence[Part]) -> bool:
    """Whether these are all parts up to the last one, and each has loaded what it was to."""
    return (
        bool(found)
        and found[0].continues is None
        and all(part.state == "finished" for part in found)
    )


def tails_of(ledger: ReadsLedger, import_id: int) -> list[int]:
    """The imports that continue this one, hold rows or may get some, and were not undone; oldest
    first."""
    if not ledger.knows(VERSION):
        return []
    rows = ledger.session.execute(
        "SELECT id FROM snapshots_imports WHERE continues = ? AND state <> 'undone'"
        " AND (loaded > 0 OR state = 'running' OR id IN (SELECT import_id FROM snapshots_chunks"
        " WHERE loaded > 0)) ORDER BY id",
        (import_id,),
    )
    return [cast("int", row[0]) for row in rows]


def cuts(ledger: ReadsLedger, import_ids: Sequence[int]) -> dict[int, list[LoadedRange]]:
    """The committed chunks of imports, in the order of the input."""
    found: dict[int, list[LoadedRange]] = {import_id: [] for import_id in import_ids}
    for at in range(0, len(import_ids), _AT_ONCE):
        asked = import_ids[at : at + _AT_ONCE]
        marks = ", ".join("?" for _ in asked)
        for cut in _cuts(ledger, f"import_id IN ({marks})", asked):
            found[cut.import_id].append(cut)
    return found


def first_cuts(ledger: ReadsLedger, import_ids: Sequence[int]) -> dict[int, LoadedRange]:
    """Those of the same chunks that begin with the input."""
    found: dict[int, LoadedRange] = {}
    for at in range(0, len(import_ids), _AT_ONCE):
        asked = import_ids[at : at + _AT_ONCE]
        marks = ", ".join("?" for _ in asked)
        where = f"import_id IN ({marks}) AND start_offset = 0"
        found |= {cut.import_id: cut for cut in _cuts(ledger, where, asked)}
    return found


def rows_of(ledger: ReadsLedger, import_ids: Sequence[int]) -> dict[int, int]:
    """How many rows imports have loaded, each with the parts that it continues."""
    there = "CASE state WHEN 'undone' THEN 0 ELSE loaded END"
    what = f"id, {there}, first_part" if ledger.knows(VERSION) else "id, loaded, NULL"
    found: dict[int, int] = {}
    for at in range(0, len(import_ids), _AT_ONCE):
        asked = tuple(import_ids[at : at + _AT_ONCE])
        marks = ", ".join("?" for _ in asked)
        rows = ledger.session.execute(
            f"SELECT {what} FROM snapshots_imports WHERE id IN ({marks})", asked
        )
        for import_id, loaded, first in cast("list[tuple[int, int, int | None]]", rows):
            own = [] if first is None else chain(parts_from(ledger, first), import_id)
            found[import_id] = sum(part.loaded for part in own) if own else loaded
    return found


def _cuts(ledger: ReadsLedger, where: str, params: Sequence[int]) -> list[LoadedRange]:
    rows = ledger.session.execute(
        f"SELECT {', '.join(_CUT)} FROM snapshots_chunks"
        f" WHERE {where} AND end_offset IS NOT NULL ORDER BY import_id, start_offset",
        tuple(params),
    )
    return [LoadedRange(*cast("tuple[int, int, int, int, int, bytes | None]", row)) for row in rows]


def _select(ledger: ReadsLedger, where: str, params: Sequence[Value]) -> list[Part]:
    rows = ledger.session.execute(
        f"SELECT {', '.join(_PART)} FROM snapshots_imports WHERE {where}", tuple(params)
    )
    return [_part(row) for row in rows]


def _part(row: Sequence[Value]) -> Part:
    known: dict[str, Any] = dict(zip(_PART, row, strict=True))
    if known["state"] == "undone":
        known["loaded"] = 0
    return Part(
        import_id=known["id"],
        table=known["table_name"],
        first=known["first_part"] or known["id"],
        **{name: known[name] for name in _AS_THEY_ARE},
    )
