"""Adds up a ledger: all imports, with which metrics begin, and all deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct, field

from snapshots.ledger import awaiting_parents
from snapshots.ledger.times import seconds_between, unix_time
from snapshots.model import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from snapshots.ledger.history import History


_OF_IMPORTS = "WHERE import_id IN (SELECT id FROM snapshots_imports WHERE kind = 'import')"


class LedgerTotals(Struct, frozen=True):
    """The account of all records that were ever committed, but for those that wait for others,
    and for rows that wait in a stage."""

    counts: Counts = field(default_factory=Counts)
    bytes: int = 0
    """Of input as the kernel sees it: decompressed, in UTF-8."""
    rejects_by_code: Mapping[str, int] = field(default_factory=dict)
    newest: int = 0
    """The number of the last import."""
    finished: int = 0
    """How many imports have finished."""


class StateCounts(Struct, frozen=True):
    """How many imports are in which state."""

    imports: Mapping[str, int] = field(default_factory=dict)
    finished: int = 0
    """How many have finished, those that were undone later included."""
    last_success: float | None = None
    """When the last import finished, as `time.time()` has it, by the database's clock."""
    delivered: Counts = field(default_factory=Counts)
    """Of the records of all deliveries."""
    pending: int = 0
    """Records of deliveries that are not decided yet."""


def totals(history: History) -> LedgerTotals:
    """Reads every chunk and every reject once: for the beginning of a process, not for often.

    In one statement, so that all of it is of one moment, whatever others commit meanwhile.
    """
    columns = ("records", "loaded", "rejected", "skipped", "end_offset - start_offset")
    as_integer = history.target.dialect.as_integer
    sums = ", ".join(as_integer(f"COALESCE(SUM({column}), 0)") for column in columns)
    rows = history.session.execute(
        f"SELECT 'chunks', '', {sums} FROM snapshots_chunks {_OF_IMPORTS}"
        " UNION ALL SELECT 'imports', '', COALESCE(MAX(id), 0),"
        # One that only found its bytes loaded has no plan, in a ledger of any version.
        f" COUNT(CASE WHEN kind = 'import' AND {_was_finished(history)} AND plan <> '' THEN 1 END),"
        " 0, 0, 0"
        " FROM snapshots_imports"
        f" UNION ALL {_rejects(history, 'snapshots_rejects', 'code')}"
        f"{_replayed(history, as_integer)}"
        f"{_unpublished(history, as_integer)}"
    )
    found: dict[tuple[str, str], list[int]] = {}
    for of, code, *numbers in rows:
        sums_of = found.setdefault((str(of), str(code)), [0] * len(numbers))
        sums_of[:] = [a + cast("int", b) for a, b in zip(sums_of, numbers, strict=True)]
    records, loaded, rejected, skipped, size = found["chunks", ""]
    waits = found.pop(("rejects", awaiting_parents.CODE), [0])[0]
    corrected = found.pop(("corrected", ""), [0])[0]
    staged = found.pop(("staged", ""), [0])[0]
    newest, finished, *_ = found["imports", ""]
    return LedgerTotals(
        counts=Counts(
            records - waits - staged,
            loaded - corrected - staged,
            rejected + corrected - waits,
            skipped,
        ),
        bytes=size,
        rejects_by_code={code: n for (of, code), (n, *_) in found.items() if of == "rejects"},
        newest=newest,
        finished=finished,
    )


def _rejects(history: History, table: str, code: str, more: str = "") -> str:
    """A query of rejects by code. Counters never fall: what was corrected since counts as it was
    at first."""
    if history.knows(8) and not more:
        more = " AND attempts = 0"
    return (
        f"SELECT 'rejects', {code}, COUNT(*), 0, 0, 0, 0 FROM {table} {_OF_IMPORTS}{more}"
        f" GROUP BY {code}"
    )


def _replayed(history: History, as_integer: Callable[[str], str]) -> str:
    """The queries of rejects that were replayed, as they were at first."""
    if not history.knows(8):
        return ""
    first = _rejects(history, "snapshots_corrections", "old_code", " AND attempt = 1")
    return (
        f" UNION ALL {first} UNION ALL SELECT 'corrected', '',"
        f" {as_integer('COALESCE(SUM(corrected), 0)')}, 0, 0, 0, 0 FROM snapshots_imports"
        " WHERE kind = 'import'"
    )


def _unpublished(history: History, as_integer: Callable[[str], str]) -> str:
    """The query of rows in stages. Publishing may still make rejects of them, and counters never
    fall: so they count when they are published."""
    if not history.knows(6):
        return ""
    return (
        f" UNION ALL SELECT 'staged', '', {as_integer('COALESCE(SUM(loaded), 0)')}, 0, 0, 0, 0"
        " FROM snapshots_chunks WHERE import_id IN (SELECT id FROM snapshots_imports"
        f" WHERE kind = 'import' AND mode IS NOT NULL AND NOT {_was_finished(history)})"
    )


def _was_finished(history: History) -> str:
    """A condition: counters count an import that was undone later, for they never fall."""
    if not history.knows(6):
        return "state = 'finished'"
    return "(state = 'finished' OR COALESCE(undone_state, '') = 'finished')"


def delivered(history: History) -> tuple[Counts, int]:
    """Adds up what became of the records of all deliveries, and how many are pending still.

    They are pages that answers settle one by one, in any order: only the ledger can add them up.
    """
    columns = ("records", "loaded", "rejected", "skipped", "pending")
    as_integer = history.target.dialect.as_integer
    sums = ", ".join(as_integer(f"COALESCE(SUM({column}), 0)") for column in columns)
    ((records, loaded, rejected, skipped, pending),) = history.session.execute(
        f"SELECT {sums} FROM snapshots_chunks"
        " WHERE import_id IN (SELECT id FROM snapshots_imports WHERE kind = 'delivery')"
    )
    decided = (cast("int", number) for number in (records, loaded, rejected, skipped))
    corrected = 0
    if history.knows(8):
        # Counters never fall: what was rejected first counts as such.
        ((found,),) = history.session.execute(
            f"SELECT {as_integer('COALESCE(SUM(corrected), 0)')} FROM snapshots_imports"
            " WHERE kind = 'delivery'"
        )
        corrected = cast("int", found)
    moved = Counts(loaded=-corrected, rejected=corrected)
    return Counts(*decided) + moved, cast("int", pending)


def states(history: History) -> StateCounts:
    """Counts imports by state. Cheap enough to be asked often: an index holds all that it reads."""
    rows = history.session.execute(
        "SELECT state, COUNT(*), MAX(finished_at) FROM snapshots_imports"
        f" WHERE kind = 'import'{history.no_duplicates} GROUP BY state"
    )
    imports = {str(state): cast("int", count) for state, count, _ in rows}
    finished = imports.get("finished", 0)
    if imports.get("undone"):
        ((undone,),) = history.session.execute(
            "SELECT COUNT(*) FROM snapshots_imports WHERE kind = 'import' AND state = 'undone'"
            " AND undone_state = 'finished'"
        )
        finished += cast("int", undone)
    counts, pending = delivered(history)
    last = next((at for state, _, at in rows if state == "finished"), None)
    return StateCounts(
        imports=imports,
        finished=finished,
        last_success=None if last is None else unix_time(last),
        delivered=counts,
        pending=pending,
    )


def owners(history: History) -> list[tuple[str | None, float]]:
    """Finds who works on each import that says it is running, and seconds since he was heard of.

    By the database's clock.
    """
    rows = history.session.execute(
        f"SELECT owner, heartbeat_at, {history.target.dialect.now} AS now_at"
        " FROM snapshots_imports WHERE kind = 'import' AND state = 'running'"
    )
    return [
        (cast("str | None", owner), seconds_between(str(heartbeat), str(now)))
        for owner, heartbeat, now in rows
    ]
