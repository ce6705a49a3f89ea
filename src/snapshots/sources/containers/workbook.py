"""The sheets of workbooks as inputs, each known by its own rows.

A process of its own reads the workbook and writes the rows as records into a file without a name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from typing import IO, TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct

from snapshots import inner_names, system
from snapshots.errors import InputError
from snapshots.ports import Identity
from snapshots.sources.base import StoredSource
from snapshots.sources.files import FileSource

if TYPE_CHECKING:
    from snapshots.sources.containers.member import MemberSource
    from snapshots.sources.containers.zip_archive import WorkbookKind
    from snapshots.sources.remote.source import UrlSource
    from snapshots.sources.unpacked_limit import UnpackedLimit

Action: TypeAlias = Literal["read", "list"]

MEMORY: Final = 2 << 30
"""Bytes of memory that the reading of a workbook may take."""
ROWS: Final = 1 << 40
"""Bytes that the rows of a sheet may have where no limit is set."""
_MODULE: Final = "snapshots.sources.containers.workbook_process"


class OpenWorkbook(Struct, frozen=True):
    """A workbook that can be read."""

    outer: FileSource | UrlSource | MemberSource
    kind: WorkbookKind
    file: IO[bytes]
    unpacking: UnpackedLimit

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.outer.identity.name

    def sheets(self, pattern: str) -> list[str]:
        """The visible sheets with values that fit a pattern. Raises InputError if there is none."""
        answer = self._ask("", "list", self.file.fileno())
        found = [one for one in answer["filled"] if one == pattern or fnmatchcase(one, pattern)]
        if not found:
            raise self._missing(pattern, answer)
        return found

    def sheet(self, inner: str) -> SheetSource:
        """A sheet as an input; without a name the only visible one that has values.

        Raises InputError if there is none, or if there are several.
        """
        rows = tempfile.TemporaryFile()  # noqa: SIM115 - the source closes it
        try:
            answer = self._ask(inner, "read", rows.fileno())
            if "sheet" not in answer:
                raise self._missing(inner, answer) if inner else self._unclear(answer)
            name = inner_names.joined(self.name, inner) if inner else self.name
            return SheetSource(self, name, os.dup(rows.fileno()), answer["text_fields"])
        finally:
            rows.close()

    def _ask(self, sheet: str, action: Action, rows: int) -> dict[str, Any]:
        """What the process answers. Raises InputError if it cannot read the workbook."""
        files, passing = system.inherited(self.file.fileno(), rows)
        numbers = (str(MEMORY), str(self.unpacking.most or ROWS))
        process = subprocess.Popen(  # noqa: S603 - it is our own program
            [sys.executable, "-m", _MODULE, self.kind, sheet, action, *numbers, *files],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **passing,
        )
        try:
            out, err = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
        try:
            answer: dict[str, Any] = json.loads(out)
        except ValueError:
            # A failed allocation ends the process by a signal, or with Python's MemoryError.
            memory = b"emory" in err or process.returncode < 0
            answer = {"failed": "memory" if memory else "its content is not valid"}
        if "failed" in answer:
            raise self._failure(str(answer["failed"]))
        return answer

    def _failure(self, what: str) -> InputError:
        if what == "memory":
            return InputError(
                f"Reading the workbook takes more than {MEMORY >> 30} GiB of memory.",
                place=self.name,
                hint="Save its sheets as CSV (UTF-8), and import those.",
            )
        if what == "size":
            return InputError(
                f"The rows of the sheet are larger than allowed: more than {self.unpacking.most}"
                " bytes.",
                place=self.name,
                hint="To allow more, the operator starts the service with --max-unpacked",
            )
        if "assword" in what or "ncrypt" in what:
            return InputError(
                "The workbook is protected by a password.",
                place=self.name,
                hint="Save it without a password, or save its sheets as CSV (UTF-8).",
            )
        if "Cannot find Workbook stream" in what:
            # What encrypts a workbook puts it into a file like that of an old one.
            return InputError(
                "The workbook is protected by a password, or is not a workbook.",
                place=self.name,
                hint="Save it without a password, or save its sheets as CSV (UTF-8).",
            )
        return InputError(
            f"The workbook cannot be read: {what.rstrip('.')}.",
            place=self.name,
            hint="Open it in a spreadsheet program and save it again.",
        )

    def _missing(self, inner: str, answer: dict[str, Any]) -> InputError:
        names = ", ".join(name for name, _ in answer["sheets"])
        return InputError(
            f"The workbook has no sheet {inner!r} with values.",
            place=self.name,
            hint=f"Its sheets are: {names}.",
        )

    def _unclear(self, answer: dict[str, Any]) -> InputError:
        filled = answer["filled"]
        if not filled:
            names = ", ".join(name for name, visible in answer["sheets"] if not visible)
            return InputError(
                "The workbook has no visible sheet with values.",
                place=self.name,
                hint=f"Name a hidden one: {names}." if names else "Check what writes it.",
            )
        return InputError(
            f"The workbook has {len(filled)} sheets with values: {', '.join(filled)}.",
            place=self.name,
            hint=f"Name one: {inner_names.joined(self.name, filled[0])}. For all of them:"
            f" '{inner_names.joined(self.name, '*')}'",
        )


class SheetSource(FileSource):
    """See `ports.Source`. A record's line is the number of its row."""

    format = "sheet"

    def __init__(self, book: OpenWorkbook, name: str, fd: int, text_fields: list[int]) -> None:
        """Takes over the workbook, and the descriptor of the rows."""
        StoredSource.__init__(self, name, book.unpacking)
        self._fd = fd
        self._book = book
        self.text_fields = frozenset(text_fields)
        status, known = os.fstat(fd), book.outer.identity
        self._identity = Identity(
            name, status.st_size, known.mtime_ns, known.inode, self._fingerprint(status), known.etag
        )

    @property
    def remote(self) -> bool:
        """Whether the workbook is."""
        return self._book.outer.remote

    def unchanged(self) -> bool:
        """See `ports.Source`. It is the workbook that may have changed."""
        return self._book.outer.unchanged()

    def close(self) -> None:
        """See `ports.Source`."""
        super().close()
        self._book.file.close()
        self._book.outer.close()
