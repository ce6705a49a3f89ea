"""Finds the objects of a store, and the files of a server, whose names match a pattern."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from snapshots.errors import InputError
from snapshots.redaction import authority, scheme_of
from snapshots.sources.remote.stores import not_listed, open_store
from snapshots.sources.remote.urls import SFTP, STORES, without_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore.store import ObjectStore

_MAGIC: Final = re.compile(r"[*[]")
_ANY_FOLDERS: Final = "**"
_MEANT: Final = re.compile("[%?#]")
"""What has another meaning in a URL, so that it is escaped in the name of an object."""


def is_pattern(url: str) -> bool:
    """Whether a URL stands for what matches it: objects of a store, or files of an SFTP server.

    >>> is_pattern("s3://bucket/2024/*.csv"), is_pattern("s3://bucket/2024/rides%2A.csv")
    (True, False)
    """
    path = url.partition("://")[2].partition("?")[0]
    return scheme_of(url) in (*STORES, SFTP) and _MAGIC.search(path) is not None


def matching(pattern: str) -> list[str]:
    """The URLs of the objects or files that match, sorted. `*` and `[...]` stand for characters of
    a name without a slash, and `**` between slashes for any folders.

    An object that is called exactly like the pattern stands for itself alone. Raises InputError if
    nothing matches, or the store cannot be listed.
    """
    if scheme_of(pattern) == SFTP:
        from snapshots.sources.remote.sftp import files_of

        return files_of(pattern)
    key = without_query(pattern).lstrip("/")
    store = open_store(pattern, patient=True)
    try:
        found = set(_below(store, "", key.split("/")))
    except Exception as error:
        raise not_listed(error, pattern) from error
    if not found:
        raise InputError(
            "No object matches the pattern.",
            place=pattern,
            hint="Check the bucket and the folder. A * stands for no slash; write ** for folders.",
        )
    place = f"{scheme_of(pattern)}://{authority(pattern)}/"
    return [place + escaped(name) for name in ([key] if key in found else sorted(found))]


def escaped(key: str) -> str:
    """A key as it is written in a URL."""
    return _MEANT.sub(lambda found: quote(found[0]), key)


def _below(store: ObjectStore, folder: str, parts: list[str]) -> Iterator[str]:
    """The keys that match in a folder, whose name ends with a slash or is empty."""
    from obstore import list as list_all
    from obstore import list_with_delimiter

    part, *rest = parts
    if part == _ANY_FOLDERS:
        for page in list_all(store, folder or None):
            for one in page:
                if _fits(one["path"][len(folder) :].split("/"), parts):
                    yield one["path"]
    elif rest and not _MAGIC.search(part):
        yield from _below(store, f"{folder}{part}/", rest)
    else:
        listed = list_with_delimiter(store, folder or None)
        if not rest:
            keys = (one["path"] for one in listed["objects"])
            yield from (key for key in keys if _fits([key[len(folder) :]], parts))
            return
        for below in listed["common_prefixes"]:
            name = below[len(folder) :].rstrip("/")
            if _fits([name], [part]):
                yield from _below(store, f"{folder}{name}/", rest)


def _fits(names: list[str], parts: list[str]) -> bool:
    """Whether a path fits a pattern, part by part. As in a shell, hidden names need a dot."""
    if not parts or not names:
        return not names and all(part == _ANY_FOLDERS for part in parts)
    name, part = names[0], parts[0]
    hidden = name.startswith(".") and not part.startswith(".")
    if part == _ANY_FOLDERS:
        return _fits(names, parts[1:]) or (not hidden and _fits(names[1:], parts))
    fits = name == part or (fnmatchcase(name, part) and not hidden)
    return fits and _fits(names[1:], parts[1:])
