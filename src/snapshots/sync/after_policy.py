"""Decides what becomes of an imported file: it stays, is moved, or is deleted."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from snapshots import home
from snapshots.errors import InputError, UsageError
from snapshots.redaction import scheme_of
from snapshots.sync.moving import changed, move
from snapshots.sync.watched import FolderFile, Watched


class AfterPolicy(Struct, frozen=True):
    """`delete`, or the folder to move to; with neither, files are kept."""

    delete: bool = False
    to: Path | None = None

    @classmethod
    def parse(cls, text: str) -> AfterPolicy:
        """Reads `keep`, `move DIR` or `delete`. Raises UsageError."""
        word, _, folder = text.strip().partition(" ")
        if word == "move" and scheme_of(folder.strip()):
            raise UsageError(
                f"--after-import {text!r} names a URL", hint="files can be moved to a folder only"
            )
        if word == "move" and folder.strip():
            # As the watched folder's is: without `..` in it.
            return cls(to=Path(home.absolute(folder.strip())))
        if text.strip() in {"keep", "delete"}:
            return cls(delete=text.strip() == "delete")
        raise UsageError(
            f"--after-import {text!r} is not keep, delete or 'move DIR'",
            hint="for example --after-import 'move data/done'",
        )

    @property
    def keeps(self) -> bool:
        """Whether all files stay where they are."""
        return self == AfterPolicy()

    def apply(self, file: FolderFile, folder: Watched) -> str:
        """Moves or deletes a file whose bytes are all accounted for, and returns what became of it.

        A file that has changed since its import is left alone. Raises InputError.
        """
        if self.keeps or changed(file):
            return "kept"
        try:
            if self.to is None:
                Path(file.path).unlink()
                return "deleted"
            place = Path(file.path).relative_to(folder.path)
            return move(file, self.to / place) or "kept"
        except FileNotFoundError:
            return "kept"  # another process has moved it
        except OSError as error:
            what = "deleted" if self.to is None else "moved"
            raise InputError(
                f"The file is imported, but it cannot be {what}: {error.strerror or error}.",
                place=file.path,
                hint="Give the service the permission to do it, or use --after-import keep.",
            ) from error
