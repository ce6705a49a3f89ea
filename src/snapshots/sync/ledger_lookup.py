"""Asks the ledger which files it knows, by their names and states, without reading them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct, field

from snapshots.engine.input.table_presence import TablePresence
from snapshots.engine.lease.ledger_session import LedgerSession
from snapshots.errors import InputError, TargetError
from snapshots.ledger.entry import Sighting
from snapshots.sources.names import require_text
from snapshots.sync.events import RowsMissing, SyncProblem
from snapshots.sync.shared_work import SharedWork
from snapshots.sync.watched import FolderFile

What: TypeAlias = Literal["table", "rows", "undone"]


class SortedFiles(Struct, frozen=True):
    """Files by what is to be done with them."""

    new: list[FolderFile] = field(default_factory=list)
    """Files to import."""
    imported: list[tuple[FolderFile, int]] = field(default_factory=list)
    """Imported files, each with its import; they may still have to be moved or deleted."""
    refused: list[FolderFile] = field(default_factory=list)
    """Files that failed: nothing is done until they change."""
    missing: list[FolderFile] = field(default_factory=list)
    """Imported files whose rows are gone: nothing is done until they change."""


class LedgerLookup:
    """Asks the ledger over a session that is kept."""

    AT_ONCE: ClassVar[int] = 500
    """How many files one question asks about."""

    def __init__(self, work: SharedWork) -> None:
        self._work = work
        self._ledger_session = LedgerSession(work.target, create=True)
        self._reported: set[FolderFile] = set()
        """Files whose missing rows were reported."""

    def sort(self, files: Sequence[FolderFile]) -> SortedFiles:
        """Sorts stable files by what is to be done with them. Raises TargetError."""
        found = SortedFiles(refused=[file for file in files if not self._has_a_name(file)])
        named = [file for file in files if file not in found.refused]
        try:
            names = [file.path for file in named]
            sightings = self._ledger_session.ledger.sightings(names) if names else []
            missing = self._missing(sightings)
        except TargetError:
            self._ledger_session.close()
            raise
        last = {(s.input, s.size, s.mtime_ns, s.inode, s.etag): s for s in sightings}
        for file in named:
            seen = last.get((file.path, file.size, file.mtime_ns, file.inode, file.etag))
            if seen is not None and seen.state == "undone":
                found.missing.append(file)
                self._tell(file, seen, "undone")
            elif seen is not None and seen.state == "finished" and seen.import_id in missing:
                found.missing.append(file)
                self._tell(file, seen, missing[seen.import_id])
            elif seen is not None and seen.state == "finished":
                found.imported.append((file, seen.import_id))
            elif seen is not None and seen.state == "failed":
                found.refused.append(file)
            else:
                found.new.append(file)
        return found

    def _missing(self, sightings: Sequence[Sighting]) -> dict[int, What]:
        """Returns those imports that have loaded rows and whose table is gone or empty."""
        loaded = [seen for seen in sightings if seen.state == "finished" and seen.loaded]
        one_of = {seen.table: seen.import_id for seen in loaded}
        if not one_of:
            return {}
        ledger = self._ledger_session.ledger
        tables = TablePresence(ledger.target, ledger.session)
        what: dict[str, What] = {}
        for entry in ledger.entries_of(list(one_of.values())):
            if tables.gone(entry):
                what[entry.table] = "table"
            elif tables.emptied(entry):
                what[entry.table] = "rows"
        return {seen.import_id: what[seen.table] for seen in loaded if seen.table in what}

    def _tell(self, file: FolderFile, seen: Sighting, what: What) -> None:
        if file not in self._reported:
            self._reported.add(file)
            self._work.listener(RowsMissing(file.path, seen.import_id, seen.table, what))

    def close(self) -> None:
        """Ends the session."""
        self._ledger_session.close()

    def _has_a_name(self, file: FolderFile) -> bool:
        try:
            require_text(file.path)
        except InputError as error:
            self._work.listener(SyncProblem(error))
            return False
        return True
