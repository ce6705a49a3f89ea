"""Which files the ledger knows as they are, by name, size, time and inode: nobody reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from snapshots.engine.books import Books
from snapshots.errors import InputError, TargetError
from snapshots.sources.names import require_text
from snapshots.sync.events import Problem
from snapshots.sync.folder import File
from snapshots.sync.work import Work


@dataclass(frozen=True, slots=True)
class Sorted:
    """Files by what is to be done with them."""

    new: list[File] = field(default_factory=list)
    """To be imported."""
    imported: list[tuple[File, int]] = field(default_factory=list)
    """By which import; they may still have to be moved or deleted."""
    refused: list[File] = field(default_factory=list)
    """Nothing, until they change."""


class Recogniser:
    """Asks the ledger over a session that is kept."""

    AT_ONCE: ClassVar[int] = 500
    """Files in one question."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._books = Books(work.target, create=True)

    def sort(self, files: Sequence[File]) -> Sorted:
        """Sorts files that are whole. Raises TargetError."""
        found = Sorted(refused=[file for file in files if not self._has_a_name(file)])
        named = [file for file in files if file not in found.refused]
        try:
            names = [file.path for file in named]
            sightings = self._books.ledger.sightings(names) if names else []
        except TargetError:
            self._books.close()
            raise
        last = {(s.input, s.size, s.mtime_ns, s.inode): s for s in sightings}
        for file in named:
            seen = last.get((file.path, file.size, file.mtime_ns, file.inode))
            if seen is not None and seen.state == "finished":
                found.imported.append((file, seen.import_id))
            elif seen is not None and seen.state == "failed":
                found.refused.append(file)
            else:
                found.new.append(file)
        return found

    def close(self) -> None:
        """Ends the session."""
        self._books.close()

    def _has_a_name(self, file: File) -> bool:
        try:
            require_text(file.path)
        except InputError as error:
            self._work.listener(Problem(error))
            return False
        return True
