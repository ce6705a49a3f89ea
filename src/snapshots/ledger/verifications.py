"""What comparing a table with its input has come to: the last time for each import."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from snapshots.ledger.times import seconds_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.ledger.history import History

SINCE = 5
"""The version of the ledger that has the table."""

RESULTS = {
    "equal": "the table has what the input had",
    "differs": "the table differs from the input",
    "ledger_damaged": "the ledger does not add up",
    "not_compared": "the values were not compared",
}
"""In words."""

VerificationState = Literal["running", "interrupted", "finished"]


@dataclass(frozen=True, slots=True)
class Verification:
    """One verification as the ledger holds it."""

    import_id: int
    state: VerificationState
    result: str | None
    """Of a finished one."""
    started_at: str
    finished_at: str | None
    owner: str | None
    by: str
    """Who asked for it: user and host."""
    wishes: str
    """What shapes it, as JSON: one with others does not go on with it."""
    next_offset: int
    next_line: int
    """Where it goes on: behind the last chunk that was compared."""
    report: Mapping[str, Any]
    heartbeat_age: float


def find(ledger: History, import_id: int) -> Verification | None:
    """The last verification of an import."""
    if not ledger.knows(SINCE):
        return None
    rows = ledger.session.execute(
        "SELECT import_id, state, result, started_at, finished_at, owner, by_whom, wishes,"
        f" next_offset, next_line, report, heartbeat_at, {ledger.target.dialect.now} AS now_at"
        " FROM snapshots_verifications WHERE import_id = ?",
        (import_id,),
    )
    for row in cast("list[tuple[Any, ...]]", rows):
        report, heartbeat_at, now = row[10:]
        return Verification(*row[:10], json.loads(report), seconds_between(heartbeat_at, now))  # type: ignore[call-arg]
    return None


def begin(
    ledger: History, import_id: int, owner: str, by: str, wishes: str, report: Mapping[str, Any]
) -> None:
    """A new one, in place of the last."""
    now = ledger.target.dialect.now
    session = ledger.session
    with session.transaction():
        session.execute("DELETE FROM snapshots_verifications WHERE import_id = ?", (import_id,))
        session.execute(
            "INSERT INTO snapshots_verifications (import_id, state, started_at, heartbeat_at,"
            " owner, by_whom, wishes, next_offset, next_line, report)"
            f" VALUES (?, 'running', {now}, {now}, ?, ?, ?, 0, 1, ?)",
            (import_id, owner, by, wishes, json.dumps(report)),
        )


def go_on(ledger: History, import_id: int, owner: str) -> None:
    """Takes one up that was interrupted."""
    ledger.session.execute(
        "UPDATE snapshots_verifications SET state = 'running', owner = ?,"
        f" heartbeat_at = {ledger.target.dialect.now} WHERE import_id = ?",
        (owner, import_id),
    )


def advance(
    ledger: History, import_id: int, owner: str, offset: int, line: int, report: Mapping[str, Any]
) -> None:
    """Notes that everything before a byte of the input has been compared."""
    ledger.session.execute(
        "UPDATE snapshots_verifications SET next_offset = ?, next_line = ?, report = ?,"
        f" heartbeat_at = {ledger.target.dialect.now} WHERE import_id = ? AND owner = ?",
        (offset, line, json.dumps(report), import_id, owner),
    )


def heartbeat(ledger: History, import_id: int, owner: str) -> None:
    """Says that the owner lives."""
    ledger.session.execute(
        f"UPDATE snapshots_verifications SET heartbeat_at = {ledger.target.dialect.now}"
        " WHERE import_id = ? AND owner = ?",
        (import_id, owner),
    )


def interrupt(ledger: History, import_id: int, owner: str) -> None:
    """Notes that nobody works on it any more; the next one goes on with it."""
    ledger.session.execute(
        "UPDATE snapshots_verifications SET state = 'interrupted', owner = NULL"
        " WHERE import_id = ? AND owner = ?",
        (import_id, owner),
    )


def end(
    ledger: History, import_id: int, owner: str, result: str, report: Mapping[str, Any]
) -> None:
    """Notes the result."""
    ledger.session.execute(
        "UPDATE snapshots_verifications SET state = 'finished', result = ?,"
        f" finished_at = {ledger.target.dialect.now}, report = ? WHERE import_id = ? AND owner = ?",
        (result, json.dumps(report), import_id, owner),
    )
