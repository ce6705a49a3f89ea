"""Resumes an import by its number: its input is found again, and its plan is followed."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from snapshots import inner_names
from snapshots.engine.events import ImportResult, Listener, Notice, run_with_events
from snapshots.engine.input.again import require_same
from snapshots.engine.input.versions import PreviousImport
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.engine.lease.takeover import require_undamaged
from snapshots.engine.plan.options import Options
from snapshots.engine.plan.plan import Plan
from snapshots.engine.run.already import already
from snapshots.engine.run.command_again import command_again
from snapshots.engine.run.run import Run, job_for
from snapshots.engine.run.vanished import with_deletes
from snapshots.errors import ContractError, InputError, LedgerError, UsageError
from snapshots.ledger.missing_tables import TABLE_GONE
from snapshots.ledger.other_appends import OLDER_VERSION
from snapshots.redaction import HIDDEN
from snapshots.sources import open_source, shown

if TYPE_CHECKING:
    from snapshots.defaults import Publish
    from snapshots.ledger.entry import Entry
    from snapshots.ports import Target


def resume_import(
    import_id: int,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event | None = None,
    url: str | None = None,
    publish: Publish = "auto",
) -> ImportResult:
    """Resumes an unfinished import by its plan. `url` is that of its input, with the credentials
    that are kept nowhere. `publish`: `copy` if its rows shall be copied, whatever its plan says.

    Raises LedgerError if there is no such import, InputChanged if its input is not what it was.
    The listener hears of the end, too.
    """
    return run_with_events(
        f"import {import_id}",
        listener,
        lambda hear: _resume(
            import_id, target, options, hear, stop or threading.Event(), url, publish
        ),
    )


def _resume(
    import_id: int,
    target: Target,
    options: Options,
    listener: Listener,
    stop: threading.Event,
    url: str | None,
    publish: Publish,
) -> ImportResult:
    migrated = LedgerSession(target, create=False, migrate=lambda text: listener(Notice(text)))
    with closing(migrated) as ledger_session:
        ledger = ledger_session.ledger
        entry = ledger.entry(import_id) if ledger.exists() else None
        if entry is None:
            raise LedgerError(
                f"{target.display()} has no import {import_id}",
                hint="see the imports with snapshots list",
            )
        require_undamaged(entry)
        if entry.state == "finished":
            of = ledger.entry(entry.same_as) if entry.same_as is not None else None
            previous = PreviousImport(of or entry)
            return already(
                previous, target, entry.input, how=command_again(entry, target, "--again")
            )
        if entry.state == "undone":
            raise LedgerError(
                f"import {import_id} was undone: its rows were removed",
                hint=f"to load the input again{command_again(entry, target)}",
            )
        if entry.error_code == TABLE_GONE:
            raise ContractError(entry.error or "", hint="see that import with snapshots list")
        if entry.error_code == OLDER_VERSION:
            raise ContractError(entry.error or "", hint="see that import with snapshots list")
        if entry.plan:
            begun = Plan.from_json(entry.plan)
            atomic = bool(begun.stage) and not begun.versioned
            options = replace(
                options,
                mode=begun.mode,
                atomic=atomic,
                duplicates=begun.duplicates,
                publish=publish,
            )
        job = job_for(target, options, entry.kind)
        if entry.plan and Plan.from_json(entry.plan).from_query:
            raise InputError(
                f"{entry.kind} {import_id} sent the rows of a query, which cannot be resumed by"
                " number",
                hint="repeat its command: snapshots send, or snapshots run PROJECT",
            )
        if inner_names.nameless(entry.input):
            raise _not_reopened(entry, job.command_for_stream)
        if not entry.plan:
            raise LedgerError(
                f"import {import_id} failed before anything could be loaded: {entry.error}",
                hint=f"correct the input; to load it again{command_again(entry, target)}",
            )
        source = open_source(_place_of(entry, url), options.remote_access)
        try:
            run = Run(job, ledger_session, source, options, listener, stop)
            done = run.resume(require_same(source, entry, ledger, command_again(entry, target)))
            return with_deletes(done, ledger_session, options, listener, stop)
        finally:
            source.close()


def _not_reopened(entry: Entry, command: str) -> InputError:
    """The error for an input that no name leads to."""
    if entry.input == inner_names.FRAME:
        return InputError(
            f"import {entry.import_id} loaded a frame of a program, which cannot be reopened",
            hint="load the same frame again from Python: it is known by its rows",
        )
    return InputError(
        f"import {entry.import_id} read standard input, which cannot be reopened",
        hint=f"pipe in the same stream again: ... | {command}",
    )


def _place_of(entry: Entry, url: str | None) -> str:
    """Where the input is: as it was named, or else by its path, for this may be another folder."""
    if url is not None:
        # Older releases wrote a query down in another spelling.
        if unquote_plus(shown(url)) != unquote_plus(entry.input):
            raise UsageError(
                f"import {entry.import_id} has another URL",
                place=shown(url),
                hint=f"its URL is {entry.input}",
            )
        return url
    if HIDDEN in entry.input:
        raise InputError(
            f"the ledger does not store the secret part of the URL of import {entry.import_id}",
            place=entry.input,
            hint="give the complete URL again, in the variable SNAPSHOTS_URL or with --url",
        )
    path = Plan.from_json(entry.plan).path
    return entry.input if path is None or os.path.exists(entry.input) else path  # noqa: PTH110
