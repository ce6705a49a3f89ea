"""What goes to stdout: results and history, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from snapshots.cli.say import csv_rows, say, say_json
from snapshots.ledger.verifications import RESULTS
from snapshots.screen_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.engine.events import ImportResult
    from snapshots.engine.history.lookup import Detail, FileStatus
    from snapshots.ledger.verifications import Verification
    from snapshots.model import Counts, ImportRecord, Reject


def record_object(record: ImportRecord) -> dict[str, object]:
    """An import as `--json` prints it."""
    return asdict(record)


def result_object(name: str, result: ImportResult) -> dict[str, object]:
    """A result as `--json` prints it; `name` is the input's."""
    known = record_object(result.record) if result.record else {"input": name}
    return {
        **known,
        **asdict(result.counts),
        "given": result.given,
        "outcome": result.outcome,
        "message": result.message,
        "hint": result.hint,
        "rejects_by_code": result.rejects_by_code,
        "skipped_by_code": result.skipped_by_code,
        "examples": [reject_object(reject) for reject in result.examples],
        "emptied": result.emptied,
    }


def reject_object(reject: Reject) -> dict[str, object]:
    """A reject as `--json` prints it."""
    return {**asdict(reject), "raw": _text(reject.raw)}


def counted(counts: Counts, record: ImportRecord | None) -> str:
    """The counts in words, such as `3 records = 2 loaded + 1 rejected + 0 skipped`."""
    delivery = record is not None and record.kind == "delivery"
    pending = f", {record.pending:,} pending" if record is not None and record.pending else ""
    return (
        f"{counts.records:,} records = {counts.loaded:,} {'delivered' if delivery else 'loaded'}"
        f" + {counts.rejected:,} rejected + {counts.skipped:,} skipped{pending}"
    )


def print_result(name: str, result: ImportResult, *, dry_run: bool = False) -> None:
    """Prints how one input ended."""
    record = result.record
    if result.outcome in ("already_imported", "already_delivered"):
        say(f"{name}: {result.message} {result.hint}")
        return
    where = f" -> {record.table} ({record.kind} {record.import_id})" if record else ""
    say(f"{name}{where}: {counted(result.counts, record)}{_rate(record)}")
    for code, count in result.rejects_by_code.items():
        say(f"  {count:>9,}  {code}")
    for code, count in result.skipped_by_code.items():
        say(f"  {count:>9,}  skipped: {code}")
    if record and record.ambiguous:
        say(f"  {record.ambiguous:>9,}  may have arrived twice: an answer was lost")
    if record and record.replaces and record.replaced_rows:
        stay = f"rows of import {record.replaces} stay: its input had this name"
        say(f"  {record.replaced_rows:>9,}  {stay}")
    for reject in result.examples[:10]:
        say(f"  line {reject.line}: {reject.reason}")
    # Of a finished one it says what a notice has said when it began.
    if result.message and result.outcome != "finished":
        say(f"  {result.message}", err=not dry_run)
    if result.hint:
        say(f"  {result.hint}", err=True)


def _rate(record: ImportRecord | None) -> str:
    if record is None or not record.seconds:
        return ""
    return f", {record.seconds:.2f} s"


def print_imports(imports: Sequence[ImportRecord], state: str | None) -> None:
    """Prints the history as a table; `state` is the filter that was given."""
    if not imports:
        none = f"no import is {state}" if state else "nothing was imported yet"
        say(none, err=True)
        return
    rows = [
        (
            str(record.import_id),
            record.state,
            record.input,
            record.table,
            f"{record.records:,}",
            f"{record.loaded:,}",
            f"{record.rejected:,}",
            f"{record.skipped:,}",
            f"{record.seconds:.2f}",
            record.started_at[:19].replace("T", " "),
            record.database,
        )
        for record in imports
    ]
    head = (
        "id", "state", "input", "table", "records", "loaded", "rejected", "skipped", "seconds",
        "started (UTC)", "database",
    )  # fmt: skip
    _print_table(head, rows, right={0, 4, 5, 6, 7, 8})


def complain_of_damage(imports: Iterable[ImportRecord]) -> None:
    """Warns of imports whose ledger entries have been damaged."""
    for record in imports:
        if record.damage is not None:
            say(f"import {record.import_id}, {record.database}: {record.damage}", err=True)


def print_statuses(statuses: Iterable[FileStatus]) -> None:
    """Prints for each file whether it is imported."""
    for status in statuses:
        say(f"{status.input}: {_presence(status)}")


def _presence(status: FileStatus) -> str:
    if status.presence == "unknown":
        return "not imported"
    if status.presence == "gone" and status.imports:
        last = status.imports[-1]
        was = _done(last) if last.state == "finished" else last.state
        return f"there is no such file any more; it was {was}: {_which(last)}, as {last.input}"
    if status.error is not None:
        known = [f"; {record.state}: {_which(record)}" for record in status.imports[-1:]]
        return f"not read: {status.error.message}{''.join(known)}"
    if status.presence == "changed":
        last = status.imports[-1]
        return f"not {_done(last)}; a file of this name is, with other content: {_which(last)}"
    finished = [record for record in status.imports if record.state == "finished"]
    if status.presence == "unfinished":
        last = [record for record in status.imports if record.state != "finished"][-1]
        return f"{last.state}: {_which(last)}"
    # The last of each kind: a file may be both.
    last_of = {record.kind: record for record in finished}
    parts = []
    for record in sorted(last_of.values(), key=lambda record: record.kind, reverse=True):
        renamed = "" if record.input == status.input else f", as {record.input}"
        parts.append(f"{_done(record)}: {_which(record)}{renamed}")
    return "; ".join(parts)


def _done(record: ImportRecord) -> str:
    return "imported" if record.kind == "import" else "delivered"


def _which(record: ImportRecord) -> str:
    into = "into" if record.kind == "import" else "to"
    day = record.started_at[:10]
    return f"{record.kind} {record.import_id} ({day}) {into} {record.table}, {record.database}"


def print_detail(detail: Detail) -> None:
    """Prints all that is known of one import."""
    for name, value in record_object(detail.record).items():
        if value is not None:
            say(f"{name + ':':<14} {value}")
    if detail.verification is not None:
        say(f"{'verified:':<14} {_verified(detail.verification)}")
    if detail.rejects_by_code:
        say("rejects by code:")
    for code, count in detail.rejects_by_code.items():
        say(f"  {count:>9,}  {code}")
    if detail.skipped_by_code:
        say("skipped by code:")
    for code, count in detail.skipped_by_code.items():
        say(f"  {count:>9,}  {code}")
    if not detail.plan:
        return
    plan = json.loads(detail.plan)
    say("columns:")
    for column in plan["schema"]["fields"]:
        say(f"  {column['name']}: {column['type']}")
    say(f"chunks: {len(detail.chunks)}")


def verification_object(found: Verification | None) -> dict[str, object] | None:
    """When an import was verified, and with what result, as `--json` shows it."""
    if found is None:
        return None
    return {
        "state": found.state,
        "result": found.result,
        "started_at": found.started_at,
        "finished_at": found.finished_at,
        "by": found.by,
    }


def _verified(found: Verification) -> str:
    if found.result is None:
        return f"{found.state}, since {found.started_at}, by {found.by}"
    return f"{found.finished_at}, by {found.by}: {RESULTS[found.result]}"


def print_rejects(rejects: Iterable[Reject], form: str) -> None:
    """Prints rejects as they come; `form` is `table`, `jsonl` or `csv`."""
    if form == "jsonl":
        for reject in rejects:
            say_json(reject_object(reject))
        return
    if form == "csv":
        write = csv_rows()
        write(["line", "byte_offset", "column", "code", "reason", "raw"])
        for reject in rejects:
            write([reject.line, reject.byte_offset, reject.column, reject.code, reject.reason,
                   _text(reject.raw)])  # fmt: skip
        return
    for reject in rejects:
        column = f" {reject.column}:" if reject.column else ""
        say(f"line {reject.line}, byte {reject.byte_offset}: {reject.code}:{column}"
                   f" {reject.reason}")  # fmt: skip
        say(f"    {_shown(reject.raw)}")


def _text(raw: bytes) -> str:
    """The bytes of a record as text; bytes that are not UTF-8 become escapes."""
    return raw.decode("utf-8", "backslashreplace")


def _shown(raw: bytes, width: int = 160) -> str:
    text = plain(_text(raw))
    return text if len(text) <= width else text[: width - 3] + "..."


def _print_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: set[int] | None = None
) -> None:
    # A cell is as wide as what is shown of it.
    head, rows = [plain(cell) for cell in head], [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if i in (right or ()) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())
