"""What `snapshots sync` shows of its work: a line for each event, or an object."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

from snapshots.cli.failure import as_object
from snapshots.cli.output import print_result, record_object, result_object
from snapshots.cli.say import say, say_json
from snapshots.engine.report import Broken, Notice
from snapshots.sync import events

if TYPE_CHECKING:
    from snapshots.engine.report import ImportResult
    from snapshots.sync.events import Event, Listener


def shown(*, as_json: bool, quiet: bool) -> Listener:
    """A listener that several threads may call: no two events share a line.

    `quiet`: lines for people are not wanted, as a log says the same.
    """
    lock = threading.Lock()
    show = _object if as_json else _nothing if quiet else _line

    def listener(event: Event) -> None:
        with lock:
            show(event)

    return listener


def _nothing(_event: Event) -> None:
    pass


def _line(event: Event) -> None:
    match event:
        case Notice(text, input=None):
            say(text, err=True)
        case events.Watching(folder, database, by):
            say(f"watching {folder} by {by} -> {database}", err=True)
        case (
            events.Ended()
            | events.Settled()
            | events.Missing()
            | events.Refused()
            | events.Deferred()
        ):
            _line_of_file(event)
        case events.Waiting(error, seconds):
            text = f"the database is away, next try in {seconds:.1f} s: {error} {error.hint}"
            say(text.rstrip(), err=True)
        case events.Back():
            say("the database is back", err=True)
        case Broken(thread, _, error):
            say(f"error: an unexpected error in the {thread}, which goes on", err=True)
            say(f"  {error}. {error.hint}", err=True)
        case events.Problem(error):
            say(f"error: {error} {error.hint}".rstrip(), err=True)
        case _:
            pass


def _line_of_file(
    event: events.Ended | events.Settled | events.Missing | events.Refused | events.Deferred,
) -> None:
    match event:
        case events.Ended(path, result, then):
            _ended(path, result, then)
        case events.Settled(path, import_id, then):
            say(f"{path}: imported before (import {import_id}), {_became(then)}", err=True)
        case events.Missing(path, import_id):
            said = f"imported before (import {import_id}), but {event.reason}: nothing done"
            say(f"{path}: {said}", err=True)
            say(f"  {event.remedy}", err=True)
        case events.Refused(path, record, error, hint):
            number = f" (import {record.import_id})" if record else ""
            say(f"{path}: failed{number}: {error.removeprefix(f'{path}: ')}", err=True)
            if hint:
                say(f"  {hint}", err=True)
        case events.Deferred(path, error, seconds):
            say(f"{path}: again in {seconds:.1f} s: {error}", err=True)


def _ended(path: str, result: ImportResult, then: str) -> None:
    print_result(path, result)
    if result.outcome == "finished" and result.message:
        say(f"  {result.message}", err=True)
    if result.record and result.record.replaces and result.outcome == "finished":
        say(f"  replaces import {result.record.replaces}, whose rows stay", err=True)
    if then != "kept":
        say(f"  {_became(then)}", err=True)


def _became(then: str) -> str:
    return then if then == "deleted" else f"moved to {then}"


def _object(event: Event) -> None:
    match event:
        case Notice(text, input=None):
            say_json({"event": "notice", "message": text})
        case events.Watching() | events.Settled() | events.Missing() | events.Back():
            say_json({"event": type(event).__name__.lower(), **asdict(event)})
        case events.Ended(path, result, then):
            say_json({"event": "ended", "path": path, **result_object(path, result), "then": then})
        case events.Refused(path, record, error, hint, code):
            known = record_object(record) if record else {"input": path}
            said = {**known, "error": error, "hint": hint, "exit_code": code}
            say_json({"event": "refused", "path": path, **said})
        case events.Deferred(path, error, seconds):
            say_json(
                {"event": "deferred", "path": path, "error": as_object(error), "seconds": seconds}
            )
        case events.Waiting(error, seconds):
            say_json({"event": "waiting", "error": as_object(error), "seconds": seconds})
        case Broken(thread, path, error):
            say_json({"event": "broken", "thread": thread, "path": path, "error": as_object(error)})
        case events.Problem(error):
            say_json({"event": "problem", "error": as_object(error)})
        case _:
            pass
