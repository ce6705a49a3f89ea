"""What `snapshots sync` prints: a line or a JSON object for each event."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from snapshots.cli import verbosity
from snapshots.cli.failure import as_object
from snapshots.cli.output import counted, print_result, record_object, result_object
from snapshots.cli.say import note, say, say_json
from snapshots.engine.events import Notice, ThreadFailed
from snapshots.model import Counts
from snapshots.notes import ReadingNote
from snapshots.plain import plain
from snapshots.sync import events

if TYPE_CHECKING:
    from snapshots.engine.events import ImportResult
    from snapshots.sync.events import SyncEvent, SyncListener


def shown(*, as_json: bool, quiet: bool) -> SyncListener:
    """A listener that prints events. Thread-safe.

    `quiet` prints no lines for people, because a log says the same.
    """
    lock = threading.Lock()
    show = _object if as_json else _nothing if quiet else _line

    def listener(event: SyncEvent) -> None:
        with lock:
            show(event)

    return listener


def _nothing(_event: SyncEvent) -> None:
    pass


def _line(event: SyncEvent) -> None:
    match event:
        case Notice(text, input=None):
            note(text)
        case Notice(text, input) if verbosity.is_verbose() and not isinstance(text, ReadingNote):
            note(f"{input}: {text}")
        case events.WatchStarted(folder, database, by):
            note(f"watching {folder} by {by} -> {database}")
        case (
            events.FileEnded()
            | events.FileSettled()
            | events.RowsMissing()
            | events.FileRefused()
            | events.FileDeferred()
            | events.FileIgnored()
        ):
            _line_of_file(event)
        case events.DatabaseAway(error, seconds):
            text = (
                f"the database does not answer, next try in {seconds:.1f} s: {error} {error.hint}"
            )
            say(text.rstrip(), err=True)
        case events.DatabaseBack():
            note("the database answers again")
        case ThreadFailed(thread, _, error):
            say(f"error: unexpected error in the {thread}, which continues", err=True)
            say(f"  {error}. {error.hint}", err=True)
        case events.SyncProblem(error):
            say(f"error: {error} {error.hint}".rstrip(), err=True)
        case events.SyncEnded() if not verbosity.is_quiet():
            say(summary(event))
        case _:
            pass


def _line_of_file(
    event: events.FileEnded
    | events.FileSettled
    | events.RowsMissing
    | events.FileRefused
    | events.FileDeferred
    | events.FileIgnored,
) -> None:
    match event:
        case events.FileIgnored(path, reason):
            note(f"{path}: ignored: {reason}")
        case events.FileEnded(path, result, then):
            _ended(path, result, then)
        case events.FileSettled(path, import_id, then):
            note(f"{path}: imported before (import {import_id}), {_became(then)}")
        case events.RowsMissing(path, import_id):
            details = f"imported before (import {import_id}), but {event.reason}: nothing done"
            say(f"{path}: {details}", err=True)
            say(f"  {event.remedy}", err=True)
        case events.FileRefused(path, record, error, hint):
            number = f" (import {record.import_id})" if record else ""
            say(f"{path}: failed{number}: {error.removeprefix(f'{path}: ')}", err=True)
            if hint:
                say(f"  {hint}", err=True)
        case events.FileDeferred(path, error, seconds):
            say(f"{path}: not imported yet, next try in {seconds:.1f} s: {error}", err=True)


def summary(done: events.SyncEnded) -> str:
    """What the service has done, in a sentence; parts that are 0 are left out, but the first."""
    rejects = f" ({done.with_rejects:,} with rejects)" if done.with_rejects else ""
    verb = "checked, nothing written" if done.dry_run else "imported"
    files = [f"{_files(done.imported)} {verb}{rejects}"]
    others = (
        (done.already_imported, "already imported"),
        (done.failed, "failed"),
        (done.failed_before, "failed before and unchanged"),
        (done.missing, "whose rows are gone"),
        (done.unfinished, "not finished"),
        (done.ignored, "ignored"),
    )
    files += [f"{number:,} {what}" for number, what in others if number]
    counts = Counts(done.records, done.loaded, done.rejected, done.skipped)
    return f"sync: {', '.join(files)}; {counted(counts, None)}, {done.seconds:.2f} s"


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def _ended(path: str, result: ImportResult, then: str) -> None:
    print_result(path, result, dry_run=result.outcome == "dry_run")
    if result.outcome == "finished" and result.message:
        note(f"  {result.message}")
    if then != "kept":
        note(f"  {_became(then)}")


def _became(then: str) -> str:
    return then if then == "deleted" else f"moved to {then}"


def _object(event: SyncEvent) -> None:
    match event:
        case Notice(text, input=None):
            say_json({"event": "notice", "message": text})
        case (
            events.WatchStarted()
            | events.FileSettled()
            | events.RowsMissing()
            | events.DatabaseBack()
            | events.FileIgnored()
            | events.SyncEnded()
        ):
            say_json({"event": event.json_name, **plain(event)})
        case events.FileEnded(path, result, then):
            say_json({"event": "ended", "path": path, **result_object(path, result), "then": then})
        case events.FileRefused(path, record, error, hint, code):
            known = record_object(record) if record else {"input": path}
            failure = {"code": (record and record.error_code) or "error", "message": error}
            details = {**known, "error": failure, "hint": hint, "exit_code": code}
            say_json({"event": "refused", "path": path, **details})
        case events.FileDeferred(path, error, seconds):
            say_json(
                {"event": "deferred", "path": path, "error": as_object(error), "seconds": seconds}
            )
        case events.DatabaseAway(error, seconds):
            say_json({"event": "waiting", "error": as_object(error), "seconds": seconds})
        case ThreadFailed(thread, path, error):
            say_json({"event": "broken", "thread": thread, "path": path, "error": as_object(error)})
        case events.SyncProblem(error):
            say_json({"event": "problem", "error": as_object(error)})
        case _:
            pass
