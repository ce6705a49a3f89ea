"""What became of rejects after their import: corrections that were loaded or refused, dismissals.

A reject that is loaded in the end is moved from the one bucket to the other in the transaction of
its row. What it was stays in `snapshots_corrections`, so that both the input and the table can
still be compared with the account.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from snapshots.ledger.rows import insert
from snapshots.model import Reject, TableName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from snapshots.ledger.entry import Entry
    from snapshots.ledger.history import History
    from snapshots.ledger.record import Ledger
    from snapshots.ports import Value

_PAGE = 200
"""Rejects that are read at a time: each has up to 64 KiB of its record."""
_CORRECTIONS = TableName("snapshots_corrections")
_COLUMNS = (
    "import_id", "line", "attempt", "replay", "byte_offset", "replayed_at", "old_column",
    "old_code", "old_reason", "old_record", "correction", "outcome", "new_column", "new_code",
    "new_reason",
)  # fmt: skip
_KEPT = "line, byte_offset, column_name, code, reason, raw, correction, attempts, dismissed_at"


class KeptReject(Struct, frozen=True):
    """A reject as the ledger keeps it, with what was done about it."""

    reject: Reject
    """With the reason for which the last correction was refused, if there was one."""
    correction: bytes | None
    """The last correction, as CSV with commas in UTF-8; None: there was none."""
    attempts: int
    """How often it was corrected or replayed, and stayed a reject."""
    dismissed: bool


class ReplayedReject(Struct, frozen=True):
    """What became of one reject that was replayed."""

    kept: KeptReject
    """The reject before."""
    correction: bytes | None
    """None: its own bytes were replayed."""
    refusal: Reject | None = None
    """Why it is still a reject; None: it is loaded."""


class LoadedCorrection(Struct, frozen=True):
    """A reject that was loaded, and is none any more."""

    replay: int
    """The number of the replay that loaded it."""
    original: Reject
    """As the import has rejected it."""
    correction: bytes | None
    """None: its own bytes were loaded."""
    plan: str | None
    """How its bytes were read, as a plan's JSON; None: by the import's own plan."""


def after(
    history: History, import_id: int, offset: int, codes: Sequence[str] = (), most: int = _PAGE
) -> list[KeptReject]:
    """Reads the first open rejects past a byte of the input: all, or those with some codes."""
    which = f" AND code IN ({', '.join('?' for _ in codes)})" if codes else ""
    is_open = " AND dismissed_at IS NULL" if history.knows(8) else ""
    return _read(
        history,
        f"import_id = ? AND byte_offset > ?{which}{is_open}"
        f" ORDER BY byte_offset{history.target.dialect.limit(most)}",
        (import_id, offset, *codes),
    )


def open_rejects(
    history: History, import_id: int, codes: Sequence[str] = ()
) -> Iterator[KeptReject]:
    """Reads the open rejects in the order of the input, a page at a time."""
    offset = -1
    while page := after(history, import_id, offset, codes):
        yield from page
        offset = page[-1].reject.byte_offset


def of_lines(history: History, import_id: int, lines: Sequence[int]) -> dict[int, KeptReject]:
    """Reads the rejects of some lines, dismissed ones included."""
    if not lines:
        return {}
    marks = ", ".join("?" for _ in lines)
    found = _read(history, f"import_id = ? AND line IN ({marks})", (import_id, *lines))
    return {one.reject.line: one for one in found}


def _read(history: History, where: str, params: tuple[Value, ...]) -> list[KeptReject]:
    kept = _KEPT if history.knows(8) else f"{_KEPT.partition(', correction')[0]}, NULL, 0, NULL"
    rows = history.session.execute(f"SELECT {kept} FROM snapshots_rejects WHERE {where}", params)
    return [
        KeptReject(
            _reject((line, offset, column, code, reason, raw)),
            None if correction is None else bytes(cast("bytes", correction)),
            cast("int", attempts),
            dismissed is not None,
        )
        for line, offset, column, code, reason, raw, correction, attempts, dismissed in rows
    ]


def loaded(history: History, import_id: int, lines: Sequence[int]) -> dict[int, LoadedCorrection]:
    """Reads which of some lines were rejects, and were loaded since."""
    if not lines:
        return {}
    marks = ", ".join("?" for _ in lines)
    found = _loaded(history, f"AND c.line IN ({marks})", (import_id, *lines))
    return {one.original.line: one for one in found}


def all_loaded(history: History, import_id: int, line: int) -> Iterator[LoadedCorrection]:
    """Reads all rejects from a line on that were loaded since, in the order of the input."""
    if not history.knows(8):
        return
    most = history.target.dialect.limit(_PAGE)
    while page := _loaded(history, f"AND c.line >= ? ORDER BY c.line{most}", (import_id, line)):
        yield from page
        line = page[-1].original.line + 1


def _loaded(history: History, which: str, params: tuple[Value, ...]) -> list[LoadedCorrection]:
    rows = history.session.execute(
        "SELECT c.line, c.byte_offset, f.old_column, f.old_code, f.old_reason, f.old_record,"
        " c.correction, c.replay, r.plan FROM snapshots_corrections c"
        " JOIN snapshots_corrections f"
        " ON f.import_id = c.import_id AND f.line = c.line AND f.attempt = 1"
        " LEFT JOIN snapshots_replays r ON r.import_id = c.import_id AND r.number = c.replay"
        f" WHERE c.import_id = ? AND c.outcome = 'loaded' {which}",
        params,
    )
    return [
        LoadedCorrection(
            cast("int", replay),
            _reject(tuple(row)),
            None if correction is None else bytes(cast("bytes", correction)),
            None if plan is None else str(plan),
        )
        for *row, correction, replay, plan in rows
    ]


def changed(history: History, import_id: int, line: int) -> Iterator[Reject]:
    """Reads rejects from a line on whose reason is another one since they were replayed, as they
    were at first, in the order of the input."""
    if not history.knows(8):
        return
    most = history.target.dialect.limit(_PAGE)
    while True:
        rows = history.session.execute(
            "SELECT c.line, c.byte_offset, c.old_column, c.old_code, c.old_reason, c.old_record"
            " FROM snapshots_corrections c JOIN snapshots_rejects r"
            " ON r.import_id = c.import_id AND r.byte_offset = c.byte_offset"
            " WHERE c.import_id = ? AND c.attempt = 1 AND c.line >= ?"
            f" ORDER BY c.line{most}",
            (import_id, line),
        )
        if not rows:
            return
        yield from map(_reject, rows)
        line = cast("int", rows[-1][0]) + 1


def lock(ledger: Ledger, import_id: int) -> tuple[int, str] | None:
    """Keeps others from changing an import until the transaction ends; returns its fence and its
    state. None: there is none."""
    rows = ledger.session.execute(
        f"SELECT fence, state FROM snapshots_imports WHERE id = ?{ledger.target.dialect.row_lock}",
        (import_id,),
    )
    return (cast("int", rows[0][0]), str(rows[0][1])) if rows else None


def begin(ledger: Ledger, import_id: int, by: str, name: str, plan: str | None) -> int:
    """Writes that a replay begins to change something; returns its number. Call it in the
    transaction of its first change, which holds the lock of the import."""
    ((newest,),) = ledger.session.execute(
        "SELECT COALESCE(MAX(number), 0) FROM snapshots_replays WHERE import_id = ?", (import_id,)
    )
    number = cast("int", newest) + 1
    insert(
        ledger.session,
        "snapshots_replays",
        {
            "import_id": import_id,
            "number": number,
            "begun_at": ledger.now,
            "by_whom": by,
            "input": name,
            "plan": plan,
        },
    )
    return number


def settle(ledger: Ledger, entry: Entry, replay: int, done: Sequence[ReplayedReject]) -> None:
    """Moves what was loaded from rejected to loaded, gives the rest its new reason, and keeps all
    of it as history. Call it in the transaction that loads the rows, under the import's lock."""
    if not done:
        return
    session, import_id = ledger.session, entry.import_id
    ((now,),) = session.execute(f"SELECT {ledger.now}")
    session.insert(_CORRECTIONS, _COLUMNS, [_history(import_id, replay, now, one) for one in done])
    taken = [one for one in done if one.refusal is None]
    if left := [(one, one.refusal) for one in done if one.refusal is not None]:
        session.executemany(
            "UPDATE snapshots_rejects SET column_name = ?, code = ?, reason = ?,"
            " correction = COALESCE(?, correction), attempts = attempts + 1"
            " WHERE import_id = ? AND byte_offset = ?",
            [
                (
                    refusal.column,
                    refusal.code,
                    refusal.reason,
                    one.correction,
                    import_id,
                    one.kept.reject.byte_offset,
                )
                for one, refusal in left
            ],
        )
    if taken:
        _move(ledger, import_id, taken)


def _move(ledger: Ledger, import_id: int, taken: Sequence[ReplayedReject]) -> None:
    session, chunks = ledger.session, ledger.chunks(import_id)
    lines = [chunk.start_line for chunk in chunks]
    # A line is of the last chunk that began before it.
    of_chunks = Counter(
        chunks[bisect_right(lines, one.kept.reject.line) - 1].start for one in taken
    )
    session.executemany(
        "DELETE FROM snapshots_rejects WHERE import_id = ? AND byte_offset = ?",
        [(import_id, one.kept.reject.byte_offset) for one in taken],
    )
    session.executemany(
        "UPDATE snapshots_chunks SET loaded = loaded + ?, rejected = rejected - ?"
        " WHERE import_id = ? AND start_offset = ?",
        [(n, n, import_id, start) for start, n in of_chunks.items()],
    )
    n, dismissed = len(taken), sum(one.kept.dismissed for one in taken)
    # What publishing has counted is NULL where rows were seen as soon as they were loaded.
    session.execute(
        "UPDATE snapshots_imports SET loaded = loaded + ?, rejected = rejected - ?,"
        " corrected = corrected + ?, dismissed = dismissed - ?, inserted = inserted + ?"
        " WHERE id = ?",
        (n, n, n, dismissed, n, import_id),
    )


def _history(import_id: int, replay: int, now: Value, one: ReplayedReject) -> tuple[Value, ...]:
    old, new = one.kept.reject, one.refusal
    return (
        import_id, old.line, one.kept.attempts + 1, replay, old.byte_offset, now, old.column,
        old.code, old.reason, old.raw, one.correction, "loaded" if new is None else "rejected",
        *((None, None, None) if new is None else (new.column, new.code, new.reason)),
    )  # fmt: skip


def dismiss(
    ledger: Ledger, import_id: int, line: int | None, codes: Sequence[str], because: str
) -> int:
    """Dismisses open rejects: all of an import, that of a line, or those with some codes. Returns
    how many. Call it in a transaction that holds the import's lock."""
    where, params = "import_id = ? AND dismissed_at IS NULL", [cast("Value", import_id)]
    if line is not None:
        where += " AND line = ?"
        params.append(line)
    if codes:
        where += f" AND code IN ({', '.join('?' for _ in codes)})"
        params += codes
    ((count,),) = ledger.session.execute(
        f"SELECT COUNT(*) FROM snapshots_rejects WHERE {where}", params
    )
    if count:
        ledger.session.execute(
            f"UPDATE snapshots_rejects SET dismissed_at = {ledger.now}, because = ? WHERE {where}",
            (because, *params),
        )
        ledger.session.execute(
            "UPDATE snapshots_imports SET dismissed = dismissed + ? WHERE id = ?",
            (count, import_id),
        )
    return cast("int", count)


def open_counts(history: History, import_id: int) -> dict[str, int]:
    """Counts the open rejects of an import by code, the most frequent first."""
    is_open = " AND dismissed_at IS NULL" if history.knows(8) else ""
    rows = history.session.execute(
        f"SELECT code, COUNT(*) FROM snapshots_rejects WHERE import_id = ?{is_open}"
        " GROUP BY code ORDER BY 2 DESC, 1",
        (import_id,),
    )
    return {str(code): cast("int", count) for code, count in rows}


def _reject(row: Iterable[Value]) -> Reject:
    line, offset, column, code, reason, raw = row
    return Reject(
        cast("int", line),
        cast("int", offset),
        cast("str | None", column),
        cast("str", code),
        cast("str", reason),
        bytes(cast("bytes", raw)),
    )
