"""Imports several new small files in one transaction, where that can be.

Files that lie beside each other among the names become a group. They are opened and looked up in
the ledger together, planned one by one, and committed together (`group_transaction.py`). Every
other file is left to the ordinary way: what is known already, needs a table or a stage, is large,
is no plain file, or has failed in a group.
"""

from __future__ import annotations

import errno
import stat
import time
from collections import deque
from contextlib import ExitStack
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from snapshots._native import PanicException
from snapshots.engine.events import Notice
from snapshots.engine.input.identity import KnownInput, identify, names_of
from snapshots.engine.input.reader import Reader, Remainder
from snapshots.engine.loading.group_transaction import Member, import_group
from snapshots.engine.loading.job import LoadingJob, fits_one_transaction
from snapshots.engine.loading.single_transaction import is_small
from snapshots.engine.plan.tables_of_group import TablesOfGroup
from snapshots.engine.run.run import Run
from snapshots.errors import SnapshotsError, TargetError
from snapshots.ledger.first_look import seen_before
from snapshots.sources import open_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from snapshots.engine.events import ImportResult, Listener
    from snapshots.engine.job import SingleTransactionImport
    from snapshots.engine.run.importer import Importer
    from snapshots.ports import Source

AT_ONCE = 64
"""Files of a group."""
_LEAST = 2
"""Fewer files are no group."""
_AFTER_FAILURES = 8
"""Files of the first group after many failures."""
_MISFITS = 4
"""Of files at once: after so many that did not fit into a group, none is tried."""
GROUP_BYTES = 4 << 20
"""Of the files of a group, decompressed: it ends with the file that reaches this."""
_TOO_MANY = (errno.EMFILE, errno.ENFILE)
"""Files are open."""
_UNFORESEEN = (SnapshotsError, MemoryError, PanicException, OSError, ValueError)
"""What may come up while a file is opened: the ordinary way meets it again, and tells it."""


class _New(Struct, frozen=True):
    """An open file of which the ledger knows nothing."""

    name: str
    source: Source
    known: KnownInput


class _Planned(Struct, frozen=True):
    """A file that is ready for its group, and what was said of it on the way."""

    name: str
    member: Member
    notices: list[Notice] = field(default_factory=list)


Outcome: TypeAlias = "ImportResult | SnapshotsError | None"
"""What became of a file in a group; None: it is for the ordinary way."""
_Committed: TypeAlias = "tuple[str, Callable[[], ImportResult]]"
"""The name of an input that is committed, and what tells of it."""


def _outcome(tell: Callable[[], ImportResult]) -> Outcome:
    try:
        return tell()
    except SnapshotsError as error:
        return error


class Together:
    """Groups for one importer. For one thread."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._options = importer.options
        self._job = LoadingJob(importer.ledger_session.target, importer.options)
        self._size = AT_ONCE
        """Of the next group, at most."""
        self._failures = 0
        """How often in a row even the smallest group has failed."""
        self._alone = 0
        """Files that go the ordinary way before the next group is tried."""

    @property
    def most(self) -> int:
        """How many names are worth giving at once; 1 where none can be imported together."""
        options = self._options
        special = options.dry_run or options.versioned or options.request or options.cluster
        watched = options.limit is not None or options.stop_on_error or options.again
        return 1 if special or watched or options.tables else AT_ONCE

    def each_of(self, names: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
        """Does the same as `each`, for any number of names."""
        for at in range(0, len(names), self.most):
            yield from self.each(names[at : at + self.most])

    def each(self, names: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
        """Yields each name in order: with its result once it is committed with others, or with
        None, and then the caller imports it before it goes on. No more names come after a stop.

        An error within a group is told of none of its files: the ordinary way meets it again.
        """
        left = deque(names)
        with self._importer.taken_up(), ExitStack() as opened:
            new = self._new(names, opened) if self.most > 1 else {}
            misfits = 0
            while left and not self._importer.stop.is_set():
                fitting = takewhile(new.__contains__, islice(left, self._size))
                # A name that comes twice is known the second time.
                run = [new[name] for name in dict.fromkeys(fitting)] if self._alone <= 0 else []
                tried = len(run) >= _LEAST and misfits < _MISFITS
                done = self._group(run) if tried else []
                if done is None:
                    continue
                for name, _ in done:
                    new.pop(name).source.close()
                for name, result in self._results(done):
                    left.remove(name)
                    yield name, result
                if not done:
                    # It has no table yet, or does not fit into a group: then others hardly will.
                    misfits += tried
                    self._alone -= 1
                    name = left.popleft()
                    if name in new:
                        new.pop(name).source.close()
                    yield name, None

    def _results(self, done: Sequence[_Committed]) -> Iterator[tuple[str, Outcome]]:
        """Tells of the imports of a group, one by one, and of all of them whoever listens."""
        waiting = deque(done)
        try:
            while waiting:
                name, tell = waiting.popleft()
                yield name, _outcome(tell)
        finally:
            for _, tell in waiting:
                _outcome(tell)

    def _new(self, names: Sequence[str], opened: ExitStack) -> dict[str, _New]:
        """Opens those files of which the ledger knows nothing, neither by name nor by content."""
        if self._alone >= len(names) or len(names) < _LEAST:
            return {}
        found: dict[str, _New] = {}
        new: dict[str, _New] = {}
        try:
            self._open_all(names, found)
            if len(found) >= _LEAST:
                new = self._unknown(found)
        except _UNFORESEEN:
            pass
        for name, one in found.items():
            if name in new:
                opened.callback(one.source.close)
            else:
                one.source.close()
        return new

    def _open_all(self, names: Sequence[str], found: dict[str, _New]) -> None:
        for name in names:
            if self._importer.stop.is_set():
                return
            if name not in found and (one := self._open(name)) is not None:
                found[name] = one

    def _unknown(self, found: dict[str, _New]) -> dict[str, _New]:
        called = {name: names_of(one.source, name) for name, one in found.items()}
        prints = {name: one.known.identity.fingerprint or "" for name, one in found.items()}
        seen = seen_before(
            self._importer.ledger_session.ledger,
            [each for some in called.values() for each in some],
            list(prints.values()),
        )
        taken = {*seen.names, *seen.fingerprints}
        new: dict[str, _New] = {}
        for name, one in found.items():
            if taken.isdisjoint((*called[name], prints[name])):
                new[name] = one
                # One like it must wait for what becomes of this one.
                taken.update((*called[name], prints[name]))
        return new

    def _open(self, name: str) -> _New | None:
        """Opens a small plain file; None if it is no such file, or cannot be read.

        Raises InputError if this process cannot open more files.
        """
        try:
            found = Path(name).stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_size > GROUP_BYTES:
            return None
        with ExitStack() as opened:
            try:
                source = open_plain(name, self._options.remote_access)
                if source is None:
                    return None
                opened.callback(source.close)
                identity, content_hash = identify(source)
            except _UNFORESEEN as error:
                if isinstance(error.__cause__, OSError) and error.__cause__.errno in _TOO_MANY:
                    raise
                return None
            likely = self._job.requested_destination() or self._job.default_destination(name)
            known = KnownInput(identity, content_hash, likely=likely, may_have_grown=False)
            if not is_small(source, self._options, known):
                return None
            opened.pop_all()
        return _New(name, source, known)

    def _group(self, files: Sequence[_New]) -> list[_Committed] | None:
        """Imports as many of the first files as make a group, or none where they make none.

        Returns None where the group has failed: half of it may not. So one file that cannot be
        loaded so leaves those around it, where all are like that nearly all go alone.
        """
        began, importer = time.monotonic(), self._importer
        try:
            planned = self._planned(files)
            if len(planned) < _LEAST:
                return []
            done = import_group(
                importer.ledger_session.ledger,
                [one.member for one in planned],
                self._options.reject_limit,
                importer.stop,
                lambda: importer.take_up(one.name for one in planned),
                began,
            )
        except (SnapshotsError, MemoryError, PanicException) as error:
            self._size = len(files) // 2
            # Whoever waits for a database, or was told to stop, does so once.
            away = isinstance(error, TargetError) and error.retryable
            if away or self._size < _LEAST:
                # The first time these two alone, then ever more.
                self._size, self._alone = _AFTER_FAILURES, len(files) + AT_ONCE * self._failures
                self._failures += 1
            importer.ledger_session.renew_if_possible()
            return None
        self._size = min(2 * self._size, AT_ONCE)
        self._failures = 0
        return [
            (one.name, partial(self._tell, one, each))
            for one, each in zip(planned, done, strict=True)
        ]

    def _planned(self, files: Sequence[_New]) -> list[_Planned]:
        """Plans and reads files, up to the first that does not fit into a group."""
        tables = TablesOfGroup(self._importer.ledger_session.ledger)
        planned: list[_Planned] = []
        size = 0
        for file in files:
            one = self._plan(file, tables)
            if one is None:
                break
            planned.append(one)
            tables.planned(one.member.plan, one.member.text)
            size += len(one.member.piece.chunk)
            if size >= GROUP_BYTES:
                break
        return planned

    def _plan(self, file: _New, tables: TablesOfGroup) -> _Planned | None:
        """Plans and reads a file; None where it needs more than a group, or cannot be imported."""
        notices: list[Notice] = []
        session = self._importer.ledger_session
        try:
            plan = self._job.plan(
                file.source, session, lambda text: notices.append(Notice(text)), tables
            )
            if not fits_one_transaction(plan) or tables.refers_to_itself(plan.table):
                return None
            plan = replace(plan, stage="")
            reader = Reader(
                file.source, plan.dialect, plan.chunk_size, Remainder(), file.known.content_hash
            )
            pieces = list(islice(reader, 2))
        except SnapshotsError:
            return None
        if len(pieces) != 1:
            return None
        member = Member(file.source, file.known, plan, plan.to_json(), pieces[0], reader.end)
        return _Planned(file.name, member, notices)

    def _tell(self, planned: _Planned, done: SingleTransactionImport) -> ImportResult:
        """Tells of an import that is committed, as the ordinary way does."""
        member = planned.member

        def work(hear: Listener) -> ImportResult:
            for notice in planned.notices:
                hear(notice)
            run = Run(
                self._job,
                self._importer.ledger_session,
                member.source,
                self._options,
                hear,
                self._importer.stop,
            )
            return run.tell_done(done, member.plan, member.known)

        return self._importer.with_events(planned.name, work)
