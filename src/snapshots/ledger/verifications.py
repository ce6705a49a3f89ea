"""The last verification of each import, as the ledger stores it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, cast

from msgspec import Struct

from snapshots.ledger.times import seconds_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.ledger.history import History

SINCE = 5
"""The first version of the ledger with the table snapshots_verifications."""

RESULTS = {
    "equal": "the table has what the input had",
    "differs": "the table differs from the input",
    "ledger_damaged": "the ledger is inconsistent",
    "not_compared": "the values were not compared",
}
"""The results, in words."""

VerificationState = Literal["running", "interrupted", "finished"]


class Verification(Struct, frozen=True):
    """One verification of an import, as read from the ledger."""

    import_id: int
    state: VerificationState
    result: str | None
    """The result of a finished verification; None before."""
    started_at: str
    finished_at: str | None
    owner: str | None
    by: str
    """The user and host that asked for it."""
    wishes: str
    """Its options, as JSON. A verification with other options does not continue it."""
    next_offset: int
    next_line: int
    """The first line that is not compared yet. Its byte in the decompressed input is `next_offset`.
    """
    report: Mapping[str, Any]
    """The report so far, as `VerifyReport.to_object` makes it."""
    heartbeat_age: float
    """Seconds since the owner's last heartbeat, by the database's clock."""


def find(ledger: History, import_id: int) -> Verification | None:
    """Returns the last verification of an import; None if it was never verified."""
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
    """Starts a verification, and replaces the last one of the import."""
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
    """Marks an interrupted verification as running again, with a new owner."""
    ledger.session.execute(
        "UPDATE snapshots_verifications SET state = 'running', owner = ?,"
        f" heartbeat_at = {ledger.target.dialect.now} WHERE import_id = ?",
        (owner, import_id),
    )


def advance(
    ledger: History, import_id: int, owner: str, offset: int, line: int, report: Mapping[str, Any]
) -> None:
    """Stores how far the verification is: `offset` and `line` begin the part that is left.

    Does nothing if the verification has another owner now.
    """
    ledger.session.execute(
        "UPDATE snapshots_verifications SET next_offset = ?, next_line = ?, report = ?,"
        f" heartbeat_at = {ledger.target.dialect.now} WHERE import_id = ? AND owner = ?",
        (offset, line, json.dumps(report), import_id, owner),
    )


def heartbeat(ledger: History, import_id: int, owner: str) -> None:
    """Renews the heartbeat, unless the verification has another owner now."""
    ledger.session.execute(
        f"UPDATE snapshots_verifications SET heartbeat_at = {ledger.target.dialect.now}"
        " WHERE import_id = ? AND owner = ?",
        (import_id, owner),
    )


def interrupt(ledger: History, import_id: int, owner: str) -> None:
    """Marks the verification as interrupted, so that the next one continues it."""
    ledger.session.execute(
        "UPDATE snapshots_verifications SET state = 'interrupted', owner = NULL"
        " WHERE import_id = ? AND owner = ?",
        (import_id, owner),
    )


def end(
    ledger: History, import_id: int, owner: str, result: str, report: Mapping[str, Any]
) -> None:
    """Stores the result and the final report, unless the verification has another owner now."""
    ledger.session.execute(
        "UPDATE snapshots_verifications SET state = 'finished', result = ?,"
        f" finished_at = {ledger.target.dialect.now}, report = ? WHERE import_id = ? AND owner = ?",
        (result, json.dumps(report), import_id, owner),
    )
