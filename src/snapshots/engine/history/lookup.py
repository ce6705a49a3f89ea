"""Answers from the history of one database, or of all that this user has imported into."""

from __future__ import annotations

import heapq
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots import locations
from snapshots.engine.history.asking import Unasked, ask_all
from snapshots.engine.history.locate import database_of
from snapshots.engine.lease import owner
from snapshots.errors import LedgerError
from snapshots.ledger import answers as kept
from snapshots.ledger import finding, verifications
from snapshots.ledger.entry import CommittedChunk, Entry
from snapshots.ledger.history import History, ImportFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from snapshots.ledger.answers import Answer
    from snapshots.ledger.verifications import Verification
    from snapshots.locations import DatabaseName
    from snapshots.model import ImportRecord, Reject
    from snapshots.ports import Session, Target

EVERYTHING: Final = ImportFilter()
"""Finds every import."""


class Listing(Struct, frozen=True):
    """Imports, and the databases that were asked for them."""

    imports: list[ImportRecord]
    unasked: list[Unasked] = field(default_factory=list)
    """Databases that could not be asked."""
    gone: list[str] = field(default_factory=list)
    """Known databases that do not exist any more."""
    databases: list[str] = field(default_factory=list)
    """Databases that answered."""


class Detail(Struct, frozen=True):
    """All that the ledger has of one import, except the rejects themselves."""

    record: ImportRecord
    plan: str
    chunks: list[CommittedChunk]
    rejects_by_code: dict[str, int]
    skipped_by_code: dict[str, int]
    verification: Verification | None = None
    """The last one."""


def list_imports(
    database: DatabaseName | None, search: ImportFilter = EVERYTHING, most: int | None = None
) -> Listing:
    """Returns the imports of a database, or of every known database; newest last.

    `search` says which, and `most` takes only the newest ones. All databases are asked at once. One
    that does not answer in time is among `unasked`. If `database` is given, its errors are raised.
    """
    listing = _asked(database, lambda history: _matching(history, search, most))
    if most is not None:
        del listing.imports[: max(0, len(listing.imports) - most)]
    return listing


def list_of_files(database: str | None, files: Mapping[str, set[str | None]]) -> Listing:
    """Returns the imports of some files, as `finding.of_files` finds them; else as above."""

    def found(history: History) -> list[ImportRecord]:
        shown = history.target.display()
        return [_record(entry, shown) for entry in finding.of_files(history, files)]

    return _asked(database, found)


def stream_imports(
    database: str | None, search: ImportFilter = EVERYTHING
) -> tuple[Listing, Iterator[ImportRecord]]:
    """Streams the imports of a database, or of every known database that answers; newest last.

    Each database gives its own by their numbers. The listing says who has answered.
    """
    listing = _asked(database, lambda _: [])
    names = listing.databases if database is None else [database]
    streams = (_streamed(name, search) for name in names)
    return listing, heapq.merge(*streams, key=_age)


def _streamed(database: str, search: ImportFilter) -> Iterator[ImportRecord]:
    target = locations.target(database)
    states = set(search.states)
    with _opened(target) as session:
        history = History(target, session)
        if not history.exists():
            return
        for entry in finding.in_order(history, _in_the_ledger(search)):
            record = _record(entry, target.display())
            if not states or record.state in states:
                yield record


def _asked(
    database: DatabaseName | None, found: Callable[[History], list[ImportRecord]]
) -> Listing:
    def ask(target: Target, session: Session) -> list[ImportRecord]:
        history = History(target, session)
        return found(history) if history.exists() else []

    if database is not None:
        target = locations.target(database)
        with _opened(target) as session:
            listing = Listing(ask(target, session), databases=[target.display()])
    else:
        answers = ask_all(ask)
        listing = Listing(
            [record for _, records in answers.found for record in records],
            answers.unasked,
            answers.gone,
            [name for name, _ in answers.found],
        )
    listing.imports.sort(key=_age)
    return listing


def _age(record: ImportRecord) -> tuple[str, int]:
    return record.started_at, record.import_id


def _in_the_ledger(search: ImportFilter) -> ImportFilter:
    """A process that was killed could not say so: its import is still `running` in the ledger."""
    if "interrupted" in search.states:
        return replace(search, states=(*search.states, "running"))
    return search


def _matching(history: History, search: ImportFilter, most: int | None) -> list[ImportRecord]:
    """Returns the newest imports in the states that they are shown in, newest first."""
    database = history.target.display()
    states = set(search.states)
    search = _in_the_ledger(search)
    found: list[ImportRecord] = []
    before = None
    while most is None or len(found) < most:
        page = history.runs(search, before, most)
        records = (_record(entry, database) for entry in page)
        found += [record for record in records if not states or record.state in states]
        if most is None or len(page) < most:
            break
        before = page[-1].import_id
    return found[:most]


def show(import_id: int, database: DatabaseName | None) -> Detail:
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


def rejects(
    import_id: int,
    database: DatabaseName | None,
    codes: Sequence[str] = (),
    most: int | None = None,
) -> Iterator[Reject]:
    """Streams the rejects of one import in the order of the input: all, or those with some codes.

    `most` is how many at most.
    """
    with _history_with(import_id, database) as (history, _):
        yield from history.rejects(import_id, codes, most)


def answers(
    import_id: int, database: DatabaseName | None, most: int | None = None
) -> Iterator[Answer]:
    """Streams what is kept of the answers to one delivery, in the order of the input."""
    with _history_with(import_id, database) as (history, _):
        yield from kept.every(history, import_id, most)


@contextmanager
def _history_with(import_id: int, database: DatabaseName | None) -> Iterator[tuple[History, Entry]]:
    target = locations.target(database_of(import_id, database))
    with _opened(target) as session:
        history = History(target, session)
        entry = history.entry(import_id) if history.exists() else None
        if entry is None:
            raise LedgerError(
                f"{target.display()} has no import {import_id}",
                hint="see the imports with snapshots list",
            )
        yield history, entry


@contextmanager
def _opened(target: Target) -> Iterator[Session]:
    session = target.connect(create=False)
    try:
        yield session
    finally:
        session.close()


def _record(entry: Entry, database: str) -> ImportRecord:
    """The entry with the state `interrupted` if its process is gone: a killed one cannot say so."""
    record = entry.record(database)
    if record.state == "running" and not owner.alive(entry.owner, entry.heartbeat_age):
        return replace(record, state="interrupted")
    return record
