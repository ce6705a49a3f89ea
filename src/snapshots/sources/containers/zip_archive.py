"""Zip archives as folders of inputs. Of an archive, only what is wanted is read."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from snapshots import inner_names
from snapshots.errors import InputError
from snapshots.sources import kinds
from snapshots.sources.compression import PIECE
from snapshots.sources.folder_files import is_usual

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

WorkbookKind: TypeAlias = Literal["xlsx", "xlsb", "xls", "ods"]

_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NAMES_OF_METHODS: Final = {
    1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard",
    95: "XZ", 98: "PPMd", 99: "AES encryption",
}  # fmt: skip
_ENCRYPTED: Final = 0x1
_SHOWN: Final = 5
"""Members that an error names."""
_OUTSIDE: Final = re.compile(r"[/\\]|[A-Za-z]:|(.*[/\\])?\.\.([/\\]|$)", re.DOTALL)
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, OSError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
_NO_DIRECTORY: Final = "File is not a zip file"
_UNIX: Final = 3
_WORKBOOKS: Final[dict[str, WorkbookKind]] = {
    "xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsb", "content.xml": "ods",
}  # fmt: skip
_MARKS: Final = frozenset("*?[")


class ZipArchive:
    """An open archive. It only reads: nothing is unpacked to a disk."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Reads the directory. Raises InputError if it is damaged."""
        self.name = name
        with self._readable():
            self._zip = zipfile.ZipFile(file)
        self._members = [one for one in self._zip.infolist() if not one.is_dir()]

    @cached_property
    def names(self) -> list[str]:
        """The names of all members, each once, in the order of the archive."""
        return list(dict.fromkeys(one.filename for one in self._members))

    @property
    def workbook(self) -> WorkbookKind | None:
        """The kind of workbook that the archive is; None: it is none."""
        return next((kind for name, kind in _WORKBOOKS.items() if name in self.names), None)

    def inputs(self) -> list[str]:
        """The names of the members that are inputs, as a folder's files are.

        A single member is one, whatever its name is. Raises InputError if there is none.
        """
        found = [name for name in self.names if _is_input(name)]
        if found or len(self.names) == 1:
            return found or self.names
        if not self.names:
            raise InputError(
                "The zip archive is empty.",
                place=self.name,
                hint="Check the program that makes it.",
            )
        raise InputError(
            f"The zip archive has no CSV files. It has {self._few(self.names)}.",
            place=self.name,
            hint=f"Name a member: {inner_names.joined(self.name, self.names[0])}",
        )

    def matching(self, inner: str) -> list[str]:
        """The members of that name, or those that fit it as a pattern, in which a star stands for
        any text. Raises InputError if there is none."""
        if inner in self.names:
            return [inner]
        found = []
        if not _MARKS.isdisjoint(inner):
            found = [name for name in self.names if fnmatchcase(name, inner)]
        if not found:
            raise self._missing(inner)
        return found

    def only(self) -> str:
        """The single input. Raises InputError, naming them, if there are several."""
        found = self.inputs()
        if len(found) > 1:
            raise InputError(
                f"The zip archive has {len(found)} inputs: {self._few(found)}.",
                place=self.name,
                hint=f"Name one of them, for example {inner_names.joined(self.name, found[0])}",
            )
        return found[0]

    def member(self, inner: str) -> zipfile.ZipInfo:
        """A member that can be read. Raises InputError, saying why, for any other."""
        place = inner_names.joined(self.name, inner)
        if inner not in self.names:
            raise self._missing(inner)
        why = hint = ""
        one = self._zip.getinfo(inner)
        if Counter(member.filename for member in self._members)[inner] > 1:
            why = "Two members of the archive have this name."
            hint = "Unpack the archive and import the right file."
        elif _OUTSIDE.match(inner):
            why = "The name of this member leads out of the archive."
            hint = "Do not trust this archive. To use it, unpack it and check the file."
        elif one.create_system == _UNIX and stat.S_ISLNK(one.external_attr >> 16):
            why = "This member is a link to another file."
            hint = "Import the file that it leads to."
        elif one.flag_bits & _ENCRYPTED:
            why = "This member is encrypted."
            hint = "Unpack the archive with its password, and import the file."
        elif one.compress_type not in _METHODS:
            method = _NAMES_OF_METHODS.get(one.compress_type, f"method {one.compress_type}")
            why = f"This member is compressed with {method}, which is not supported."
            hint = "Unpack the archive and import the file, or zip it with Deflate."
        if why:
            raise InputError(why, place=place, hint=hint)
        return one

    def read(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """The bytes of a member in pieces of at most 1 MiB; a checksum is compared at the end.

        Raises InputError where it is damaged.
        """
        place = inner_names.joined(self.name, member.filename)
        with self._readable(place), self._zip.open(member) as opened:
            while piece := opened.read(PIECE):
                yield piece

    def close(self) -> None:
        """Releases the directory. Never raises."""
        self._zip.close()

    @contextmanager
    def _readable(self, place: str = "") -> Iterator[None]:
        try:
            yield
        except _DAMAGE as error:
            what = "This member" if place else "The zip archive"
            why, hint = str(error).rstrip(".") or "it ends too early", "Get the archive again."
            if why == _NO_DIRECTORY:
                why = "its directory, which is its end, is missing"
                hint += f" If it is a part of several, {kinds.JOIN}"
            raise InputError(
                f"{what} is damaged: {why}.", place=place or self.name, hint=hint
            ) from error

    def _missing(self, inner: str) -> InputError:
        if not self.names:
            return InputError("The zip archive is empty.", place=self.name)
        return InputError(
            f"The zip archive has no member {inner!r}.",
            place=self.name,
            hint=f"It has {self._few(self.names)}.",
        )

    def _few(self, names: list[str]) -> str:
        more = len(names) - _SHOWN
        return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _is_input(name: str) -> bool:
    """Whether a member is an input by its name. One that leads out of the archive is, so that its
    import says so: nothing is left out silently."""
    return is_usual(re.split(r"[/\\]", name)[-1] if _OUTSIDE.match(name) else name)
