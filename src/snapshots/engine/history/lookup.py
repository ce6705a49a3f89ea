"""Answers from the history of one database, or of all that this user has imported into."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from glob import has_magic
from pathlib import PurePath
from shlex import quote
from typing import TYPE_CHECKING, Literal

from snapshots import home, locations
from snapshots.engine.history import known_databases
from snapshots.engine.input.identity import content_hash_of
from snapshots.engine.lease import owner
from snapshots.errors import (
    CannotConnect,
    InputError,
    LedgerError,
    NoDatabase,
    SnapshotsError,
    UsageError,
)
from snapshots.ledger import verifications
from snapshots.ledger.entry import CommittedChunk, Entry
from snapshots.ledger.history import History
from snapshots.sources import expand, open_source, shown
from snapshots.sources.names import require_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.ledger.verifications import Verification
    from snapshots.model import ImportRecord, Reject

Presence = Literal[
    "imported", "delivered", "unfinished", "changed", "unknown", "unreadable", "gone"
]


@dataclass(frozen=True, slots=True)
class Listing:
    """Imports, and the databases that could not be reached."""

    imports: list[ImportRecord]
    unreachable: list[tuple[str, SnapshotsError]]


@dataclass(frozen=True, slots=True)
class FileStatus:
    """Whether a file was imported, as the history has it."""

    input: str
    content_hash: str | None
    """The hash of its bytes; None if it is `unreadable` or `gone`."""
    presence: Presence
    """`delivered`: sent to an API, not loaded. `changed`: an input of this name had other content.
    `unreadable`: it cannot be read; `error` says why. `gone`: the file no longer exists."""
    imports: list[ImportRecord]
    """Imports of the same content; if `changed`, `unreadable` or `gone`, of the same name."""
    error: InputError | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """All that the ledger has of one import, except the rejects themselves."""

    record: ImportRecord
    plan: str
    chunks: list[CommittedChunk]
    rejects_by_code: dict[str, int]
    skipped_by_code: dict[str, int]
    verification: Verification | None = None
    """The last one."""


def list_imports(database: str | None) -> Listing:
    """Every import of a database, or of every known database; newest last."""
    imports: list[ImportRecord] = []
    unreachable: list[tuple[str, SnapshotsError]] = []
    for name in _databases(database):
        try:
            with _history(name) as history:
                if history is None:
                    continue
                shown = history.target.display()
                imports += [_record(entry, shown) for entry in history.entries()]
        except NoDatabase:
            if database is not None:
                raise
        except SnapshotsError as error:
            if database is not None:
                raise
            unreachable.append((name, error))
    imports.sort(key=lambda record: (record.started_at, record.import_id))
    return Listing(imports, unreachable)


def file_status(arguments: Sequence[str], listing: Listing) -> list[FileStatus]:
    """Says for each file whether its content was imported.

    `arguments` are names, folders and patterns. A file that is no input, or does not exist, is
    looked up by its name. Raises UsageError for an argument that is empty or no text.
    """
    # One that had nothing to load says nothing of a file.
    imports = [record for record in listing.imports if record.same_as is None]
    statuses = []
    names: list[str] = []
    for argument in arguments:
        require_text(argument)
        try:
            names += expand([argument])
        except InputError as error:
            statuses.append(_not_there(argument, error, imports))
    for name in expand(names):
        try:
            content_hash, size = _content(name)
        except InputError as error:
            named = _named(name, imports)
            statuses.append(FileStatus(shown(name), None, "unreadable", named, error))
        else:
            statuses.append(_status(shown(name), content_hash, size, imports))
    return statuses


def _not_there(name: str, error: InputError, imports: list[ImportRecord]) -> FileStatus:
    if has_magic(name) or os.path.lexists(name):
        return FileStatus(name, None, "unreadable", [], error)
    named = _named(name, imports)
    here = [one for one in named if home.absolute(one.input) == home.absolute(name)]
    return FileStatus(name, None, "gone", here or named, None if named else error)


def _content(name: str) -> tuple[str, int | None]:
    """The hash and the size of an input."""
    source = open_source(name)
    try:
        return content_hash_of(source), source.identity.size
    finally:
        source.close()


def _status(
    name: str, content_hash: str, size: int | None, imports: list[ImportRecord]
) -> FileStatus:
    same = [record for record in imports if record.content_hash == content_hash]
    kinds = {(record.kind, record.state == "finished") for record in same}
    if ("import", True) in kinds:
        return FileStatus(name, content_hash, "imported", same)
    if ("delivery", True) in kinds and ("import", False) not in kinds:
        return FileStatus(name, content_hash, "delivered", same)
    if same:
        return FileStatus(name, content_hash, "unfinished", same)
    named = _named(name, imports)
    # Of what was stopped early the hash is not known yet.
    begun = [record for record in named if _may_be(record, size)]
    if begun:
        return FileStatus(name, content_hash, "unfinished", begun)
    return FileStatus(name, content_hash, "changed" if named else "unknown", named)


def _may_be(record: ImportRecord, size: int | None) -> bool:
    unknown = record.content_hash is None and record.state != "finished"
    return unknown and size is not None and record.bytes == size


def _named(name: str, imports: list[ImportRecord]) -> list[ImportRecord]:
    base = PurePath(name).name
    return [record for record in imports if PurePath(record.input).name == base]


def show(import_id: int, database: str | None) -> Detail:
    """All that is known of one import. Raises LedgerError or UsageError if it is not found."""
    with _history_with(import_id, database) as (history, entry):
        return Detail(
            record=_record(entry, history.target.display()),
            plan=entry.plan,
            chunks=history.chunks(import_id),
            rejects_by_code=history.reject_counts(import_id),
            skipped_by_code=history.skip_counts(import_id),
            verification=verifications.find(history, import_id),
        )


def rejects(import_id: int, database: str | None) -> Iterator[Reject]:
    """Streams the rejects of one import in the order of the input."""
    with _history_with(import_id, database) as (history, _):
        yield from history.rejects(import_id)


def database_of(import_id: int, database: str | None) -> str:
    """The database that an import is in, if the user does not say.

    Raises UsageError if several known databases, or none, have an import of that number.
    """
    if database is not None:
        return database
    default = locations.target(None).display()
    found, not_asked = [], []
    for name in _databases(None):
        try:
            with _history(name) as history:
                if history is not None and history.entry(import_id) is not None:
                    found.append(name)
        except NoDatabase:
            continue
        except SnapshotsError:
            not_asked.append(name)
    if default in found:
        return default
    if len(found) == 1 and not not_asked:
        return found[0]
    if not_asked:
        raise CannotConnect(
            f"import {import_id} may be in a database that does not answer: "
            + ", ".join(not_asked),
            hint="name the database: " + _choices([*found, *not_asked]),
        )
    if not found:
        raise LedgerError(
            f"no known database has import {import_id}",
            hint="see the imports with snapshots list; name another database with --database",
        )
    raise UsageError(
        f"{len(found)} databases have an import {import_id}",
        hint="name the database: " + _choices(found),
    )


def _choices(names: list[str]) -> str:
    return ", ".join(f"--database {quote(name)}" for name in names)


@contextmanager
def _history_with(import_id: int, database: str | None) -> Iterator[tuple[History, Entry]]:
    name = database_of(import_id, database)
    with _history(name) as history:
        entry = None if history is None else history.entry(import_id)
        if history is None or entry is None:
            raise LedgerError(
                f"{locations.target(name).display()} has no import {import_id}",
                hint="see the imports with snapshots list",
            )
        yield history, entry


@contextmanager
def _history(name: str) -> Iterator[History | None]:
    """Gives the history of a database; None if it has no ledger or does not exist."""
    target = locations.target(name)
    session = target.connect(create=False)
    try:
        history = History(target, session)
        yield history if history.exists() else None
    finally:
        session.close()


def _record(entry: Entry, database: str) -> ImportRecord:
    """The entry with the state `interrupted` if its process is gone: a killed one cannot say so."""
    record = entry.record(database)
    if record.state == "running" and not owner.alive(entry.owner, entry.heartbeat_age):
        return replace(record, state="interrupted")
    return record


def _databases(database: str | None) -> list[str]:
    """The given database; else all known ones and the default."""
    if database is not None:
        return [database]
    default = locations.target(None).display()
    names = known_databases.recall()
    return names if default in names else [*names, default]
