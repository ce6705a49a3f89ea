"""What an API has confirmed of the rows that were sent to an address: one hash for each key.

A row of `snapshots_sent_rows` appears when its key is seen for the first time, before anything is
sent, and is in doubt from then on. Its hash changes in the transaction that writes down that the
API has confirmed the row.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from msgspec import Struct

from snapshots.errors import Forbids, UsageError
from snapshots.ledger.listed_rows import packed, update_sent
from snapshots.ledger.locks import number_of
from snapshots.ledger.rows import insert, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.ledger.history import History
    from snapshots.ledger.record import Lease, Ledger
    from snapshots.ledger.rows import Row
    from snapshots.ports import Session, Value

SINCE: Final = 11
"""The first version of the ledger with these tables."""
_COLUMNS = (
    "number, address, key_columns, seed, import_id, working, unreadable, cursor_column,"
    " cursor_value, next_cursor, changed_at"
)
_KEYS_AT_ONCE = 250
_MAY_BE_THERE = "(row_hash IS NOT NULL OR in_doubt = 1)"
_UNKNOWN = "unknown"
"""Stands for the hash of a row that is there, and was not confirmed."""
_REFUSED: Final[dict[bool | None, dict[str, str]]] = {
    None: {},
    True: {"row_hash": f"COALESCE(t.row_hash, '{_UNKNOWN}')"},
    False: {"row_hash": "NULL"},
}
"""What else changes with a refusal that says whether there is a row."""
_NO_HASH = "-"


class Destination(Struct, frozen=True):
    """An address, and how far the deliveries to it have come."""

    number: int
    address: str
    key: tuple[str, ...]
    seed: str
    """What tells idempotency keys from those of other ledgers."""
    import_id: int
    """The last delivery of rows."""
    working: int
    """The last delivery of any kind."""
    unreadable: int
    """Rejects of the last delivery of rows that do not show their key."""
    cursor_column: str | None
    cursor: str | None
    """The largest confirmed value of that column, as JSON."""
    next_cursor: str | None
    changed_at: str


class SentRow(NamedTuple):
    """What the ledger knows of one key."""

    version: int
    """The delivery that first sent what is in doubt, or was sent last."""
    sent_hash: str | None
    """The hash of that row; empty for a DELETE, None after a refusal."""

    row_hash: str | None
    in_doubt: bool
    import_id: int
    line: int


class SeenRow(NamedTuple):
    """A key that an input has."""

    key_hash: str
    key_text: str
    line: int
    in_doubt: bool
    """The row is about to be sent, or was in doubt before."""
    version: int
    sent_hash: str | None


class LostRow(NamedTuple):
    """A key that an input does not have any more."""

    key_hash: str
    key_text: str
    """The members of the key, as a JSON object."""


class RefusedRow(NamedTuple):
    """A row that the API has refused."""

    key_hash: str
    in_doubt: bool
    """It may have another row of this key than it has confirmed."""
    there: bool | None
    """Whether it has a row of this key, if the answer says so."""


class Confirmed(Struct, frozen=True):
    """Rows of one chunk that the API has confirmed since the last account."""

    destination: int
    rows: Sequence[tuple[str, str]]
    """The hash of each key, and that of its row."""
    refused: Sequence[RefusedRow] = ()
    """Rows that it has refused."""
    deleted: bool = False


class SentTotals(Struct, frozen=True):
    """What one delivery has done to the rows of its destination."""

    new: int
    changed: int
    seen: int
    """Keys that the input has."""
    before: int
    """Keys that the API had before, or may have had."""
    vanished: int
    """Those of them that the input lacks."""


def number(address: str) -> int:
    """The number of an address. No two have the same, as far as 64 bits can tell."""
    return number_of(f"destination {address}")


def find(history: History, address: str) -> Destination | None:
    """Returns a destination; None if nothing was sent there by key or by cursor."""
    found = _read(history, " WHERE number = ?", (number(address),))
    return found[0] if found else None


def every(history: History) -> list[Destination]:
    """Returns all destinations, by address."""
    return sorted(_read(history, "", ()), key=lambda one: one.address)


def claim(
    ledger: Ledger,
    lease: Lease,
    address: str,
    key: Sequence[str],
    cursor_column: str | None,
    *,
    rows: bool,
) -> Destination:
    """Makes a delivery the one that works on a destination; `rows`: it is one of rows.

    Call it in a transaction, after `find` has shown that nobody else works on it. Raises Forbids
    where a later delivery was begun, and UsageError where the columns are others than before.
    """
    now = ledger.now
    known = find(ledger, address)
    mine = lease.import_id
    if known is None:
        row: Row = {
            "number": number(address),
            "address": address,
            "key_columns": json.dumps(list(key)),
            "seed": secrets.token_hex(16),
            "import_id": mine,
            "working": mine,
            "unreadable": 0,
            "cursor_column": cursor_column,
            "changed_at": now,
        }
        insert(ledger.session, "snapshots_destinations", row)
        return cast("Destination", find(ledger, address))
    _require_same_columns(known, tuple(key), cursor_column)
    if known.working > mine or known.import_id > mine:
        raise Forbids(
            f"delivery {max(known.working, known.import_id)} has sent later rows to this address:"
            f" delivery {mine} would bring older ones back",
            place=address,
            hint="send the current input: only what changed is sent",
        )
    changes: Row = {"working": mine, "changed_at": now}
    if rows and known.import_id != mine:
        changes = {**changes, "import_id": mine, "unreadable": 0, "next_cursor": None}
    if cursor_column is not None:
        changes = {**changes, "cursor_column": cursor_column}
    update(ledger.session, "snapshots_destinations", changes, "number = ?", (known.number,))
    return cast("Destination", find(ledger, address))


def _require_same_columns(known: Destination, key: tuple[str, ...], cursor: str | None) -> None:
    if known.key != key:
        was = f"by the key {', '.join(known.key)}" if known.key else "without a key"
        raise UsageError(
            f"rows were sent to this address {was}",
            place=known.address,
            hint="Use the same columns, or forget what was sent: snapshots state URL --reset.",
        )
    if None not in (known.cursor_column, cursor) and known.cursor_column != cursor:
        raise UsageError(
            f"rows were sent to this address by the column {known.cursor_column}",
            place=known.address,
            hint="Use the same column, or forget what was sent: snapshots state URL --reset.",
        )


def known_rows(session: Session, destination: int, keys: Sequence[str]) -> dict[str, SentRow]:
    """What is known of keys, by their hashes; those that were never seen are missing."""
    found: dict[str, SentRow] = {}
    for marks, some in _some_at_once(keys):
        for key, version, sent_hash, row_hash, doubt, import_id, line in session.execute(
            "SELECT key_hash, version, sent_hash, row_hash, in_doubt, import_id, line"
            " FROM snapshots_sent_rows"
            f" WHERE destination = ? AND key_hash IN ({marks})",
            (destination, *some),
        ):
            values: Any = (version, sent_hash, row_hash, bool(doubt), import_id, line)
            found[str(key)] = SentRow(*values)
    return found


def see(
    ledger: History,
    destination: int,
    import_id: int,
    new: Sequence[SeenRow],
    known: Sequence[SeenRow],
) -> None:
    """Notes in which line a delivery has seen keys. Those that are new are in doubt."""
    if new:
        # Drivers send such an INSERT at once if it has nothing but marks.
        ledger.session.executemany(
            "INSERT INTO snapshots_sent_rows"
            " (destination, key_hash, key_text, in_doubt, version, sent_hash, import_id, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(destination, row.key_hash, row.key_text, 1),
                    *(row.version, row.sent_hash, import_id, row.line),
                )
                for row in new
            ],
        )
    if known:
        fields = ("key_hash", "line", "in_doubt", "version", "sent_hash")
        rows = packed(
            (
                (
                    *(row.key_hash, row.line, int(row.in_doubt), row.version),
                    _NO_HASH if row.sent_hash is None else row.sent_hash,
                )
                for row in known
            ),
            fields,
        )
        news = {name: f"s.{name}" for name in ("line", "in_doubt", "version")}
        news |= {"import_id": str(import_id), "sent_hash": f"NULLIF(s.sent_hash, '{_NO_HASH}')"}
        update_sent(ledger, destination, fields, rows, news)


def delete(ledger: History, destination: int, versions: Sequence[tuple[str, int]]) -> None:
    """Notes that keys are about to be deleted, with the delivery that did so first."""
    fields = ("key_hash", "version")
    news = {"in_doubt": "1", "version": "s.version", "sent_hash": "''"}
    update_sent(ledger, destination, fields, packed(versions, fields), news)


def note(session: Session, destination: int, *, unreadable: int, cursor: str | None) -> None:
    """Adds rejects without a readable key, and sets the largest value that was read."""
    session.execute(
        "UPDATE snapshots_destinations SET unreadable = unreadable + ?, next_cursor = ?"
        " WHERE number = ?",
        (unreadable, cursor, destination),
    )


def confirm(ledger: History, import_id: int, confirmed: Confirmed) -> None:
    """Notes that the API has taken rows, deleted them or refused them."""
    number_, rows = confirmed.destination, confirmed.rows
    for there, hash_ in _REFUSED.items():
        if refused := [row for row in confirmed.refused if row.there is there]:
            pairs = ((row.key_hash, int(row.in_doubt)) for row in refused)
            fields = ("key_hash", "in_doubt")
            news = {"in_doubt": "s.in_doubt", "sent_hash": "NULL", **hash_}
            update_sent(ledger, number_, fields, packed(pairs, fields), news)
    if not rows:
        return
    if confirmed.deleted:
        for marks, some in _some_at_once([key for key, _ in rows]):
            ledger.session.execute(
                f"DELETE FROM snapshots_sent_rows WHERE destination = ? AND key_hash IN ({marks})",
                (number_, *some),
            )
        return
    fields = ("key_hash", "row_hash")
    news = {"row_hash": "s.row_hash", "in_doubt": "0", "sent_by": str(import_id)}
    news["first_by"] = f"COALESCE(t.first_by, {import_id:d})"
    update_sent(ledger, number_, fields, packed(rows, fields), news)


def _some_at_once(keys: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yields some of the keys after the other, with as many marks of a statement."""
    for at in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[at : at + _KEYS_AT_ONCE]
        yield ", ".join("?" * len(some)), some


def finish(session: Session, destination: int) -> None:
    """Moves the cursor, once all rows of a delivery are decided."""
    session.execute(
        "UPDATE snapshots_destinations SET cursor_value = COALESCE(next_cursor, cursor_value)"
        " WHERE number = ?",
        (destination,),
    )


def totals(ledger: History, destination: int, import_id: int) -> SentTotals:
    """Counts the rows of a destination by what a delivery has done to them. Reads all of them."""
    integer = ledger.target.dialect.as_integer
    vanished_ = f"import_id <> ? AND {_MAY_BE_THERE}"
    sums = (
        "first_by = ?",
        "sent_by = ? AND first_by <> sent_by",
        "import_id = ?",
        f"first_by <> ? OR (first_by IS NULL AND {vanished_})",
        vanished_,
    )
    marks = ", ".join(
        integer(f"COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)") for condition in sums
    )
    (counts,) = ledger.session.execute(
        f"SELECT {marks} FROM snapshots_sent_rows WHERE destination = ?",
        (*(import_id,) * marks.count("?"), destination),
    )
    return SentTotals(*cast("tuple[int, int, int, int, int]", counts))


def vanished(history: History, found: Destination, most: int, after: str = "") -> list[LostRow]:
    """The first keys that the last delivery of rows has not seen, in the order of their hashes;
    `after` is the last hash that was read."""
    rows = history.session.execute(
        "SELECT key_hash, key_text FROM snapshots_sent_rows"
        f" WHERE destination = ? AND import_id <> ? AND key_hash > ? AND {_MAY_BE_THERE}"
        " ORDER BY key_hash"
        f"{history.target.dialect.limit(most)}",
        (found.number, found.import_id, after),
    )
    return [LostRow(str(key), str(text)) for key, text in rows]


def one_key(history: History, destination: int) -> str | None:
    """The key of a row that the API has, as a JSON object; None: it has none."""
    rows = history.session.execute(
        "SELECT key_text FROM snapshots_sent_rows WHERE destination = ? AND row_hash IS NOT NULL"
        f"{history.target.dialect.limit(1)}",
        (destination,),
    )
    return str(rows[0][0]) if rows else None


def rows_of(history: History, found: Destination) -> int:
    """How many rows the API is known to have."""
    ((count,),) = history.session.execute(
        "SELECT COUNT(*) FROM snapshots_sent_rows WHERE destination = ? AND row_hash IS NOT NULL",
        (found.number,),
    )
    return cast("int", count)


def reset(ledger: Ledger, found: Destination) -> None:
    """Forgets what was sent to a destination. Call it in a transaction."""
    for table, column in (("sent_rows", "destination"), ("destinations", "number")):
        ledger.session.execute(f"DELETE FROM snapshots_{table} WHERE {column} = ?", (found.number,))


def _read(history: History, where: str, params: tuple[Value, ...]) -> list[Destination]:
    if not history.knows(SINCE):
        return []
    rows = history.session.execute(f"SELECT {_COLUMNS} FROM snapshots_destinations{where}", params)
    return [
        Destination(number_, address, tuple(json.loads(key)), *others)
        for number_, address, key, *others in cast("list[tuple[Any, ...]]", rows)
    ]
