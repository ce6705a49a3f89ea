"""What goes to stdout: results and history, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from snapshots.cli.say import say
from snapshots.cli.verbosity import is_quiet
from snapshots.errors import AlreadyImported
from snapshots.ledger.verifications import RESULTS
from snapshots.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.engine.events import ImportResult
    from snapshots.engine.history.lookup import Detail
    from snapshots.ledger.verifications import Verification
    from snapshots.model import Counts, ImportRecord, Reject


def record_object(record: ImportRecord) -> dict[str, object]:
    """An import as `--json` prints it."""
    known = plain(record)
    code = known.pop("error_code")
    if record.error is not None:
        known["error"] = {"code": code or "error", "message": record.error}
    return known


def result_object(name: str, result: ImportResult) -> dict[str, object]:
    """A result as `--json` prints it; `name` is the input's."""
    known = record_object(result.record) if result.record else {"input": name}
    return {
        **known,
        **plain(result.counts),
        "given": result.given,
        "outcome": result.outcome,
        "message": result.message,
        "hint": result.hint,
        "rejects_by_code": result.rejects_by_code,
        "skipped_by_code": result.skipped_by_code,
        "examples": [reject_object(reject) for reject in result.examples],
        "emptied": result.emptied,
        **({"requests": list(result.requests)} if result.requests else {}),
        **({"deletes": result_object(name, result.deletes)} if result.deletes else {}),
    }


def reject_object(reject: Reject) -> dict[str, object]:
    """A reject as `--json` prints it."""
    return {**plain(reject), "raw": _text(reject.raw)}


def counted(counts: Counts, record: ImportRecord | None) -> str:
    """The counts in words, such as `3 records = 2 loaded + 1 rejected + 0 skipped`."""
    delivery = record is not None and record.kind == "delivery"
    pending = f", {record.pending:,} pending" if record is not None and record.pending else ""
    return (
        f"{counts.records:,} records = {counts.loaded:,} {'delivered' if delivery else 'loaded'}"
        f" + {counts.rejected:,} rejected + {counts.skipped:,} skipped{pending}"
    )


def print_result(
    name: str, result: ImportResult, *, dry_run: bool = False, with_table: bool = True
) -> None:
    """Prints how one input ended. With `--quiet` it does so only if something went wrong, on
    stderr.

    `with_table`: nothing has said yet which table it went to.
    """
    _print_one(name, result, dry_run=dry_run, with_table=with_table)
    if result.deletes is not None:
        _print_one(f"rows that {name} lacks", result.deletes, dry_run=False, with_table=with_table)


def _print_one(name: str, result: ImportResult, *, dry_run: bool, with_table: bool) -> None:
    record = result.record
    err = is_quiet() and not dry_run
    if err and result.exit_code in (0, AlreadyImported.exit_code):
        return
    if result.outcome in ("already_imported", "already_delivered"):
        say(f"{name}: {result.message} {result.hint}", err=err)
        return
    number = f" ({record.kind} {record.import_id})" if record else ""
    table = f" -> {record.table}" if record and with_table else ""
    say(f"{name}{table}{number}: {counted(result.counts, record)}{_rate(record)}", err=err)
    for code, count in result.rejects_by_code.items():
        say(f"  {count:>9,}  {code}", err=err)
    for code, count in result.skipped_by_code.items():
        say(f"  {count:>9,}  skipped: {code}", err=err)
    if record:
        _print_changes(record, err=err)
    if record and record.ambiguous:
        say(f"  {record.ambiguous:>9,}  may have arrived twice: an answer was lost", err=err)
    for reject in result.examples[:10]:
        say(f"  line {reject.line}: {reject.reason}", err=err)
    # Of a finished one it says what a notice has said when it began.
    if result.message and result.outcome != "finished":
        say(f"  {result.message}", err=not dry_run)
    _print_requests(result)
    for line in result.hint.splitlines():
        say(f"  {line}", err=True)


def _print_requests(result: ImportResult) -> None:
    """Prints the first requests of a dry run, so that they can be copied into a shell."""
    for command in result.requests:
        say("")
        for line in command.split("\n"):
            say(line)


def _print_changes(record: ImportRecord, *, err: bool) -> None:
    """Prints what the import has done to its table's rows, where that is more than adding some."""
    if record.kind == "delivery":
        if record.inserted or record.updated:
            say(f"  {record.inserted:>9,}  new", err=err)
            say(f"  {record.updated:>9,}  changed", err=err)
        return
    if record.mode == "append":
        if record.replaces and record.replaced_rows:
            stay = f"rows of import {record.replaces} stay: an earlier version of this input"
            say(f"  {record.replaced_rows:>9,}  {stay}", err=err)
        return
    matched = ((record.updated, "updated"), (record.unchanged, "unchanged"))
    by_key = record.mode != "replace" or record.updated + record.unchanged
    say(f"  {record.inserted:>9,}  inserted", err=err)
    for number, what in matched if by_key else ():
        say(f"  {number:>9,}  {what}", err=err)
    say(f"  {record.deleted:>9,}  deleted", err=err)
    if record.kept:
        say(f"  {record.kept:>9,}  kept, though the input lacks them", err=err)


def _rate(record: ImportRecord | None) -> str:
    if record is None or not record.seconds:
        return ""
    return f", {record.seconds:.2f} s"


def complain_of_damage(imports: Iterable[ImportRecord]) -> None:
    """Warns of imports whose ledger entries have been damaged."""
    for record in imports:
        if record.damage is not None:
            say(f"import {record.import_id}, {record.database}: {record.damage}", err=True)


def print_detail(detail: Detail) -> None:
    """Prints all that is known of one import."""
    for name, value in record_object(detail.record).items():
        if value is not None:
            say(f"{name + ':':<14} {value['message'] if isinstance(value, dict) else value}")
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


def _text(raw: bytes) -> str:
    """The bytes of a record as text; bytes that are not UTF-8 become escapes."""
    return raw.decode("utf-8", "backslashreplace")
