"""Which files the ledger knows as they are, by name, size, time and inode: nobody reads them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from snapshots.engine.books import Books
from snapshots.errors import InputError, TargetError
from snapshots.sync.events import Problem
from snapshots.sync.folder import File
from snapshots.sync.lanes import Work


class Recogniser:
    """Asks the ledger over a session that is kept."""

    AT_ONCE: ClassVar[int] = 500
    """Files in one question."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._books = Books(work.target, create=True)

    def sort(self, files: Sequence[File]) -> tuple[list[File], list[File]]:
        """Those that are to be imported, and those about which nothing is to be done.

        A file whose import failed is among the latter until it changes; one that was imported, and
        not yet moved or deleted as it should be, is so now. Raises TargetError.
        """
        known = [file for file in files if not self._has_a_name(file)]
        named = [file for file in files if file not in known]
        try:
            names = [file.path for file in named]
            sightings = self._books.ledger.sightings(names) if names else []
        except TargetError:
            self._books.close()
            raise
        states = {(s.input, s.size, s.mtime_ns, s.inode): s.state for s in sightings}
        new: list[File] = []
        for file in named:
            state = states.get((file.path, file.size, file.mtime_ns, file.inode))
            if state == "finished":
                self._settle(file)
            (known if state in ("finished", "failed") else new).append(file)
        return new, known

    def close(self) -> None:
        """Ends the session."""
        self._books.close()

    def _has_a_name(self, file: File) -> bool:
        """That a database can keep; any bytes may be a name for the system."""
        try:
            file.path.encode()
        except UnicodeEncodeError:
            error = InputError(
                "The file's name is not UTF-8.",
                place=repr(os.fsencode(file.path)),
                hint="Rename the file: the ledger could not name it.",
            )
            self._work.listener(Problem(error))
            return False
        return True

    def _settle(self, file: File) -> None:
        try:
            self._work.after.apply(file, self._work.folder)
        except InputError as error:
            self._work.listener(Problem(error))
