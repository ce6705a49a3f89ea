"""Says whether files were imported, by their content."""

from __future__ import annotations

import os
from glob import has_magic
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from snapshots import home
from snapshots.engine.input.identity import content_hash_of
from snapshots.errors import InputError
from snapshots.sources import expand, open_source, shown
from snapshots.sources.names import require_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.engine.history.lookup import Listing
    from snapshots.model import ImportRecord

Presence = Literal[
    "imported", "delivered", "unfinished", "changed", "unknown", "unclear", "unreadable", "gone"
]


class FileStatus(Struct, frozen=True):
    """Whether a file was imported, as the history has it."""

    input: str
    content_hash: str | None
    """The hash of its bytes; None if it is `unreadable` or `gone`."""
    presence: Presence
    """`delivered`: sent to an API, not loaded. `unclear`: it is in none of the databases that
    answered, and some did not answer. `changed`: an input of this name had other content.
    `unreadable`: it is no input; `error` says why. `gone`: there is no such file now."""
    imports: list[ImportRecord]
    """Imports of the same content; if `changed`, `unclear`, `unreadable` or `gone`, of the same
    name."""
    error: InputError | None = None


class AskedFile(Struct, frozen=True):
    """A file that somebody asks for, as it is now."""

    name: str
    content_hash: str | None = None
    size: int | None = None
    error: InputError | None = None
    """Why there is no hash."""
    absent: bool = False
    """It cannot even be looked for."""


def asked_files(arguments: Sequence[str]) -> list[AskedFile]:
    """Reads the files, which are names, folders and patterns.

    Raises UsageError for an argument that is empty or no text.
    """
    asked: list[AskedFile] = []
    names: list[str] = []
    for argument in arguments:
        require_text(argument)
        try:
            names += expand([argument])
        except InputError as error:
            asked.append(AskedFile(argument, error=error, absent=True))
    for name in expand(names):
        try:
            asked.append(AskedFile(name, *_content(name)))
        except InputError as error:
            asked.append(AskedFile(name, error=error))
    return asked


def hashes_by_name(files: Iterable[AskedFile]) -> dict[str, set[str | None]]:
    """What the imports of files are found by: names without folders, and their hashes."""
    found: dict[str, set[str | None]] = {}
    for file in files:
        found.setdefault(_base(file.name), set()).add(file.content_hash)
        found.setdefault(_base(shown(file.name)), set()).add(file.content_hash)
    return found


def file_status(files: Sequence[AskedFile], listing: Listing) -> list[FileStatus]:
    """Says for each file whether its content was imported.

    A file that is no input, or does not exist, is looked up by its name.
    """
    # One that had nothing to load says nothing of a file.
    imports = [record for record in listing.imports if record.same_as is None]
    statuses = []
    for file in files:
        status = _status(file, imports)
        if listing.unasked and status.presence in {"unknown", "changed"}:
            status = replace(status, presence="unclear")
        statuses.append(status)
    return statuses


def _without_content(file: AskedFile, imports: list[ImportRecord]) -> FileStatus:
    name, error = file.name, file.error
    if not file.absent:
        return FileStatus(shown(name), None, "unreadable", _named(name, imports), error)
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


def _status(file: AskedFile, imports: list[ImportRecord]) -> FileStatus:
    name, content_hash = shown(file.name), file.content_hash
    if content_hash is None:
        return _without_content(file, imports)
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
    begun = [record for record in named if _may_be(record, file.size)]
    if begun:
        return FileStatus(name, content_hash, "unfinished", begun)
    return FileStatus(name, content_hash, "changed" if named else "unknown", named)


def _may_be(record: ImportRecord, size: int | None) -> bool:
    unknown = record.content_hash is None and record.state != "finished"
    return unknown and size is not None and record.bytes == size


def _named(name: str, imports: list[ImportRecord]) -> list[ImportRecord]:
    base = _base(name)
    return [record for record in imports if _base(record.input) == base]


def _base(name: str) -> str:
    return PurePath(name).name
