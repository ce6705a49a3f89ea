"""What `snapshots sync` prints: a line or a JSON object for each event."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

from snapshots.cli.failure import as_object
from snapshots.cli.output import print_result, record_object, result_object
from snapshots.cli.say import say, say_json
from snapshots.engine.events import Notice, ThreadFailed
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
            say(text, err=True)
        case events.WatchStarted(folder, database, by):
            say(f"watching {folder} by {by} -> {database}", err=True)
        case (
            events.FileEnded()
            | events.FileSettled()
            | events.RowsMissing()
            | events.FileRefused()
            | events.FileDeferred()
        ):
            _line_of_file(event)
        case events.DatabaseAway(error, seconds):
            text = f"the database is away, next try in {seconds:.1f} s: {error} {error.hint}"
            say(text.rstrip(), err=True)
        case events.DatabaseBack():
            say("the database is back", err=True)
        case ThreadFailed(thread, _, error):
            say(f"error: an unexpected error in the {thread}, which goes on", err=True)
            say(f"  {error}. {error.hint}", err=True)
        case events.SyncProblem(error):
            say(f"error: {error} {error.hint}".rstrip(), err=True)
        case _:
            pass


def _line_of_file(
    event: events.FileEnded
    | events.FileSettled
    | events.RowsMissing
    | events.FileRefused
    | events.FileDeferred,
) -> None:
    match event:
        case events.FileEnded(path, result, then):
            _ended(path, result, then)
        case events.FileSettled(path, import_id, then):
            say(f"{path}: imported before (import {import_id}), {_became(then)}", err=True)
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
            say(f"{path}: again in {seconds:.1f} s: {error}", err=True)


def _ended(path: str, result: ImportResult, then: str) -> None:
    print_result(path, result)
    if result.outcome == "finished" and result.message:
        say(f"  {result.message}", err=True)
    if then != "kept":
        say(f"  {_became(then)}", err=True)


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
        ):
            say_json({"event": event.json_name, **asdict(event)})
        case events.FileEnded(path, result, then):
            say_json({"event": "ended", "path": path, **result_object(path, result), "then": then})
        case events.FileRefused(path, record, error, hint, code):
            known = record_object(record) if record else {"input": path}
            details = {**known, "error": error, "hint": hint, "exit_code": code}
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
